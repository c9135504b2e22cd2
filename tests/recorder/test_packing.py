"""Envelopes compressed after sealing: `recorder.packing`."""

from __future__ import annotations

import sqlite3
import zlib
from contextlib import closing
from pathlib import Path

import pytest

from recorder.packing import pack_envelopes
from recorder.projection import Viewer
from recorder.reading import ArchiveReader
from recorder.schema import DATABASE
from recorder.timeline import encode_timeline
from recorder.verify import verify
from tests.recorder.lesson import Lesson
from tests.recorder.stream import read_stream
from whiteboard_crdt.errors import SetupError

STAFF = Viewer("u1", True)
STROKES = 300
_ENVELOPES = "select id, room_ms, authored_ms, stream, seq, envelope from envelopes order by id"


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    """A board of more than one pack."""
    lesson = Lesson(tmp_path)
    lesson.live(0)
    for number in range(STROKES):
        lesson.people[0].line([(x, number % 50 + x * x % 7) for x in range(0, 400, 5)])
        lesson.did(lesson.people[0], number * 100, share=False)
    return lesson.finish(STROKES * 100)


def rows(folder: Path) -> list[tuple[object, ...]]:
    with ArchiveReader(folder) as archive:
        return list(archive.rows("envelopes", _ENVELOPES))


def test_packed_archive_is_smaller_and_holds_the_same_envelopes(sealed: Path) -> None:
    before, timeline, size = rows(sealed), list(encode_timeline(sealed, STAFF)), (sealed / DATABASE).stat().st_size
    assert pack_envelopes(sealed)
    assert rows(sealed) == before
    assert list(encode_timeline(sealed, STAFF)) == timeline
    assert (sealed / DATABASE).stat().st_size < 0.75 * size
    assert list(sealed.glob(f"{DATABASE}*")) == [sealed / DATABASE]
    report = verify(sealed)
    assert (report.errors, report.envelopes) == ([], len(before))
    assert not pack_envelopes(sealed)


def test_packed_envelopes_are_found_as_the_document_says(sealed: Path) -> None:
    before = rows(sealed)
    pack_envelopes(sealed)
    with closing(sqlite3.connect(sealed / DATABASE)) as conn:
        sql = "select e.at, e.size, p.data, p.bytes from envelopes e join packs p on p.id = e.pack order by e.id"
        found = []
        for at, size, data, total in conn.execute(sql):
            raw = zlib.decompress(data)
            assert len(raw) == total
            found.append(raw[at : at + size])
        assert found == [row[5] for row in before]
        assert conn.execute("select count(*) > 1, sum(envelopes) from packs").fetchone() == (1, len(before))


def test_damaged_pack_costs_its_own_envelopes_and_is_named(sealed: Path) -> None:
    pack_envelopes(sealed)
    with closing(sqlite3.connect(sealed / DATABASE)) as conn, conn:
        (lost,) = conn.execute("select envelopes from packs where id = 2").fetchone()
        conn.execute("update packs set data = x'789c0102' where id = 2")
    seen = [record for record in read_stream(encode_timeline(sealed, STAFF)) if record.kind == "update"]
    assert len(seen) == STROKES - lost
    assert any("envelope" in error for error in verify(sealed).errors)


@pytest.mark.parametrize("where", ["pack = 99", "at = 1 << 40", "size = -5", "size = 1 << 40", "at = 'x'"])
def test_row_that_points_nowhere_is_a_damaged_row(sealed: Path, where: str) -> None:
    pack_envelopes(sealed)
    with closing(sqlite3.connect(sealed / DATABASE)) as conn, conn:
        conn.execute(f"update envelopes set {where} where id = 7")
    seen = [record for record in read_stream(encode_timeline(sealed, STAFF)) if record.kind == "update"]
    assert len(seen) == STROKES - 1


def test_archive_that_is_still_written_is_left_alone(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    lesson.people[0].line([(0, 0), (5, 5)])
    lesson.did(lesson.people[0], 0)
    lesson.archive.flush()
    with pytest.raises(SetupError, match="not sealed"):
        pack_envelopes(tmp_path)
    assert len(rows(tmp_path)) == 1
