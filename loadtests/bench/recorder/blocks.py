"""One block of the bench: Chromium sends, one recorder takes, and then the files are looked at."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import av

from loadtests.bench.recorder.chromium import open_page
from loadtests.bench.recorder.marks import Found, count_frames, listen, look, pair
from recorder.reading import ArchiveReader

# Connections, codecs and bitrates settle before anything is measured.
_WARM_S = 5.0
_TRIES = 3
# A block with fewer pictures a second than this shows a machine that was busy with something else.
_FEWEST_FRAMES_S = 3.0
# What the sender itself does in its first seconds (encoder and bandwidth estimate start up) is not looked at.
SETTLED_MS = 8000.0


@dataclass(slots=True)
class Block:
    """What came out. `share`: of one core, `frames_s`: pictures a second; both for each participant."""

    kind: str
    senders: int
    share: float
    frames_s: float
    answer: dict[str, object]
    folder: Path
    tries: int = 1


@dataclass(slots=True)
class Files:
    """What is in one block's files, all participants together; ms unless said otherwise."""

    av_offsets: list[float] = field(default_factory=list)
    cross_offsets: list[float] = field(default_factory=list)
    frames: int = 0
    undecodable: int = 0
    keyframe_gap_s: float = 0.0
    frozen_s: float = 0.0
    audio_ms: float = 0.0
    audio_lost_ms: float = 0.0

    def take(self, found: Found) -> None:
        """Add up one file."""
        self.frames += found.frames
        self.undecodable += found.undecodable
        self.keyframe_gap_s = max(self.keyframe_gap_s, found.keyframe_gap_s)
        self.frozen_s = max(self.frozen_s, found.frozen_s)


async def run_block(kind: str, folder: Path, senders: int, seconds: float, *line: str) -> Block:
    """Record `senders` participants for that long. `line`: loss and seed, or nothing.

    Raises RuntimeError, NoChromium.
    """
    sink = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "loadtests.bench.recorder.sink", kind, str(folder), *line, stdout=asyncio.subprocess.PIPE
    )
    assert sink.stdout is not None
    try:
        url = f"http://127.0.0.1:{json.loads(await sink.stdout.readline())['port']}"
        async with aiohttp.ClientSession() as http, open_page(f"{url}/?n={senders}"):
            await asyncio.sleep(_WARM_S)
            before = await (await http.get(f"{url}/usage")).json()
            await asyncio.sleep(seconds)
            after = await (await http.get(f"{url}/usage")).json()
            answer = await (await http.post(f"{url}/end")).json()
        if await sink.wait() != 0:
            raise RuntimeError(f"the {kind} recorder failed")
    finally:
        if sink.returncode is None:
            sink.kill()
            await sink.wait()
    share = (after["cpu_s"] - before["cpu_s"]) / (after["at_s"] - before["at_s"]) / senders
    files = [path for path in folder.rglob("*") if path.suffix in (".webm", ".mp4")]
    frames_s = sum(count_frames(path) for path in files) / senders / (seconds + _WARM_S)
    return Block(kind, senders, share, frames_s, answer, folder)


async def run_good_block(kind: str, folder: Path, senders: int, seconds: float, *line: str) -> Block:
    """As `run_block`, again while the stock recorder loses its pictures: a recorder that records half costs half.

    After three tries the last one counts, whatever it is. Raises RuntimeError, NoChromium.
    """
    block: Block | None = None
    for tries in range(1, _TRIES + 1):
        shutil.rmtree(folder, ignore_errors=True)
        block = await run_block(kind, folder, senders, seconds, *line)
        block.tries = tries
        if not block.answer.get("spoilt") and block.frames_s > _FEWEST_FRAMES_S:
            break
    assert block is not None
    return block


def look_at_ours(folder: Path) -> Files:
    """All tracks of an archive, with their marks on room time."""
    files = Files()
    marks: dict[tuple[str, str], list[float]] = {}
    with ArchiveReader(folder) as archive:
        for track in archive.tracks():
            found = (look if track.kind == "video" else listen)(track.path, SETTLED_MS)
            files.take(found)
            marks[track.session.session, track.kind] = [track.start_ms + track.rate * at for at in found.marks_ms]
            if track.kind == "audio":
                files.audio_ms += track.end_ms - track.start_ms
        sql = "select to_ms - from_ms from coverage where cause = 'lost' and kind = 'audio'"
        files.audio_lost_ms = float(sum(row[0] for row in archive.rows("coverage", sql)))
    sessions = sorted({session for session, _ in marks})
    for session in sessions:
        files.av_offsets += pair(marks.get((session, "video"), []), marks.get((session, "audio"), []))
        for kind in ("audio", "video") if session != sessions[0] else ():
            files.cross_offsets += pair(marks.get((sessions[0], kind), []), marks.get((session, kind), []))
    return files


def look_at_stock(folder: Path) -> Files:
    """The MP4 files of MediaRecorder; without any picture where it lost all of them."""
    files = Files()
    for path in sorted(folder.glob("*.mp4")):
        try:
            seen, heard = look(path, SETTLED_MS), listen(path)
        except (av.FFmpegError, IndexError):
            # It never got as far as a header.
            continue
        files.take(seen)
        files.av_offsets += pair(seen.marks_ms, heard.marks_ms)
        files.audio_ms += heard.length_s * 1000
        files.audio_lost_ms += max(0.0, heard.length_s - heard.heard_s) * 1000
    return files
