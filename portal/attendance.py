"""Joins and leaves as the relay saw them: the source of attendance, kept as events and never edited."""

from typing import Annotated, Literal

import msgspec
from sqlalchemy import insert, select

from portal.database import Database
from portal.schema import relay_events

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]


class RelayEvent(msgspec.Struct, forbid_unknown_fields=True):
    """Somebody came into a room or left it, at `at_ms` (unix ms of the relay)."""

    id: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    room: _Id
    user: _Id
    session: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{16}$")]
    kind: Literal["join", "leave"]
    at_ms: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]


async def store_relay_events(database: Database, events: list[RelayEvent], now_ms: int) -> int:
    """Stores the events that are new, in one transaction; returns how many were."""
    fresh = {event.id: event for event in events}
    if not fresh:
        return 0
    async with database.write() as connection:
        known = await connection.execute(select(relay_events.c.id).where(relay_events.c.id.in_(list(fresh))))
        for row in known:
            del fresh[row.id]
        if fresh:
            await connection.execute(
                insert(relay_events),
                [{**msgspec.structs.asdict(event), "received_ms": now_ms} for event in fresh.values()],
            )
    return len(fresh)
