"""What was asked to be made of a recording: what films (portal/films.py) and redactions share of it.

Each has a table of its own with `id`, `asked_ms`, `state`, `progress`, `detail` and `done_ms`. Only what is still ASKED
changes: what was taken back while it was made stays taken back.
"""

from collections.abc import Mapping

from sqlalchemy import Table, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.schema import recordings

ASKED, DONE, FAILED, ENDED = "asked", "done", "failed", "ended"
_MOST_DETAIL = 500
_FINISHED = ("sealed", "rendered", "failed")


class OrderRefused(Exception):
    """It cannot be made; the message is for people."""


async def check_finished(connection: AsyncConnection, lesson: str) -> None:
    """Only of a recording that is finished can something be made. Raises OrderRefused."""
    # The row is locked where there are several writers: two orders, or one and a destruction, must not miss.
    found = await connection.execute(
        select(recordings.c.state, recordings.c.sealed_ms).where(recordings.c.lesson == lesson).with_for_update()
    )
    row = found.first()
    if row is None:
        raise OrderRefused("This lesson has no recording.")
    if row.sealed_ms is None or row.state not in _FINISHED:
        raise OrderRefused("The recording is not finished yet. Wait until its own film is made.")


async def next_order(connection: AsyncConnection, table: Table) -> Row[tuple[object, ...]] | None:
    """The one that waits longest."""
    waiting = select(table).where(table.c.state == ASKED).order_by(table.c.asked_ms, table.c.id).limit(1)
    return (await connection.execute(waiting)).first()


async def say_progress(connection: AsyncConnection, table: Table, identifier: str, progress: float) -> bool:
    """Notes how far it is, 0 to 1; False when it is no longer wanted."""
    return await _change(connection, table, identifier, {"progress": min(1.0, max(0.0, progress))})


async def finish_order(
    connection: AsyncConnection, table: Table, identifier: str, now_ms: int, **facts: object
) -> bool:
    """It is there; `facts`: more columns. False when it is no longer wanted."""
    return await _change(connection, table, identifier, {"state": DONE, "progress": 1.0, "done_ms": now_ms, **facts})


async def fail_order(connection: AsyncConnection, table: Table, identifier: str, detail: str) -> None:
    """It could not be made."""
    await _change(connection, table, identifier, {"state": FAILED, "detail": detail[:_MOST_DETAIL]})


async def _change(connection: AsyncConnection, table: Table, identifier: str, values: Mapping[str, object]) -> bool:
    changed = await connection.execute(
        update(table).where(table.c.id == identifier, table.c.state == ASKED).values(values)
    )
    return changed.rowcount > 0
