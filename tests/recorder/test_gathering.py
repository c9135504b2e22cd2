"""How the pictures of a lesson come into its archive: `recorder.gathering`."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from recorder.archive import open_archive
from recorder.gathering import Gatherer, named_assets
from recorder.reading import ArchiveReader
from signaling.asset_server import AssetError
from signaling.peer_assets import Asset
from tests.recorder.lesson import EPOCH_MS, Lesson, Person
from tests.recorder.pictures import paste, png
from whiteboard_crdt.assets import AssetId
from whiteboard_crdt.ids import BOARD, CHAT

RED, BLUE = png((200, 30, 30)), png((30, 30, 200))


def hash_of(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Room:
    """What others give: `there` is asked for by hash; who asks for something else waits for `changed`."""

    def __init__(self) -> None:
        self.there: dict[str, bytes] = {}
        self.asked: list[str] = []

    async def fetch(self, asset: str) -> Asset:
        self.asked.append(asset)
        data = self.there.get(asset)
        if data is None:
            raise AssetError("unknown")
        return Asset(AssetId(asset), "image/png", data)


@asynccontextmanager
async def gathering(lesson: Lesson, room: Room, beside: Callable[[str], Path | None] = lambda _: None) -> Any:
    gatherer = Gatherer(lesson.archive, room.fetch, beside, lambda: 5000.0)
    task = asyncio.create_task(gatherer.run())
    try:
        yield gatherer
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def show(lesson: Lesson, gatherer: Gatherer, person: Person, room_ms: int) -> None:
    for envelope in lesson.did(person, room_ms):
        gatherer.seen(envelope, room_ms)


async def empty(gatherer: Gatherer) -> None:
    async with asyncio.timeout(5):
        await gatherer.finish(4)
    assert gatherer.missing == 0


def rows(lesson: Lesson) -> list[tuple[str, str, int, int | None]]:
    lesson.archive.flush()
    with ArchiveReader(lesson.folder) as archive:
        return [(row.asset, row.doc.text, row.room_ms, row.held_ms) for row in archive.assets()]


async def test_a_picture_that_a_shape_names_is_brought_and_stored(tmp_path: Path) -> None:
    lesson, room = Lesson(tmp_path), Room()
    room.there[hash_of(RED)] = RED
    async with gathering(lesson, room) as gatherer:
        paste(lesson.people[0].board, RED)
        show(lesson, gatherer, lesson.people[0], 1000)
        await empty(gatherer)
        # Named again, it is not asked for again.
        paste(lesson.people[0].board, RED)
        show(lesson, gatherer, lesson.people[0], 2000)
    assert room.asked == [hash_of(RED)]
    assert (tmp_path / "assets" / hash_of(RED)).read_bytes() == RED
    assert rows(lesson) == [(hash_of(RED), "board", 1000, 5000)]


async def test_a_picture_on_the_disk_beside_is_taken_from_there_if_its_hash_is_right(tmp_path: Path) -> None:
    lesson, room = Lesson(tmp_path / "a"), Room()
    room.there[hash_of(BLUE)] = BLUE
    store = tmp_path / "store"
    store.mkdir()
    (store / hash_of(RED)).write_bytes(RED)
    (store / hash_of(BLUE)).write_bytes(b"rotten")

    async with gathering(lesson, room, lambda asset: store / asset) as gatherer:
        paste(lesson.people[0].board, RED)
        paste(lesson.people[0].board, BLUE)
        show(lesson, gatherer, lesson.people[0], 1000)
        await empty(gatherer)
    assert room.asked == [hash_of(BLUE)]
    assert (lesson.folder / "assets" / hash_of(BLUE)).read_bytes() == BLUE


async def test_one_that_appears_late_is_taken_when_the_lesson_is_sealed(tmp_path: Path) -> None:
    lesson, room = Lesson(tmp_path), Room()
    async with gathering(lesson, room) as gatherer:
        paste(lesson.people[0].board, RED)
        show(lesson, gatherer, lesson.people[0], 1000)
        await gatherer.finish(2)
        assert gatherer.missing == 1
        assert rows(lesson) == [(hash_of(RED), "board", 1000, None)]
        room.there[hash_of(RED)] = RED
        await empty(gatherer)
    assert rows(lesson) == [(hash_of(RED), "board", 1000, 5000)]


async def test_the_next_run_goes_on_with_what_is_missing(tmp_path: Path) -> None:
    lesson, room = Lesson(tmp_path), Room()
    async with gathering(lesson, room) as gatherer:
        for data in (RED, BLUE):
            paste(lesson.people[0].board, data)
        room.there[hash_of(RED)] = RED
        show(lesson, gatherer, lesson.people[0], 1000)
        await gatherer.finish(2)
    lesson.archive.flush()
    lesson.archive.close()
    # What the table says is here and the disk does not have is brought again.
    (tmp_path / "assets" / hash_of(RED)).unlink()
    lesson.archive = open_archive(tmp_path, lesson.info)
    (tmp_path / "assets" / ".part-x").write_bytes(b"of a run that was killed")
    room.there[hash_of(BLUE)] = BLUE
    room.asked.clear()
    async with gathering(lesson, room) as gatherer:
        assert gatherer.missing == 2
        await empty(gatherer)
    assert sorted(room.asked) == sorted([hash_of(RED), hash_of(BLUE)])
    assert {path.name for path in (tmp_path / "assets").iterdir()} == {hash_of(RED), hash_of(BLUE)}


async def test_a_picture_of_a_private_board_stays_so_until_the_board_names_it(tmp_path: Path) -> None:
    lesson, room = Lesson(tmp_path), Room()
    student = lesson.people[1]
    async with gathering(lesson, room) as gatherer:
        paste(student.desk("u2"), RED)
        show(lesson, gatherer, student, 1000)
        assert [doc for _, doc, *_ in rows(lesson)] == ["desk/u2"]
        paste(student.board, RED)
        show(lesson, gatherer, student, 2000)
        assert [doc for _, doc, *_ in rows(lesson)] == ["board"]


async def test_no_more_than_a_room_may_hold_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = type("Limits", (), {"wanted": 2, "room_bytes": len(RED) + 10, "asset_bytes": 1 << 20})
    monkeypatch.setattr("recorder.gathering.ASSET_LIMITS", limits)
    lesson, room = Lesson(tmp_path), Room()
    third = png((1, 2, 3))
    room.there = {hash_of(data): data for data in (RED, BLUE, third)}
    async with gathering(lesson, room) as gatherer:
        for data in (RED, BLUE, third):
            paste(lesson.people[0].board, data)
        show(lesson, gatherer, lesson.people[0], 1000)
        await gatherer.finish(2)
        assert gatherer.missing == 1
        # What there is no room for is not brought again and again.
        asked = len(room.asked)
        await gatherer.finish(2)
        assert len(room.asked) == asked == 2
    assert len(rows(lesson)) == 2


def test_what_is_typed_or_pasted_as_text_names_nothing(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    tutor = lesson.people[0]
    tutor.board.add_text("main", 0, 0, hash_of(RED), "black", 24, EPOCH_MS)
    tutor.chat.post(hash_of(BLUE), EPOCH_MS)
    envelopes = lesson.did(tutor, 1000)
    assert {envelope.doc for envelope in envelopes} == {BOARD, CHAT}
    assert [asset for envelope in envelopes for asset in named_assets(envelope)] == []


def test_a_changed_field_names_a_picture_too(tmp_path: Path) -> None:
    lesson = Lesson(tmp_path)
    tutor = lesson.people[0]
    shape = paste(tutor.board, RED)
    lesson.did(tutor, 1000)
    doc = tutor.replica.doc(BOARD)
    doc.get("shapes", type=Map)[shape]["asset"] = hash_of(BLUE)
    assert [asset for envelope in lesson.did(tutor, 2000) for asset in named_assets(envelope)] == [hash_of(BLUE)]
    # As a library that knows nothing of us writes it.
    other: Doc[Any] = Doc()
    other["shapes"] = Map({"s": Map({"asset": hash_of(RED), "text": Text("w@")})})
    assert hash_of(RED).encode() in other.get_update()
