"""Tickets into a lesson's room: who gets which capabilities, and the memory of every session ever admitted."""

import secrets
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.authorize import Role as SchoolRole
from portal.consent import is_declined
from portal.database import Database
from portal.keyfiles import Keyring
from portal.lessons import Lesson
from portal.schema import room_sessions
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import load_point
from whiteboard_crdt.ticket import COLOUR_MAX, LIFETIME_MS, NAME_BYTES, Ticket, issue_ticket

# Desks are where the school wants them; nobody writes one without the capability (protocol rule P7).
_STAFF_CAPS = frozenset(Capability) - {Capability.DESK}
_CAPS = {
    Role.TUTOR: _STAFF_CAPS,
    Role.COORDINATOR: _STAFF_CAPS,
    # Whether a student's pen works at this moment is the stage's say; the ticket only makes it possible.
    Role.STUDENT: frozenset({Capability.BOARD, Capability.CHAT, Capability.MEDIA, Capability.PRESENCE}),
    # A reviewer is seen by everyone in the room and changes nothing there.
    Role.REVIEWER: frozenset({Capability.PRESENCE}),
    Role.RECORDER: frozenset({Capability.PRESENCE}),
    Role.BOT: frozenset({Capability.BOARD, Capability.CHAT, Capability.PRESENCE}),
}


class TicketRefused(Exception):
    """No ticket for this; `code` and the message go to the client."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a ticket is for: a person, or a lesson's recorder."""

    user: str
    name: str
    role: Role


RECORDER_HOLDER = Holder("recorder", "Recorder", Role.RECORDER)


def room_role(actor: Actor, lesson: Lesson) -> Role:
    """The role a person has inside this lesson's room: their part in it before their office at the school."""
    if actor.user in lesson.access.tutors:
        return Role.TUTOR
    if actor.user in lesson.access.students:
        return Role.STUDENT
    # Whoever else was let in only looks, except that a coordinator can take over.
    return Role.COORDINATOR if actor.role is SchoolRole.COORDINATOR else Role.REVIEWER


# Staff write on a student's desk to help there.
_AT_DESKS = frozenset({Role.TUTOR, Role.COORDINATOR, Role.STUDENT})


def caps_of(role: Role, *, desks: bool = False) -> frozenset[Capability]:
    """What a ticket of this role allows to be written or sent; `desks`: the school has them."""
    return _CAPS[role] | {Capability.DESK} if desks and role in _AT_DESKS else _CAPS[role]


def check_key(key: bytes) -> None:
    """Raises TicketRefused unless the bytes are an uncompressed point on P-256."""
    try:
        load_point(key)
    except ProtocolError as error:
        raise TicketRefused("bad_key", "The session key is not a P-256 public key.") from error


async def _colour_of(connection: AsyncConnection, room: str, holder: Holder) -> int | None:
    """A person's number in a room: the one they have, or the next. It stays theirs whoever comes and goes."""
    if holder.role is Role.RECORDER:
        return None
    there = select(room_sessions.c.colour).where(room_sessions.c.room == room, room_sessions.c.colour.is_not(None))
    known = (await connection.execute(there.where(room_sessions.c.user == holder.user).limit(1))).scalar()
    if known is not None:
        return int(known)
    highest = (await connection.execute(select(func.max(there.subquery().c.colour)))).scalar()
    return 0 if highest is None else (int(highest) + 1) % (COLOUR_MAX + 1)


async def _not_before_ms(connection: AsyncConnection, room: str, user: str) -> int:
    """The first second at which a ticket of somebody who was let in again is none of those that were revoked (T5)."""
    mine = (room_sessions.c.room == room, room_sessions.c.user == user, room_sessions.c.revoked_ms < 0)
    last = (await connection.execute(select(func.min(room_sessions.c.revoked_ms)).where(*mine))).scalar()
    return 0 if last is None else -int(last) // 1000 * 1000 + 1000


class TicketOffice:
    """Issues and renews tickets, and remembers (user, room, session, key, client id)."""

    def __init__(self, database: Database, keyring: Keyring) -> None:
        self._database = database
        self._keyring = keyring

    async def issue(
        self,
        lesson: Lesson,
        holder: Holder,
        key: bytes,
        client: int,
        now_ms: int,
        *,
        relay_only: bool = False,
        desks: bool = False,
    ) -> tuple[Ticket, str]:
        """A ticket for a new session. Raises TicketRefused: `bad_key`, or `client_taken` in this room."""
        check_key(key)
        session = secrets.token_hex(8)
        try:
            async with self._database.write() as connection:
                colour = await _colour_of(connection, lesson.room, holder)
                unrecorded = holder.role is Role.STUDENT and await is_declined(connection, holder.user)
                now_ms = max(now_ms, await _not_before_ms(connection, lesson.room, holder.user))
                await connection.execute(
                    insert(room_sessions).values(
                        session=session,
                        lesson=lesson.id,
                        room=lesson.room,
                        user=holder.user,
                        role=holder.role.value,
                        key=key,
                        client=client,
                        colour=colour,
                        issued_ms=now_ms,
                        renewed_ms=now_ms,
                        revoked_ms=None,
                        unrecorded=unrecorded,
                    )
                )
        except IntegrityError as error:
            raise TicketRefused("client_taken", "Another session of this room has that client id.") from error
        return self._signed(lesson, holder, session, key, client, colour, now_ms, relay_only, desks, unrecorded)

    async def renew(
        self,
        lesson: Lesson,
        holder: Holder,
        session: str,
        now_ms: int,
        *,
        relay_only: bool = False,
        desks: bool = False,
    ) -> tuple[Ticket, str]:
        """A fresh ticket for the holder's own session of this lesson. Raises TicketRefused `unknown_session`."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    select(room_sessions).where(
                        room_sessions.c.session == session,
                        room_sessions.c.lesson == lesson.id,
                        room_sessions.c.user == holder.user,
                        room_sessions.c.revoked_ms.is_(None),
                    )
                )
            ).first()
            if row is None:
                raise TicketRefused("unknown_session", "This session is not yours, or it was ended.")
            await connection.execute(
                update(room_sessions).where(room_sessions.c.session == session).values(renewed_ms=now_ms)
            )
        # As it was when the session began: what a student was told at the door holds until they leave.
        unrecorded = row.unrecorded is True
        return self._signed(
            lesson, holder, session, row.key, row.client, row.colour, now_ms, relay_only, desks, unrecorded
        )

    def _signed(
        self,
        lesson: Lesson,
        holder: Holder,
        session: str,
        key: bytes,
        client: int,
        colour: int | None,
        now_ms: int,
        relay_only: bool,
        desks: bool,
        unrecorded: bool,
    ) -> tuple[Ticket, str]:
        # The claims are whole seconds; rounding down keeps `iat` out of the future of an exact clock.
        issued_ms = now_ms // 1000 * 1000
        ticket = Ticket(
            room=RoomId(lesson.room),
            user=UserId(holder.user),
            # The ticket's limit is in bytes; a cut inside a letter drops the letter.
            name=holder.name.encode()[:NAME_BYTES].decode(errors="ignore"),
            role=holder.role,
            caps=caps_of(holder.role, desks=desks),
            session=SessionId(session),
            client=ClientId(client),
            key=key,
            issued_ms=issued_ms,
            expires_ms=issued_ms + LIFETIME_MS,
            relay_only=relay_only,
            colour=colour,
            unrecorded=unrecorded,
        )
        return ticket, issue_ticket(ticket, self._keyring.private_key, self._keyring.kid)
