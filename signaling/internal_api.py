"""What the portal asks of the relay: /internal/… with the bearer secret, JSON in and out."""

from __future__ import annotations

import hmac
import logging
import sqlite3
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeAlias

import msgspec
from aiohttp import web

from signaling.lobby import Lobby
from signaling.whole_body import read_whole
from whiteboard_crdt.errors import ChalkmeshError, ProtocolError, TicketError
from whiteboard_crdt.ids import RoomId

__all__ = ["add_internal_routes"]

log = logging.getLogger("chalkmesh.relay.internal")

_BODY_BYTES: Final = 8_192
_Handler: TypeAlias = Callable[[web.Request], Awaitable[web.Response]]


class RevokeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`token`: a revocation (T5) for the room."""

    token: str


def add_internal_routes(app: web.Application, lobby: Lobby, secret_path: Path) -> None:
    """Add the routes. The secret's file is read at each call: the portal makes it, perhaps after we started."""
    rooms = _Rooms(lobby)
    app.router.add_get("/internal/rooms", _guarded(secret_path, rooms.list_all))
    app.router.add_post("/internal/rooms/{room}/revoke", _guarded(secret_path, rooms.revoke))
    app.router.add_post("/internal/rooms/{room}/close", _guarded(secret_path, rooms.close))
    app.router.add_post("/internal/rooms/{room}/forget", _guarded(secret_path, rooms.forget))


class _Rooms:
    """The answers."""

    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby

    async def list_all(self, _request: web.Request) -> web.Response:
        rows = [
            {
                "room": row.room,
                "started_ms": row.started_ms,
                "closed": row.closed,
                "records": row.records,
                "present": self._lobby.present(row.room),
            }
            for row in await self._lobby.store.rooms()
        ]
        return web.json_response({"rooms": rows})

    async def revoke(self, request: web.Request) -> web.Response:
        try:
            body = msgspec.json.decode(await read_whole(request.content, _BODY_BYTES), type=RevokeRequest)
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            return _error(400, "bad_request", "a signed revocation is needed")
        room = RoomId(request.match_info["room"])
        try:
            revoked = await self._lobby.revoke(room, body.token)
        except TicketError as error:
            log.warning("revocation not honoured room=%s code=%d", room, error.code)
            return web.json_response(
                {"error": "not_honoured", "message": error.reason, "code": int(error.code)}, status=400
            )
        log.info("revoked room=%s sessions=%s", room, ",".join(revoked))
        return web.json_response({"sessions": revoked})

    async def close(self, request: web.Request) -> web.Response:
        room = RoomId(request.match_info["room"])
        await self._lobby.close_room(room)
        log.info("closed room=%s", room)
        return web.json_response({"state": "closed"})

    async def forget(self, request: web.Request) -> web.Response:
        room = RoomId(request.match_info["room"])
        try:
            forgotten = await self._lobby.forget_room(room)
        except (OSError, sqlite3.Error) as error:
            log.error("not forgotten room=%s kind=%s", room, type(error).__name__)
            return _error(503, "try_later", "the room could not be erased")
        if not forgotten:
            return _error(409, "room_open", "the room is open, or somebody is in it")
        log.info("forgotten room=%s", room)
        return web.json_response({"state": "forgotten"})


def _guarded(secret_path: Path, answer: _Handler) -> _Handler:
    """`answer` for whoever has the secret; what it raises of ours becomes an error in JSON."""

    async def handler(request: web.Request) -> web.Response:
        try:
            secret = secret_path.read_text("ascii").strip()
        except (OSError, UnicodeDecodeError):
            return _error(503, "no_secret", "the internal secret is not there yet")
        given = request.headers.get("Authorization", "")
        if not secret or not hmac.compare_digest(given.encode(), f"Bearer {secret}".encode()):
            return _error(401, "unauthorized", "the internal secret is needed")
        try:
            return await answer(request)
        except ProtocolError as error:
            return _error(503 if error.code >= 4500 else 400, "refused", error.reason)
        except ChalkmeshError:
            return _error(503, "try_later", "the room log does not keep up")

    return handler


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": code, "message": message}, status=status)
