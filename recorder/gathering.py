"""Brings the pictures that the boards of a lesson name into its archive: from the disk beside, a peer or the relay."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.archive import Archive, StoredAsset
from signaling.asset_server import AssetError
from signaling.peer_assets import Asset
from whiteboard_crdt.assets import ASSET_LIMITS, sniff_mime
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocKind

__all__ = ["Gatherer", "named_assets"]

log = logging.getLogger("chalkmesh.recorder.pictures")

# A value of 64 hex digits among the fields of a shape or page, as both libraries write it (lib0, Any: a text is 119,
# its length, its letters). Letters that somebody types or pastes into a text are written in another way.
_NAMED: Final = re.compile(rb"w@([0-9a-f]{64})")
_BOARDS: Final = frozenset({DocKind.BOARD, DocKind.DESK})
# A peer fetches three at a time; those that nobody has wait with it and must not keep others from their turn.
_AT_ONCE: Final = 8
# A peer asks everybody for half a minute by itself (rule A7).
_ATTEMPT_S: Final = 60.0
_PAUSE_FIRST_S: Final = 5.0
_PAUSE_LONGEST_S: Final = 120.0
_PART: Final = ".part-"


def named_assets(envelope: Envelope) -> list[str]:
    """The pictures that an envelope of a board names."""
    if envelope.doc.kind not in _BOARDS:
        return []
    return [found.decode("ascii") for found in _NAMED.findall(envelope.update)]


@dataclass(slots=True)
class _Wanted:
    asset: StoredAsset
    due_s: float = 0.0
    pause_s: float = _PAUSE_FIRST_S
    busy: bool = False
    # There is no room for it: it is not asked for again.
    too_much: bool = False


class Gatherer:
    """One lesson's pictures. Lives on the event loop; `run` is its one task, eight pictures at a time.

    ``fetch(asset)`` gives a picture whose hash is right, or raises AssetError or TimeoutError. ``beside(asset)`` is
    the file of a picture in the relay's store where that is on this machine: nobody's line is needed then. At most
    1,024 pictures and 100 MiB are kept of a lesson, as of a room.
    """

    def __init__(
        self,
        archive: Archive,
        fetch: Callable[[str], Awaitable[Asset]],
        beside: Callable[[str], Path | None],
        now_ms: Callable[[], float],
    ) -> None:
        self._archive = archive
        self._fetch = fetch
        self._beside = beside
        self._now_ms = now_ms
        self._docs: dict[str, str] = {}
        self._wanted: dict[str, _Wanted] = {}
        self._held_bytes = 0
        self._due = asyncio.Event()
        self._changed = asyncio.Condition()
        for part in archive.assets.glob(f"{_PART}*"):
            # Of a run that was killed: there is one writer at a time.
            part.unlink(missing_ok=True)
        for known in archive.named_assets():
            self._docs[known.asset] = known.doc
            if known.held_ms is None or not (archive.assets / known.asset).is_file():
                self._wanted[known.asset] = _Wanted(known)
            else:
                self._held_bytes += known.bytes

    @property
    def missing(self) -> int:
        """How many pictures are named and not here."""
        return len(self._wanted)

    def seen(self, envelope: Envelope, room_ms: float) -> None:
        """An envelope was applied. Never blocks."""
        for asset in named_assets(envelope):
            doc = envelope.doc.text
            before = self._docs.get(asset)
            if before is None and len(self._docs) >= ASSET_LIMITS.wanted:
                return
            if before is None or (before != doc and envelope.doc.kind is DocKind.BOARD):
                self._docs[asset] = doc
                self._archive.asset_named(asset, doc, room_ms)
            if before is None:
                self._wanted[asset] = _Wanted(StoredAsset(asset, doc, round(room_ms), 0, None))
                self._due.set()

    async def run(self) -> None:
        """Bring what is named, until cancelled; what cannot be had is tried again, at longer and longer intervals."""
        async with asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._work(), name="pictures")

    async def finish(self, longest_s: float) -> None:
        """Try all that is missing once more, now; returns when it was tried, or when that time is over."""
        for wanted in self._wanted.values():
            wanted.due_s = 0.0
        tried = {asset: wanted.pause_s for asset, wanted in self._wanted.items()}
        self._due.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(longest_s), self._changed:
                await self._changed.wait_for(
                    lambda: all(
                        asset not in self._wanted
                        or self._wanted[asset].too_much
                        or self._wanted[asset].pause_s > pause_s
                        for asset, pause_s in tried.items()
                    )
                )

    async def _work(self) -> None:
        while True:
            now_s = time.monotonic()
            free = [wanted for wanted in self._wanted.values() if not (wanted.busy or wanted.too_much)]
            wanted = min(free, key=lambda one: one.due_s, default=None)
            if wanted is None or wanted.due_s > now_s:
                self._due.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(None if wanted is None else wanted.due_s - now_s):
                        await self._due.wait()
                continue
            wanted.busy = True
            try:
                brought = await self._bring(wanted)
            finally:
                wanted.busy = False
            if brought:
                del self._wanted[wanted.asset.asset]
            else:
                wanted.due_s = time.monotonic() + wanted.pause_s
                wanted.pause_s = min(wanted.pause_s * 2, _PAUSE_LONGEST_S)
            async with self._changed:
                self._changed.notify_all()

    async def _bring(self, wanted: _Wanted) -> bool:
        known, asset = wanted.asset, wanted.asset.asset
        try:
            data = await asyncio.to_thread(self._look_beside, asset)
            if data is None:
                async with asyncio.timeout(_ATTEMPT_S):
                    data = (await self._fetch(asset)).data
            if self._held_bytes + len(data) > ASSET_LIMITS.room_bytes:
                log.warning("no room for a picture lesson=%s asset=%s", self._archive.folder.name, asset)
                wanted.too_much = True
                return False
            self._held_bytes += len(data)
            try:
                await asyncio.to_thread(_keep, self._archive.assets, asset, data)
            except OSError:
                self._held_bytes -= len(data)
                raise
        except (AssetError, TimeoutError, OSError) as error:
            kind = error.reason if isinstance(error, AssetError) else type(error).__name__
            log.info("picture not here yet lesson=%s asset=%s kind=%s", self._archive.folder.name, asset, kind)
            return False
        doc = self._docs.get(asset, known.doc)
        mime = sniff_mime(data) or "application/octet-stream"
        whole = StoredAsset(asset, doc, known.room_ms, len(data), None)
        self._archive.asset_held(whole, mime, len(data), self._now_ms())
        return True

    def _look_beside(self, asset: str) -> bytes | None:
        # In the archive itself: a run that was killed had no time to say so.
        for path in (self._archive.assets / asset, self._beside(asset)):
            if path is not None and path.is_file() and path.stat().st_size <= ASSET_LIMITS.asset_bytes:
                data = path.read_bytes()
                if hashlib.sha256(data).hexdigest() == asset:
                    return data
        return None


def _keep(folder: Path, asset: str, data: bytes) -> None:
    """Write a picture durably, in one step. Raises OSError."""
    folder.mkdir(exist_ok=True)
    part = folder / f"{_PART}{asset}"
    try:
        with part.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        part.rename(folder / asset)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
