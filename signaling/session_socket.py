"""The session socket (protocol section S): one WebSocket of one participant, from challenge to goodbye."""

from __future__ import annotations

import asyncio
import logging
import secrets
from typing import Final

from aiohttp import WSMessage, WSMsgType, web

from signaling.control import Challenge, Hello, decode_client_control, encode_control
from signaling.frames import text_frame
from signaling.lobby import Lobby
from signaling.member import Member
from signaling.panic import die, is_panic
from signaling.room import Room
from signaling.socket_writer import SocketWriter
from signaling.strict_socket import StrictWebSocket, is_over
from signaling.tracing import span
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.keys import (
    NONCE_BYTES,
    decode_base64url,
    encode_base64url,
    hello_text,
    load_point,
    verify_signature,
)
from whiteboard_crdt.messages import HaveMessage, decode_message
from whiteboard_crdt.spec import LIMITS

__all__ = ["SUBPROTOCOL", "serve_session"]

log = logging.getLogger("chalkmesh.relay.socket")

SUBPROTOCOL: Final = "chalkmesh.v1"
# Over the protocol's own limit, so that what is somewhat too long is still refused with our own code and a log line.
_FRAME_BYTES: Final = 4 * LIMITS.socket_message_bytes


async def serve_session(request: web.Request, lobby: Lobby) -> web.StreamResponse:
    """Serve one connection until it ends; a plain request, by which pages measure the way here, has an empty answer."""
    if "Upgrade" not in request.headers:
        return web.Response(status=204, headers={"Cache-Control": "no-store"})
    socket = StrictWebSocket(protocols=(SUBPROTOCOL,), max_msg_size=_FRAME_BYTES)
    await socket.prepare(request)
    name = secrets.token_hex(4)
    try:
        writer = SocketWriter(socket, request, lobby.settings.send_buffer_bytes, name)
    except ConnectionResetError:
        return socket
    lobby.sockets.add(writer)
    try:
        await _converse(socket, writer, lobby, name)
    finally:
        lobby.sockets.discard(writer)
        await writer.goodbye()
    return socket


async def _converse(socket: StrictWebSocket, writer: SocketWriter, lobby: Lobby, name: str) -> None:
    room: Room | None = None
    member: Member | None = None
    try:
        if socket.ws_protocol != SUBPROTOCOL:
            raise ProtocolError("subprotocol is not chalkmesh.v1")
        room, member = await _admit(socket, writer, lobby)
        await _read(socket, writer, room, member)
    except ProtocolError as error:
        refuse(writer, error, room=room.room if room else "", session=member.session if member else "", name=name)
    except (ConnectionError, RuntimeError) as error:
        # aiohttp raises RuntimeError for a receive on a socket that another task closed.
        log.debug("socket ended name=%s kind=%s", name, type(error).__name__)
    except BaseException as error:
        if is_panic(error):
            die("session socket")
        if isinstance(error, Exception):
            log.exception("fault in a session socket name=%s", name)
        writer.close(CloseCode.TRY_LATER, "fault of the relay")
        raise
    finally:
        if room is not None and member is not None:
            orderly = socket.close_code in (1000, 1001) and writer.close_code is None
            room.leave(member, "left" if orderly else "gone")


def refuse(writer: SocketWriter, error: ProtocolError, *, room: str, session: str, name: str) -> None:
    """Close with the error's code, and write the one log line of a refusal (S11): ids only."""
    if writer.close_code is None:
        log.warning(
            "refused room=%s session=%s socket=%s code=%d reason=%s", room, session, name, error.code, error.reason
        )
    writer.close(error.code, error.reason)


async def _admit(socket: StrictWebSocket, writer: SocketWriter, lobby: Lobby) -> tuple[Room, Member]:
    """Challenge and hello (S1, S2); the answer is the room's welcome. Raises ProtocolError."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    writer.send(text_frame(encode_control(Challenge(nonce=encode_base64url(nonce)))))
    try:
        async with asyncio.timeout(lobby.settings.hello_timeout_ms / 1000):
            first = await socket.receive()
    except TimeoutError:
        raise ProtocolError("no hello in time", CloseCode.HELLO_TIMEOUT) from None
    if is_over(first):
        raise ConnectionResetError
    if first.type is not WSMsgType.TEXT:
        raise ProtocolError("first message is not a hello")
    hello = decode_client_control(first.data)
    if not isinstance(hello, Hello):
        raise ProtocolError("first message is not a hello")
    if not lobby.keys.refresh():
        raise ProtocolError("the relay has no ticket keys yet", CloseCode.TRY_LATER)
    ticket = lobby.keys.read_ticket(hello.ticket)
    proof = decode_base64url(hello.proof)
    if not verify_signature(load_point(ticket.key), proof, hello_text(nonce, hello.ticket)):
        raise ProtocolError("proof of the ticket's key", CloseCode.PROOF_FAILED)
    have = _read_have(hello.have)
    with span("join", room=ticket.room, session=ticket.session):
        room = await lobby.enter(ticket.room)
        try:
            member = room.admit(hello, ticket, writer, have)
        finally:
            lobby.entered(ticket.room)
    return room, member


def _read_have(text: str) -> HaveMessage:
    if not text:
        return HaveMessage(())
    message = decode_message(decode_base64url(text), LIMITS.socket_message_bytes)
    if not isinstance(message, HaveMessage):
        raise ProtocolError("have of a hello")
    return message


async def _read(socket: StrictWebSocket, writer: SocketWriter, room: Room, member: Member) -> None:
    """Hand every message to the room until the connection ends."""

    def take(message: WSMessage) -> None:
        if not writer.open:
            raise ConnectionResetError
        if message.type is WSMsgType.BINARY:
            room.receive(member, message.data)
        else:
            room.control(member, decode_client_control(message.data))

    while writer.open:
        await socket.deliver(take)
        if is_over(await socket.receive()):
            return
