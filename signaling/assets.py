"""Pictures over HTTP (rules A9–A11): ``PUT`` and ``GET /v1/rooms/{room}/assets/{sha256}`` on the relay's port.

The fallback where no participant has a picture, or none can be reached directly. Bytes are checked by hash and by
their first bytes only: whoever paints them decodes them with its own limits.
"""

from __future__ import annotations

import asyncio
import errno
import logging
import time
from collections import OrderedDict
from typing import Final

from aiohttp import web

from signaling.asset_store import PutResult
from signaling.asset_tokens import AssetAccess
from signaling.lobby import Lobby, wall_ms
from signaling.rates import Bucket
from whiteboard_crdt.assets import ASSET_LIMITS, AssetId, parse_asset
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import RoomId, SessionId

__all__ = ["add_asset_routes"]

log = logging.getLogger("chalkmesh.relay.assets")

# Uploads are held in memory until they are checked: four at a time, 40 MiB.
_UPLOADS: Final = 4
_BODY_S: Final = 60.0
_REQUESTS: Final = (5.0, 200.0)
_SESSIONS_KEPT: Final = 4_096
_CORS: Final = {
    # No cookies are involved: a page of the portal's origin sends the token itself.
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Range",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
_PICTURE: Final = {
    **_CORS,
    "Cache-Control": "private, max-age=31536000, immutable",
    "X-Content-Type-Options": "nosniff",
    # Nothing in it may run where somebody opens the address itself.
    "Content-Security-Policy": "default-src 'none'; sandbox",
}
_REFUSALS: Final[dict[PutResult, tuple[int, str]]] = {
    "wrong_hash": (422, "the bytes do not have that hash"),
    "not_a_picture": (415, "only PNG, JPEG and WebP"),
    "room_full": (413, "the room holds as many pictures as it may"),
}


class _Assets:
    def __init__(self, lobby: Lobby) -> None:
        self._lobby = lobby
        self._store = lobby.assets
        self._uploads = asyncio.Semaphore(_UPLOADS)
        self._writing = asyncio.Lock()
        self._buckets: OrderedDict[SessionId, Bucket] = OrderedDict()

    async def options(self, _request: web.Request) -> web.Response:
        """A browser asks before it sends a token to another origin."""
        allowed = {
            "Access-Control-Allow-Methods": "GET, HEAD, PUT",
            "Access-Control-Allow-Headers": "Authorization, Content-Type, Range",
            "Access-Control-Max-Age": "86400",
        }
        return web.Response(status=204, headers={**_CORS, **allowed})

    async def get(self, request: web.Request) -> web.StreamResponse:
        """The bytes, or a range of them."""
        access = await self._access(request)
        if isinstance(access, web.Response):
            return access
        asset = _asset_of(request)
        path = None if asset is None else await asyncio.to_thread(self._store.path, access.room, asset)
        if path is None:
            return _error(404, "unknown_asset", "no such picture in this room")
        mime = await asyncio.to_thread(self._store.mime, path)
        return web.FileResponse(path, headers={**_PICTURE, "Content-Type": mime})

    async def put(self, request: web.Request) -> web.Response:
        """Store a picture: 201 when it is new, 200 when it was there."""
        access = await self._access(request)
        if isinstance(access, web.Response):
            return access
        if not access.writes:
            return _error(403, "not_allowed", "who may not draw may not store pictures")
        asset = _asset_of(request)
        if asset is None:
            return _error(404, "bad_asset", "an asset is named by its SHA-256")
        if await asyncio.to_thread(self._store.path, access.room, asset) is not None:
            return web.Response(status=200, headers=_CORS)
        if request.content_length is None:
            return _error(411, "no_length", "Content-Length is needed")
        if not 0 < request.content_length <= ASSET_LIMITS.asset_bytes:
            return _error(413, "too_large", "a picture has at most 10 MiB")
        async with self._uploads:
            # The room is held until the picture is stored: a room that is erased meanwhile would leave it behind.
            try:
                room = await self._lobby.enter(access.room)
            except ProtocolError:
                return _error(503, "try_later", "the room cannot be opened now")
            try:
                if room.closed:
                    return _error(403, "room_closed", "the room is closed")
                async with asyncio.timeout(_BODY_S):
                    data = await request.content.readexactly(request.content_length)
                return await self._keep(access, asset, data)
            except (asyncio.IncompleteReadError, TimeoutError):
                return _error(408, "incomplete", "the upload did not arrive")
            finally:
                self._lobby.entered(access.room)

    async def _keep(self, access: AssetAccess, asset: AssetId, data: bytes) -> web.Response:
        try:
            async with self._writing:  # the room's sum is counted and the file written as one step
                result = await asyncio.to_thread(self._store.put, access.room, asset, data)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            log.error("picture not stored room=%s session=%s errno=%s", access.room, access.session, error.errno)
            return _error(507 if full else 503, "disk", "the server could not store it")
        refusal = _REFUSALS.get(result)
        if refusal is not None:
            log.warning("picture refused room=%s session=%s reason=%s", access.room, access.session, result)
            return _error(refusal[0], result, refusal[1])
        return web.Response(status=201 if result == "stored" else 200, headers=_CORS)

    async def _access(self, request: web.Request) -> AssetAccess | web.Response:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        room = RoomId(request.match_info["room"])
        access = self._lobby.asset_tokens.read(token, room, wall_ms()) if scheme.lower() == "bearer" else None
        if access is None:
            return _error(401, "unauthorized", "the token of the welcome is needed")
        if not self._bucket(access.session).take(time.monotonic()):
            return _error(429, "too_many", "too many requests")
        try:
            # Loaded when it is not: a revocation holds from the moment it is known.
            loaded = await self._lobby.enter(room)
        except ProtocolError:
            return _error(503, "try_later", "the room cannot be opened now")
        try:
            revoked = loaded.replica.is_revoked(access.session)
        finally:
            self._lobby.entered(room)
        return _error(401, "revoked", "the session was revoked") if revoked else access

    def _bucket(self, session: SessionId) -> Bucket:
        bucket = self._buckets.get(session)
        if bucket is None:
            bucket = self._buckets[session] = Bucket(*_REQUESTS, time.monotonic())
            if len(self._buckets) > _SESSIONS_KEPT:
                self._buckets.popitem(last=False)
        self._buckets.move_to_end(session)
        return bucket


def _asset_of(request: web.Request) -> AssetId | None:
    try:
        return parse_asset(request.match_info["asset"])
    except ProtocolError:
        return None


def _error(status: int, code: str, message: str) -> web.Response:
    return web.json_response({"error": code, "message": message}, status=status, headers=_CORS)


def add_asset_routes(app: web.Application, lobby: Lobby) -> None:
    """Serve the pictures of the lobby's rooms."""
    assets = _Assets(lobby)
    resource = app.router.add_resource("/v1/rooms/{room}/assets/{asset}")
    resource.add_route("OPTIONS", assets.options)
    resource.add_route("GET", assets.get)
    resource.add_route("HEAD", assets.get)
    resource.add_route("PUT", assets.put)
