"""A RoomLog in memory: held to the same contract as the real one; `hold` keeps commits back, as a slow disk does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence

from signaling.roomlog import (
    AttendanceEvent,
    LogHealth,
    LogOverflow,
    Record,
    Revocation,
    RoomHistory,
    RoomRow,
)


class MemoryRoomLog:
    def __init__(self) -> None:
        self._rooms: dict[str, tuple[int, int | None]] = {}
        self._records: dict[str, dict[tuple[str, str, int], Record]] = {}
        self._tickets: dict[str, dict[str, str]] = {}
        self._snapshots: dict[str, tuple[dict[str, bytes], int]] = {}
        self._revoked: dict[str, dict[tuple[str, str], Revocation]] = {}
        self._outbox: dict[str, AttendanceEvent] = {}
        self._present: dict[tuple[str, str], tuple[str, int]] = {}
        self._held: list[tuple[Callable[[], None], asyncio.Future[None]]] | None = None
        self.overflow = False
        self.appends = 0

    @property
    def health(self) -> LogHealth:
        return LogHealth(True)

    def hold(self) -> None:
        """From now on nothing becomes durable until `release`."""
        self._held = []

    def release(self) -> None:
        held, self._held = self._held or [], None
        for change, done in held:
            change()
            done.set_result(None)

    def _commit(self, change: Callable[[], None]) -> asyncio.Future[None]:
        if self.overflow:
            raise LogOverflow("full")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        if self._held is not None:
            self._held.append((change, done))
        else:
            change()
            done.set_result(None)
        return done

    async def open_room(self, room: str, now_ms: int, *, whole: bool = False) -> RoomHistory:
        started_ms, closed_ms = self._rooms.setdefault(room, (now_ms, None))
        records = list(self._records.get(room, {}).values())
        heads: dict[tuple[str, str], int] = {}
        for record in records:
            heads[record.doc, record.session] = max(record.seq, heads.get((record.doc, record.session), 0))
        snapshots, upto = ({}, 0) if whole else self._snapshots.get(room, ({}, 0))
        return RoomHistory(
            started_ms,
            closed_ms is not None,
            records[upto:],
            list(self._tickets.get(room, {}).values()),
            list(self._revoked.get(room, {}).values()),
            0,
            list(snapshots.values()),
            heads,
            max((record.room_ms for record in records), default=0),
        )

    def stretch(self, room: str, doc: str, session: str, first: int, last: int) -> Sequence[Record]:
        held = self._records.get(room, {})
        return [held[doc, session, seq] for seq in range(first, last + 1) if (doc, session, seq) in held]

    def walk(self, room: str) -> Iterator[Record]:
        yield from list(self._records.get(room, {}).values())

    def save_snapshots(self, room: str, snapshots: Mapping[str, bytes], at_ms: int) -> asyncio.Future[None]:
        def change() -> None:
            self._snapshots[room] = (dict(snapshots), len(self._records.get(room, {})))

        return self._commit(change)

    def append(self, room: str, record: Record, ticket: tuple[str, str] | None = None) -> asyncio.Future[None]:
        def change() -> None:
            self._records.setdefault(room, {}).setdefault((record.doc, record.session, record.seq), record)
            if ticket is not None:
                self._tickets.setdefault(room, {})[ticket[0]] = ticket[1]

        self.appends += 1
        return self._commit(change)

    def revoke(self, room: str, revocation: Revocation) -> asyncio.Future[None]:
        def change() -> None:
            held = self._revoked.setdefault(room, {})
            key = revocation.session, revocation.user
            known = held.get(key)
            if known is None or (revocation.token and (not known.token or revocation.at_ms > known.at_ms)):
                held[key] = revocation

        return self._commit(change)

    def close_room(self, room: str, at_ms: int) -> asyncio.Future[None]:
        def change() -> None:
            started_ms, closed_ms = self._rooms.get(room, (at_ms, None))
            self._rooms[room] = (started_ms, at_ms if closed_ms is None else closed_ms)

        return self._commit(change)

    async def forget_room(self, room: str, at_ms: int) -> bool:
        if self._rooms.setdefault(room, (at_ms, at_ms))[1] is None:
            return False

        def change() -> None:
            for kept in (self._records, self._tickets, self._snapshots, self._revoked):
                kept.pop(room, None)

        await self._commit(change)
        return True

    def attend(self, event: AttendanceEvent) -> asyncio.Future[None]:
        def change() -> None:
            self._outbox.setdefault(event.id, event)
            if event.kind == "join":
                self._present[event.room, event.session] = (event.user, event.at_ms)
            else:
                self._present.pop((event.room, event.session), None)

        return self._commit(change)

    def still_present(self, sessions: Sequence[tuple[str, str]], at_ms: int) -> asyncio.Future[None]:
        def change() -> None:
            for key in sessions:
                if key in self._present:
                    self._present[key] = (self._present[key][0], at_ms)

        return self._commit(change)

    async def recover_attendance(self) -> int:
        lost = list(self._present.items())
        for (room, session), (user, seen_ms) in lost:
            await self.attend(
                AttendanceEvent(f"{room}/{session}/{seen_ms}/lost", room, user, session, "leave", seen_ms)
            )
        return len(lost)

    async def pending_events(self, limit: int) -> Sequence[AttendanceEvent]:
        return list(self._outbox.values())[:limit]

    def confirm_events(self, ids: Sequence[str]) -> asyncio.Future[None]:
        def change() -> None:
            for event in ids:
                self._outbox.pop(event, None)

        return self._commit(change)

    async def rooms(self) -> Sequence[RoomRow]:
        return [
            RoomRow(room, started_ms, closed_ms is not None, len(self._records.get(room, {})))
            for room, (started_ms, closed_ms) in sorted(self._rooms.items())
        ]

    async def close(self) -> None:
        if self._held:
            self.release()
