"""What fills the disk: bytes by kind under the data folder, what was added of late, and when it will be full.

The folder is walked in a thread, for a bounded time, at most once a minute whoever asks.
"""

import asyncio
import os
import shutil
import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from sqlalchemy import case, func, select

from portal.clock import Clock
from portal.database import Database
from portal.redaction_schema import redactions
from portal.retention_schema import destructions
from portal.schema import lessons
from recorder.schema import EXPORT_FOLDER

GROWTH_DAYS = 7
_DAY_MS = 24 * 60 * 60 * 1000
_KEPT_MS = 60_000
_MOST_FILES = 500_000
_WALK_S = 10.0


class Kind(StrEnum):
    """What a file of the data folder is."""

    RECORDINGS = "Recordings"
    FILMS = "Films and what is made with them"
    COPIES = "Redacted copies, with their films"
    ROOMS = "Room log of the relay"
    DATABASE = "Database of the portal"
    PICTURES = "Pictures on boards"
    MATERIALS = "Lesson material"
    IMPORTS = "PDFs on their way onto a board"
    REST = "Keys, settings and the rest"


# Written once and then kept: the time of a file is when it came. Databases are written all the time.
_WRITTEN_ONCE = (Kind.RECORDINGS, Kind.FILMS, Kind.COPIES, Kind.PICTURES, Kind.MATERIALS)
_BY_FOLDER = {
    "relay": Kind.ROOMS,
    "assets": Kind.PICTURES,
    "materials": Kind.MATERIALS,
    "imports": Kind.IMPORTS,
}


@dataclass(slots=True)
class Share:
    """What one kind takes. `fresh_bytes`: in files of the last GROWTH_DAYS; of kinds that are written once."""

    kind: Kind
    bytes: int = 0
    files: int = 0
    fresh_bytes: int = 0

    @property
    def written_once(self) -> bool:
        """Whether `fresh_bytes` says anything."""
        return self.kind in _WRITTEN_ONCE


@dataclass(slots=True)
class Walk:
    """What one walk found. `oldest_ms`: the time of the oldest file; `whole`: False when there was more."""

    shares: dict[Kind, Share] = field(default_factory=lambda: {kind: Share(kind) for kind in Kind})
    oldest_ms: int | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much the files grew. `days`: over so many."""

    bytes: int
    days: float

    @property
    def day_bytes(self) -> float:
        """In a day."""
        return self.bytes / self.days

    def days_left(self, free_bytes: int) -> float | None:
        """Until so much is used up; None when nothing grows."""
        return free_bytes / self.day_bytes if self.bytes > 0 else None


@dataclass(frozen=True, slots=True)
class Stored:
    """What the page shows. `growth` is None while the service is younger than a day."""

    at_ms: int
    shares: Sequence[Share]
    free_bytes: int
    total_bytes: int
    whole: bool
    growth: Growth | None

    @property
    def bytes(self) -> int:
        """All kinds together."""
        return sum(share.bytes for share in self.shares)

    @property
    def files(self) -> int:
        """All kinds together."""
        return sum(share.files for share in self.shares)

    @property
    def days_left(self) -> float | None:
        """Until the disk is full; None where that cannot be told, or nothing grows."""
        return self.growth.days_left(self.free_bytes) if self.growth is not None else None


class Storage:
    """Looks at the data folder and keeps what it saw for a minute."""

    def __init__(self, database: Database, clock: Clock, data: Path) -> None:
        self._database = database
        self._clock = clock
        self._data = data
        self._turn = asyncio.Lock()
        self._last: Stored | None = None

    async def look(self) -> Stored:
        """The figures, at most a minute old. Raises SQLAlchemyError."""
        async with self._turn:
            now_ms = self._clock()
            if self._last is None or not 0 <= now_ms - self._last.at_ms < _KEPT_MS:
                self._last = await self._measure(now_ms)
            return self._last

    async def _measure(self, now_ms: int) -> Stored:
        async with self._database.read() as connection:
            copies = frozenset((await connection.execute(select(redactions.c.id))).scalars())
        walk = await asyncio.to_thread(walk_data, self._data, copies, now_ms)
        if self._database.url.get_backend_name() == "postgresql":
            async with self._database.read() as connection:
                size = await connection.execute(select(func.pg_database_size(func.current_database())))
            walk.shares[Kind.DATABASE].bytes += size.scalar_one()
        free, total = await asyncio.to_thread(_disk, self._data)
        shares = sorted(walk.shares.values(), key=lambda share: -share.bytes)
        return Stored(now_ms, shares, free, total, walk.whole, await self._growth(walk, now_ms))

    async def _growth(self, walk: Walk, now_ms: int) -> Growth | None:
        """What came and is still there, less what was older and was destroyed."""
        if walk.oldest_ms is None or now_ms - walk.oldest_ms < _DAY_MS or not walk.whole:
            return None
        span_ms = min(GROWTH_DAYS * _DAY_MS, now_ms - walk.oldest_ms)
        ended_ms = case((lessons.c.ended_ms.is_not(None), lessons.c.ended_ms), else_=lessons.c.ends_ms)
        async with self._database.read() as connection:
            gone = await connection.scalar(
                select(func.sum(destructions.c.bytes))
                .select_from(destructions.join(lessons, lessons.c.id == destructions.c.lesson))
                .where(destructions.c.done_ms > now_ms - span_ms, ended_ms <= now_ms - span_ms)
            )
        fresh = sum(share.fresh_bytes for share in walk.shares.values())
        return Growth(fresh - int(gone or 0), span_ms / _DAY_MS)


def walk_data(
    data: Path, copies: Collection[str], now_ms: int, *, most_files: int = _MOST_FILES, walk_s: float = _WALK_S
) -> Walk:
    """Counts every file below `data`. `copies`: the folders among the recordings that are redacted copies.

    What goes away meanwhile, or cannot be read, is not counted.
    """
    walk, until_s = Walk(), time.monotonic() + walk_s
    since_ms = now_ms - GROWTH_DAYS * _DAY_MS
    for count, (parts, size, changed_ms) in enumerate(_files(data)):
        if count >= most_files or time.monotonic() > until_s:
            walk.whole = False
            break
        share = walk.shares[_kind(parts, copies)]
        share.bytes += size
        share.files += 1
        if share.written_once and changed_ms > since_ms:
            share.fresh_bytes += size
        walk.oldest_ms = changed_ms if walk.oldest_ms is None else min(walk.oldest_ms, changed_ms)
    return walk


def _files(data: Path) -> Iterator[tuple[tuple[str, ...], int, int]]:
    """Every file by the parts of its path, with its bytes and its time (unix ms)."""
    # A folder of the data folder may be a link to another disk; further down none is followed.
    waiting: list[tuple[tuple[str, ...], Path]] = [((), data)]
    while waiting:
        above, folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    parts = (*above, entry.name)
                    if entry.is_dir(follow_symlinks=not above):
                        waiting.append((parts, Path(entry.path)))
                    elif entry.is_file(follow_symlinks=False):
                        try:
                            seen = entry.stat(follow_symlinks=False)
                        except OSError:
                            continue
                        yield parts, seen.st_size, seen.st_mtime_ns // 1_000_000
        except OSError:
            continue


def _kind(parts: Sequence[str], copies: Collection[str]) -> Kind:
    if parts[0] == "recordings" and len(parts) > 1:
        # Until a copy is complete, its folder is called so.
        if parts[1].removeprefix(".").removesuffix(".part") in copies:
            return Kind.COPIES
        return Kind.FILMS if EXPORT_FOLDER in parts[2:-1] else Kind.RECORDINGS
    if len(parts) == 1 and parts[0].startswith("portal.sqlite"):
        return Kind.DATABASE
    return _BY_FOLDER.get(parts[0], Kind.REST)


def _disk(data: Path) -> tuple[int, int]:
    """Free and all bytes of the disk that fills: the one with the recordings."""
    try:
        usage = shutil.disk_usage(data / "recordings")
    except OSError:
        return 0, 0
    return usage.free, usage.total
