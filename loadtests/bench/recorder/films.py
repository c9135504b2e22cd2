"""How fast films are made, and how large boards are: everything here runs in the bench's own process."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path

import av

from loadtests.bench.recorder.classroom import Classroom, write_board
from recorder.archive import open_archive
from recorder.packing import pack_envelopes
from recorder.reading import ArchiveReader
from recorder.render import FilmSettings, render
from recorder.schema import DATABASE


def without_video(folder: Path, to: Path) -> Path:
    """A copy of an archive in which nobody had a camera."""
    shutil.copytree(folder, to)
    with sqlite3.connect(to / DATABASE) as conn:
        conn.execute("delete from tracks where kind = 'video'")
    conn.close()
    return to


def make_film(folder: Path, out: Path, settings: FilmSettings) -> dict[str, float]:
    """Render, and say how many times faster than the lesson one core did it."""
    with ArchiveReader(folder) as archive:
        start, end = archive.span()
    before_s = time.process_time()
    report = render(folder, out, lambda _: None, settings)
    cpu_s = time.process_time() - before_s
    media_s = (end - start) / 1000
    return {
        "media_s": media_s,
        "cpu_s": cpu_s,
        "times": media_s / cpu_s,
        "pictures_s": report.pictures / media_s,
        "mb_per_hour": out.stat().st_size / 1e6 / media_s * 3600,
        "video_mb_per_hour": _video_bytes(out) / 1e6 / media_s * 3600,
    }


def _video_bytes(film: Path) -> int:
    with av.open(str(film), "r") as container:
        return sum(packet.size for packet in container.demux(container.streams.video[0]))


def board_size(folder: Path, strokes: int) -> dict[str, float]:
    """Bytes of a finished archive that holds nothing but ink: an hour of writing in strokes of 80 points.

    `sealed_bytes`: before the worker packed it.
    """
    classroom = Classroom()
    archive = open_archive(folder, classroom.info)
    archive.meta("start_ms", 0)
    points = write_board(archive, classroom, 3_600_000, strokes=strokes)
    archive.seal(3_600_000)
    archive.close()
    sealed = (folder / DATABASE).stat().st_size
    before_s = time.process_time()
    pack_envelopes(folder)
    packing_s = time.process_time() - before_s
    size = (folder / DATABASE).stat().st_size
    facts = {"points": points, "bytes": size, "bytes_per_point": size / points}
    return facts | {"sealed_bytes": sealed, "packing_cpu_s": packing_s}
