"""What whoever runs the service looks at while it runs: rooms, paths, the relay's log, recorders, mails, the disk.

A look every few seconds, kept for half an hour in memory. It names rooms by their ids and counts people; nobody is
named, and nothing leaves the host.
"""

import asyncio
import shutil
from collections import OrderedDict, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import aiohttp
import msgspec
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from portal.clock import Clock
from portal.database import Database
from portal.district import schools_of_district
from portal.logs import get_log
from portal.metrics import Held, look
from portal.recordings import RecordingDesk
from portal.schema import lessons
from portal.storage import Storage
from signaling.relay_figures import LiveRoom, RelayFigures
from signaling.whole_body import read_whole
from whiteboard_crdt.errors import ProtocolError

EVERY_S = 5.0
_KEPT = 360
_RELAY_S = 2.0
_ANSWER_BYTES = 4 << 20
_WAYS = 1024
# The room log keeps this much, and then sends clients away (docs/operations.md).
QUEUE_WRITES = 16_384


@dataclass(frozen=True, slots=True)
class Ways:
    """How a room's edits reach its recorder: direct links that are up, and edits by the way that was faster."""

    links: int
    relay: int
    mesh: int

    @property
    def direct_share(self) -> float | None:
        """Of the edits, how many came over direct links first; None before there is one."""
        return self.mesh / (self.relay + self.mesh) if self.relay + self.mesh else None


@dataclass(frozen=True, slots=True)
class Disk:
    """Where the data is. `free_share`: of the whole disk."""

    free_bytes: int
    total_bytes: int
    log_bytes: int

    @property
    def free_share(self) -> float:
        """How much of it is free."""
        return self.free_bytes / self.total_bytes if self.total_bytes else 0.0


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `relay` is None while it does not answer, or where only browsers know its address."""

    at_ms: int
    held: Held
    database_ok: bool
    disk: Disk
    relay: RelayFigures | None = None
    ack_p95_ms: float | None = None
    edits_s: float | None = None

    @property
    def people(self) -> int:
        """Everybody who is in a room."""
        return sum(room.people for room in self.relay.rooms) if self.relay is not None else 0

    @property
    def films_waiting(self) -> int:
        """Sealed recordings of which there is no film yet."""
        return self.held.recordings.get("sealed", 0) + self.held.recordings.get("rendering", 0)


@dataclass(frozen=True, slots=True)
class RoomLine:
    """A room of the school's district in which somebody is."""

    room: LiveRoom
    lesson: str
    ways: Ways | None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page shows. `elsewhere`: rooms of others on the same host, of which only the number is told."""

    looks: Sequence[Look]
    rooms: Sequence[RoomLine]
    elsewhere: int
    relay_known: bool = True

    @property
    def last(self) -> Look:
        """The newest look."""
        return self.looks[-1]


@dataclass(slots=True)
class Operation:
    """Looks at the parts of the service, again and again (`run`), and remembers what it saw."""

    database: Database
    clock: Clock
    desk: RecordingDesk
    data: Path
    heartbeat_limit_s: float
    relay_url: str | None
    internal_secret: str
    looks: deque[Look] = field(default_factory=lambda: deque(maxlen=_KEPT))
    storage: Storage = field(init=False)
    _ways: OrderedDict[str, Ways] = field(default_factory=OrderedDict)

    def __post_init__(self) -> None:
        self.storage = Storage(self.database, self.clock, self.data)

    async def run(self) -> None:
        """Look for ever."""
        log = get_log("portal")
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_RELAY_S)) as http:
            while True:
                try:
                    self.looks.append(await self._look(http))
                except Exception:
                    # The edge of this task: the next look may go better.
                    log.exception("look_failed")
                await asyncio.sleep(EVERY_S)

    def note_ways(self, lesson: str, ways: Ways) -> None:
        """A recorder says how a room's edits reach it. The oldest are forgotten."""
        self._ways[lesson] = ways
        self._ways.move_to_end(lesson)
        if len(self._ways) > _WAYS:
            self._ways.popitem(last=False)

    async def overview(self, school: str) -> Overview:
        """For somebody who looks after the district of this school. Raises SQLAlchemyError."""
        if not self.looks:
            async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_RELAY_S)) as http:
                self.looks.append(await self._look(http))
        looks = tuple(self.looks)
        rooms = {room.room: room for room in (looks[-1].relay.rooms if looks[-1].relay is not None else ())}
        async with self.database.read() as connection:
            ours = schools_of_district(school)
            found = await connection.execute(
                select(lessons.c.id, lessons.c.room).where(lessons.c.room.in_(rooms), lessons.c.school.in_(ours))
            )
            lines = [RoomLine(rooms[row.room], row.id, self._ways.get(row.id)) for row in found]
        lines.sort(key=lambda line: (-line.room.people, line.lesson))
        return Overview(looks, lines, len(rooms) - len(lines), self.relay_url is not None)

    async def _look(self, http: aiohttp.ClientSession) -> Look:
        now_ms, held, database_ok = self.clock(), Held(), True
        try:
            held = await look(
                self.database,
                now_ms,
                self.heartbeat_limit_s,
                recorder_follows=self.desk.recorder_follows(now_ms),
            )
        except (SQLAlchemyError, OSError):
            database_ok = False
        disk = await asyncio.to_thread(_disk, self.data)
        seen = Look(now_ms, held, database_ok, disk, await self._ask(http))
        return _compared(seen, self.looks[-1] if self.looks else None)

    async def _ask(self, http: aiohttp.ClientSession) -> RelayFigures | None:
        if self.relay_url is None:
            return None
        headers = {"Authorization": f"Bearer {self.internal_secret}"}
        try:
            async with http.get(f"{self.relay_url}/internal/figures", headers=headers) as answer:
                if answer.status != 200:
                    return None
                content = await read_whole(answer.content, _ANSWER_BYTES)
            return msgspec.json.decode(content, type=RelayFigures)
        except (aiohttp.ClientError, TimeoutError, OSError, ProtocolError, msgspec.MsgspecError):
            return None


def _compared(seen: Look, before: Look | None) -> Look:
    """With what happened since the look before: the relay counts since its own start, and may have begun anew."""
    now, then = seen.relay, None if before is None else before.relay
    if now is None or then is None or before is None or now.edits < then.edits or seen.at_ms <= before.at_ms:
        return seen
    edits_s = (now.edits - then.edits) / ((seen.at_ms - before.at_ms) / 1000)
    return replace(seen, edits_s=edits_s, ack_p95_ms=quantile_ms(now.acks, dict(then.acks), 0.95))


def quantile_ms(now: Sequence[tuple[float, int]], before: Mapping[float, int], share: float) -> float | None:
    """Within which time `share` of what was counted since `before` was done; None when nothing was.

    Both are cumulative counts by seconds. Linear within a step, as Prometheus' `histogram_quantile` does it.
    """
    counts = [(bound_s, count - before.get(bound_s, 0)) for bound_s, count in now]
    if not counts or counts[-1][1] <= 0:
        return None
    wanted = share * counts[-1][1]
    low_s, low = 0.0, 0
    for bound_s, count in counts:
        if count >= wanted:
            return 1000 * (low_s + (bound_s - low_s) * (wanted - low) / max(1, count - low))
        low_s, low = bound_s, count
    return 1000 * low_s


def _disk(data: Path) -> Disk:
    try:
        usage = shutil.disk_usage(data)
        log_bytes = sum(path.stat().st_size for path in (data / "relay").glob("rooms.sqlite*"))
    except OSError:
        return Disk(0, 0, 0)
    return Disk(usage.free, usage.total, log_bytes)
