"""A bot on the school's own host: it signs its tickets with the keys in the data folder, and so can stay for hours."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from portal.keyfiles import load_keyring
from portal.ticket_command import find_room, make_ticket
from signaling.client import Grant, Peer
from signaling.mesh import MeshOptions
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role, SessionId
from whiteboard_crdt.keys import encode_base64url, load_jwks

RELAY_URL = "ws://127.0.0.1:8081/v1/session"


@asynccontextmanager
async def local_bot(
    data: Path,
    name: str,
    *,
    lesson: str | None = None,
    room: str | None = None,
    relay_url: str = RELAY_URL,
    mesh: MeshOptions | None = None,
) -> AsyncIterator[Peer]:
    """A bot in a lesson, or in a room: a `Peer` whose tickets are made here, for as long as the context lasts.

    `name` is what others see. Raises SetupError where the folder has no keys, or no such lesson.
    """
    if lesson is not None:
        room = await find_room(data, os.environ.get("CHALKMESH_PORTAL_DATABASE_URL"), lesson)
    if room is None:
        raise SetupError("A bot needs a lesson or a room.")
    where = room

    async def tickets(session: SessionId | None) -> Grant:
        token = await asyncio.to_thread(
            make_ticket,
            data,
            room=where,
            user="bot",
            name=name,
            role=Role.BOT,
            key=encode_base64url(peer.key.public),
            client=peer.client_id,
            session=session,
        )
        return Grant(token, relay_url)

    peer = Peer(where, tickets, load_jwks(load_keyring(data).jwks), mesh=mesh)
    async with peer:
        yield peer
