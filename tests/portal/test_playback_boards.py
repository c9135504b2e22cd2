"""Boards that go on from a lesson: portal/continued.py, portal/routes/playback_boards.py."""

from collections.abc import Callable

import pytest
from aiohttp import ClientResponse
from pycrdt import Doc, Map

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.erasure import erase
from portal.student_record import load_record
from tests.portal.world import LESSON, NOON_MS, Browser, rows
from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

BOARDS = f"/api/recordings/{LESSON}/boards"


def drawing(session: str) -> bytes:
    """A Yjs update with one stroke."""
    doc: Doc[Map[object]] = Doc(client_id=7)
    board = Board(doc, SessionId(session))
    board.add_stroke("main", [InkPoint(1, 1, 255), InkPoint(9, 9, 255)], ShapeType.DRAW, "blue", 4, 1)
    return doc.get_update()


async def save(browser: Browser, board: str, work: bytes, version: int) -> ClientResponse:
    return await browser.client.post(
        f"{BOARDS}/{board}/work?version={version}",
        data=work,
        headers={"X-CSRF-Token": browser.csrf, "Content-Type": "application/octet-stream"},
    )


@pytest.fixture
async def student(open_browser: Callable[[], Browser]) -> Browser:
    browser = open_browser()
    await browser.log_in("student")
    return browser


@pytest.fixture
async def board(student: Browser) -> str:
    """A board that the student forked at 12 s of the room."""
    made: str = (await (await student.post(BOARDS, {"room_time": 12_000})).json())["board"]
    return made


async def test_work_is_kept_and_given_back_byte_for_byte(student: Browser, board: str) -> None:
    facts = await (await student.get(f"{BOARDS}/{board}")).json()
    assert (facts["room_time"], facts["version"], facts["state"], facts["own"]) == (12_000, 0, "kept", True)
    assert await (await student.get(f"{BOARDS}/{board}/work")).read() == b"\x00\x00"
    work = drawing(facts["session"])
    assert await (await save(student, board, work, 0)).json() == {"version": 1}
    kept = await student.get(f"{BOARDS}/{board}/work")
    assert (kept.headers["X-Version"], await kept.read()) == ("1", work)


async def test_save_over_a_newer_version_is_refused_and_loses_nothing(student: Browser, board: str) -> None:
    first, second = drawing("0" * 16), drawing("1" * 16)
    await save(student, board, first, 0)
    refused = await save(student, board, second, 0)
    assert (refused.status, (await refused.json())["error"]) == (409, "changed")
    assert await (await student.get(f"{BOARDS}/{board}/work")).read() == first


@pytest.mark.parametrize(
    "hostile", [b"", b"\x01", b"nonsense", bytes.fromhex("01016fffffffff0f0401017402455600"), b"\x00\x00\x00"]
)
async def test_bytes_that_are_no_update_are_never_kept_P1(student: Browser, board: str, hostile: bytes) -> None:
    refused = await save(student, board, hostile, 0)
    assert (refused.status, (await refused.json())["error"]) == (400, "bad_work")
    assert await (await student.get(f"{BOARDS}/{board}/work")).read() == b"\x00\x00"


async def test_board_too_large_is_refused(student: Browser, board: str) -> None:
    assert (await save(student, board, bytes(2_000_001), 0)).status == 413


async def test_tutor_sees_a_board_once_it_is_handed_in_and_answers(
    student: Browser, board: str, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    tutor = open_browser()
    await tutor.log_in("tutor")
    assert (await (await tutor.get(BOARDS)).json())["boards"] == []
    assert (await tutor.get(f"{BOARDS}/{board}/work")).status == 404
    early = await student.post(f"{BOARDS}/{board}/hand-in", {"version": 0})
    assert (await early.json())["error"] == "nothing_added"
    await save(student, board, drawing("0" * 16), 0)
    assert (await student.post(f"{BOARDS}/{board}/hand-in", {"version": 1})).status == 200
    assert (await save(student, board, drawing("1" * 16), 1)).status == 409
    (seen,) = (await (await tutor.get(BOARDS)).json())["boards"]
    assert (seen["id"], seen["name"], seen["own"], seen["can_answer"]) == (board, "student name", False, True)
    assert (await tutor.post(f"{BOARDS}/{board}/answer", {"words": "Right!"})).status == 200
    assert "student name" in await (await tutor.get("/boards")).text()
    mine = await (await student.get(f"{BOARDS}/{board}")).json()
    assert (mine["state"], mine["answer"], mine["can_answer"]) == ("answered", "Right!", False)
    assert {row["action"] for row in await rows(portal, "audit_log")} >= {"board.hand_in", "board.answer"}


async def test_board_that_is_taken_back_goes_on(student: Browser, board: str) -> None:
    await save(student, board, drawing("0" * 16), 0)
    await student.post(f"{BOARDS}/{board}/hand-in", {"version": 1})
    assert (await student.post(f"{BOARDS}/{board}/remove")).status == 409
    assert (await (await student.post(f"{BOARDS}/{board}/take-back")).json())["state"] == "kept"
    assert await (await save(student, board, drawing("1" * 16), 1)).json() == {"version": 2}
    assert (await student.post(f"{BOARDS}/{board}/remove")).status == 200
    assert (await student.get(f"{BOARDS}/{board}")).status == 404


async def test_nobody_else_reads_or_changes_a_board_that_is_not_handed_in(
    student: Browser, board: str, open_browser: Callable[[], Browser]
) -> None:
    for who in ("tutor", "coordinator", "reviewer", "other-student"):
        other = open_browser()
        await other.log_in(who)
        for path in ("", "/work"):
            assert (await other.get(f"{BOARDS}/{board}{path}")).status in (403, 404)
        assert (await save(other, board, drawing("0" * 16), 0)).status in (403, 404)
        assert (await other.post(f"{BOARDS}/{board}/remove")).status in (403, 404)


async def test_staff_changes_nothing_on_what_was_handed_in(
    student: Browser, board: str, open_browser: Callable[[], Browser]
) -> None:
    await save(student, board, drawing("0" * 16), 0)
    await student.post(f"{BOARDS}/{board}/hand-in", {"version": 1})
    tutor = open_browser()
    await tutor.log_in("tutor")
    assert (await save(tutor, board, drawing("1" * 16), 1)).status == 403
    assert (await tutor.post(f"{BOARDS}/{board}/take-back")).status == 403


async def test_students_page_lists_the_own_boards(student: Browser, board: str) -> None:
    page = await (await student.get("/boards")).text()
    assert f"?board={board}" in page


async def test_boards_and_notes_are_in_the_students_record_and_go_with_the_student(
    student: Browser, board: str, portal: Portal
) -> None:
    await save(student, board, drawing("0" * 16), 0)
    await student.post(f"/api/recordings/{LESSON}/notes", {"words": "my words", "audience": "private", "room_time": 5})
    async with portal.database.read() as connection:
        record = await load_record(connection, "student", "UTC", NOON_MS)
    assert b"my words" in record["notes.csv"]
    assert drawing("0" * 16).hex().encode() in record["boards.csv"]
    actor = Actor("coordinator", "here", Role.COORDINATOR, "login")
    await erase(portal.database, actor, "student", "asked for", portal.settings.recordings, NOON_MS)
    assert await rows(portal, "notes") == await rows(portal, "continued_boards") == []
