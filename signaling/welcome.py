"""The first messages to somebody who was let in (S3), cut so that the text stays under its limit (W7)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Final

from signaling.control import PresentEntry, Welcome
from signaling.member import Member
from signaling.presences import KeptPresence
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.messages import RevocationMessage, TicketMessage, encode_message

if TYPE_CHECKING:
    from signaling.room import Room

__all__ = ["welcome_messages"]

_TICKETS_BYTES: Final = 40_000
_PRESENCE_BYTES: Final = 16_000
_REVOCATIONS: Final = 16  # of 350 bytes, and at most 4,096


def welcome_messages(
    room: Room,
    member: Member,
    presences: Mapping[SessionId, KeptPresence],
    writers: Iterable[SessionId],
    now_ms: int,
    room_ms: int,
) -> Iterator[Welcome | bytes]:
    """The welcome; then TICKET, PRESENCE and REVOCATION messages for what did not fit into it.

    A room whose present participants alone overflow the text (some sixty) would be over `room_clients` first.
    """
    later: list[bytes] = []
    presence_bytes = 0
    participants = []
    for other in room.members.values():
        if other is member:
            continue
        kept = presences.get(other.session)
        state = None
        if kept is not None:
            presence_bytes += len(kept.message.state)
            # With its version, so that an older one under way does not overtake it.
            later.append(encode_message(kept.message))
            state = kept.state if presence_bytes <= _PRESENCE_BYTES else None
        participants.append(
            PresentEntry(ticket=other.token, agent=other.agent, joined_ms=other.joined_ms, presence=state)
        )
    ticket_bytes = sum(len(entry.ticket) for entry in participants)
    absent = []
    for session in sorted(set(writers) - room.members.keys()):
        known = room.replica.sessions.get(session)
        if known is None:
            continue
        ticket_bytes += len(known.token)
        if ticket_bytes <= _TICKETS_BYTES:
            absent.append(known.token)
        else:
            later.append(encode_message(TicketMessage(known.token)))
    tokens = room.replica.sessions.revocations
    # The newest in the text: whom they put out may still have links.
    spilled = set(tokens[: max(0, len(tokens) - _REVOCATIONS)])
    later += [encode_message(RevocationMessage(token)) for token in tokens if token in spilled]
    yield Welcome(
        room=room.room,
        session=member.session,
        now_ms=now_ms,
        room_ms=room_ms,
        agent=member.agent,
        participants=participants,
        sessions=absent,
        assets=room.asset_grant(member),
        revocations=[token for token in tokens if token not in spilled],
        frozen=sorted(room.frozen),
    )
    yield from later
