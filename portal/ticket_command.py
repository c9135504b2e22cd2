"""`chalkmesh ticket`: a ticket made by hand, for bots, load tests and drills."""

import asyncio
import secrets
from pathlib import Path

from portal.clock import unix_ms
from portal.keyfiles import load_keyring
from portal.tickets import caps_of
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import decode_base64url, load_point
from whiteboard_crdt.ticket import LIFETIME_MS, Ticket, issue_ticket


def make_ticket(
    data: Path,
    *,
    room: str,
    user: str,
    name: str,
    role: str,
    key: str,
    client: int,
    caps: str | None = None,
    lifetime_s: int | None = None,
    session: SessionId | None = None,
) -> str:
    """The compact ticket, signed with the school's key. Raises SetupError for what cannot be put into one.

    `session`: that of a ticket which this one renews; without it a new one.
    """
    keyring = load_keyring(data)
    try:
        parsed_role = Role(role)
        parsed_caps = caps_of(parsed_role) if caps is None else frozenset(Capability(cap) for cap in _words(caps))
    except ValueError as error:
        raise SetupError(f"{error}. Roles: {', '.join(Role)}. Capabilities: {', '.join(Capability)}.") from error
    try:
        point = decode_base64url(key)
        load_point(point)
    except ProtocolError as error:
        raise SetupError("The key is not an uncompressed P-256 point in base64url.") from error
    if not 0 <= client < 2**32:
        raise SetupError("The client id is a number from 0 to 4294967295.")
    now_ms = unix_ms() // 1000 * 1000
    ticket = Ticket(
        room=RoomId(room),
        user=UserId(user),
        name=name,
        role=parsed_role,
        caps=parsed_caps,
        session=session or SessionId(secrets.token_hex(8)),
        client=ClientId(client),
        key=point,
        issued_ms=now_ms,
        expires_ms=now_ms + (LIFETIME_MS if lifetime_s is None else lifetime_s * 1000),
    )
    return issue_ticket(ticket, keyring.private_key, keyring.kid)


def room_of_lesson(data: Path, database_setting: str | None, lesson: str) -> str:
    """The room of a lesson, by the portal's database. Raises SetupError."""
    return asyncio.run(find_room(data, database_setting, lesson))


async def find_room(data: Path, database_setting: str | None, lesson_id: str) -> str:
    """The room of a lesson, within an event loop. Raises SetupError."""
    from sqlalchemy.exc import SQLAlchemyError

    from portal.database import Database, database_url
    from portal.lessons import load_lesson

    if database_setting is None and not (data / "portal.sqlite").is_file():
        raise SetupError(f"{data} holds no portal database; was the portal ever started there?")
    database = Database(database_url(data, database_setting))
    try:
        # As it is: a command that only reads must not migrate the database of a portal that runs.
        lesson = await load_lesson(database, lesson_id)
    except SQLAlchemyError as error:
        raise SetupError(f"The database {database.name} cannot be read; was the portal started since?") from error
    finally:
        await database.close()
    if lesson is None:
        raise SetupError(f"There is no lesson {lesson_id}.")
    return lesson.room


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]
