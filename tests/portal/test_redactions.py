"""What is left out of recordings: portal/redactions.py, redaction_maker.py, routes/recording_redactions.py."""

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.destruction import apply_retention
from portal.orders import OrderRefused, fail_order
from portal.recordings import RecordingState
from portal.redaction_schema import redactions
from portal.redactions import (
    ask_redaction,
    end_redaction,
    find_showing,
    finish_redaction,
    next_asked,
)
from portal.retention import place_hold, set_policy
from portal.schema import lessons
from recorder.captions import FILE, Caption, save_captions
from recorder.ciphered import encrypt_recording, is_encrypted, open_plain
from recorder.custody import has_key
from recorder.seal import write_hashes
from tests.portal.world import LESSON, NOON_MS, Browser, FakeClock, rows
from tests.recorder.lesson import Lesson

PAGE = f"/recordings/{LESSON}/redactions"
API = f"/api/recordings/{LESSON}"
COORDINATOR = Actor("coordinator", "here", Role.COORDINATOR, "login")
SECRET = "secret-in-the-chat"
DAY_MS = 24 * 60 * 60 * 1000
FORM = {"reason": "asked for by a guardian", "audience": "shown", "original": "keep"}


@pytest.fixture
async def folder(portal: Portal) -> Path:
    """A sealed recording in which `u2` wrote something."""
    lesson = Lesson(portal.settings.recordings / LESSON)
    tutor, student = lesson.people
    lesson.live(0)
    tutor.line([(0, 0), (100, 100)])
    lesson.did(tutor, 100)
    student.chat.post(SECRET, 5)
    lesson.did(student, 200)
    folder = lesson.finish(500)
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values(state="ended", ended_ms=NOON_MS))
    await portal.desk.report(LESSON, RecordingState.RENDERED, detail="", duration_ms=500, progress=None, now_ms=NOON_MS)
    return folder


async def ask(portal: Portal, *words: str, audience: str = "shown", destroys: bool = False) -> str:
    async with portal.database.write() as connection:
        return await ask_redaction(
            connection, COORDINATOR, LESSON, audience=audience, words=words, reason="why",
            destroys_original=destroys, now_ms=portal.clock(),
        )  # fmt: skip


async def finish(portal: Portal) -> bool:
    """As if its process had just ended well."""
    async with portal.database.write() as connection:
        row = await next_asked(connection)
        assert row is not None
        return await finish_redaction(connection, row, portal.clock())


async def timeline(browser: Browser) -> bytes:
    answer = await browser.get(f"{API}/timeline")
    assert answer.status == 200
    return await answer.read()


async def test_from_the_form_to_what_students_then_see(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    write_hashes(folder, LESSON)
    encrypt_recording(folder)
    office, student = open_browser(), open_browser()
    await office.log_in("coordinator")
    await student.log_in("student")
    assert SECRET.encode() in await timeline(student)
    answer = await office.submit(PAGE, {**FORM, "ink:u2": "on", "name:u2": "on", "original": "destroy"})
    assert answer.status == 303
    refused = await student.get(API)
    assert (refused.status, (await refused.json())["error"]) == (409, "redacting")
    await portal.redactions.settled()
    manifest = await (await student.get(API)).json()
    assert manifest["redacted"] is True
    assert [person["name"] for person in manifest["participants"]] == ["Ada Tutor", "Student 1"]
    assert SECRET.encode() not in await timeline(student)
    (row,) = await rows(portal, "redactions")
    assert (row["state"], row["progress"]) == ("done", 1.0)
    copy = portal.settings.recordings / row["id"]
    assert is_encrypted(copy)
    film = await student.get(f"{API}/export.mp4")
    with open_plain(copy / "export" / "lesson.mp4") as made:
        assert (film.status, await film.read()) == (200, made.read())
    assert SECRET.encode() not in await (await student.get(f"{API}/export.html")).read()
    # The original went with its key, and that cannot be taken back.
    assert not folder.exists()
    assert not has_key(portal.settings.data / "keys", LESSON)
    done = [row["action"] for row in await rows(portal, "audit_log") if row["actor"] == COORDINATOR.user]
    assert [action for action in done if action.startswith("recording.")] == [
        "recording.redact", "recording.original_destroy", "recording.redacted",
    ]  # fmt: skip
    page = await (await office.get(PAGE)).text()
    assert "The original was destroyed" in page
    assert (await office.submit(PAGE + f"/{row['id']}/end", {})).status == 409
    assert ("coordinator", "recording.redact", "student") in [
        (row["actor"], row["action"], row["student"]) for row in await rows(portal, "disclosure_log")
    ]


async def test_a_copy_to_hand_on_leaves_the_recording_as_it_is(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    office, student = open_browser(), open_browser()
    await office.log_in("reviewer")
    await student.log_in("student")
    assert (await office.submit(PAGE, {**FORM, "name:*": "on", "audience": "copy"})).status == 303
    await portal.redactions.settled()
    assert (await (await student.get(API)).json())["redacted"] is False
    (row,) = await rows(portal, "redactions")
    page = await office.get(f"{PAGE}/{row['id']}/page.html")
    content = await page.read()
    assert (page.status, b"Tutor 1" in content, b"Ada Tutor" in content) == (200, True, False)
    film = await office.get(f"{PAGE}/{row['id']}/film.mp4")
    assert (film.status, film.content_type) == (200, "video/mp4")
    assert (await student.get(f"{PAGE}/{row['id']}/film.mp4")).status == 403
    assert (await office.submit(PAGE + f"/{row['id']}/end", {})).status == 303
    await portal.redactions.settled()
    assert not (portal.settings.recordings / row["id"]).exists()
    assert (await office.get(f"{PAGE}/{row['id']}/film.mp4")).status == 404


async def test_a_name_is_left_out_of_what_others_write_beside_the_recording(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    (folder / "export").mkdir()
    save_captions(folder / "export" / FILE, [Caption(1, 100, 200, "u1", "well done")], "test")
    tutor, student = open_browser(), open_browser()
    await tutor.log_in("tutor")
    await student.log_in("student")
    (person,) = [row for row in await rows(portal, "users") if row["id"] == "student"]
    name = person["name"]
    note = {"words": f"{name}’s best idea", "audience": "class", "room_time": 100}
    assert (await tutor.post(f"{API}/notes", note)).status == 200
    async with portal.database.write() as connection:
        await connection.execute(
            insert(redactions).values(
                id="copy-of-it", lesson=LESSON, audience="shown", without='["name:student"]', reason="why",
                destroys_original=False, asked_by="coordinator", asked_ms=1, state="done", progress=1.0, detail="",
                done_ms=2,
            )
        )  # fmt: skip
    folder.rename(folder.with_name("copy-of-it"))
    assert (await tutor.post(f"{API}/captions/1", {"words": f"well done, {name.split()[0].lower()}"})).status == 200
    (seen,) = (await (await student.get(f"{API}/notes")).json())["notes"]
    assert seen["words"] == "a participant’s best idea"
    (caption,) = (await (await student.get(f"{API}/captions")).json())["captions"]
    assert caption["text"] == "well done, a participant"
    assert name.split()[0] not in await (await student.get(f"{API}/captions.vtt")).text()


async def test_form_says_what_is_missing_and_reviewers_destroy_no_original(browser: Browser, folder: Path) -> None:
    await browser.log_in("reviewer")
    nothing = await browser.submit(PAGE, FORM)
    assert (nothing.status, "Choose what to leave out" in await nothing.text()) == (409, True)
    assert (await browser.submit(PAGE, {**FORM, "ink:u2": "on", "reason": ""})).status == 400
    assert (await browser.submit(PAGE, {**FORM, "ink:u2": "on", "original": "destroy"})).status == 400
    assert (await browser.submit(PAGE, {**FORM, "ink:somebody": "on"})).status == 409


async def test_a_second_one_adds_to_the_first_and_the_first_goes(portal: Portal, folder: Path) -> None:
    first = await ask(portal, "ink:u2")
    with pytest.raises(OrderRefused, match="just now"):
        await ask(portal, "voice:u2")
    assert await finish(portal)
    second = await ask(portal, "voice:u1")
    assert await finish(portal)
    async with portal.database.read() as connection:
        showing = await find_showing(connection, LESSON)
    assert (showing.folder, showing.withheld) == (second, False)
    assert showing.current is not None
    assert showing.current.without == ("ink:u2", "voice:u1")
    assert {row["id"]: row["state"] for row in await rows(portal, "redactions")} == {first: "ended", second: "done"}


async def test_taken_back_the_original_is_shown_again(portal: Portal, folder: Path) -> None:
    identifier = await ask(portal, "ink:u2")
    assert await finish(portal)
    async with portal.database.write() as connection:
        await end_redaction(connection, COORDINATOR, LESSON, identifier, portal.clock())
    async with portal.database.read() as connection:
        assert (await find_showing(connection, LESSON)).folder == LESSON


async def test_one_that_failed_keeps_the_recording_closed(portal: Portal, browser: Browser, folder: Path) -> None:
    identifier = await ask(portal, "ink:u2")
    async with portal.database.write() as connection:
        await fail_order(connection, redactions, identifier, "disk full")
    await browser.log_in("coordinator")
    assert (await browser.get(API)).status == 409
    page = await (await browser.get(PAGE)).text()
    assert "It could not be made: disk full" in page
    assert (await browser.submit(PAGE + f"/{identifier}/again", {})).status == 303
    await portal.redactions.settled()
    assert [row["state"] for row in await rows(portal, "redactions")] == ["done"]


async def test_an_original_under_hold_stays(portal: Portal, folder: Path) -> None:
    asked = await ask(portal, "ink:u2", destroys=True)
    async with portal.database.write() as connection:
        await place_hold(connection, COORDINATOR, LESSON, "a dispute", None, portal.clock())
    assert await finish(portal)
    assert await rows(portal, "lost_originals") == []
    with pytest.raises(OrderRefused, match="legal hold"):
        await ask(portal, "ink:u1", destroys=True)
    assert [row["id"] for row in await rows(portal, "redactions")] == [asked]


async def test_destroying_a_recording_destroys_its_copies(portal: Portal, clock: FakeClock, folder: Path) -> None:
    identifier = await ask(portal, "ink:u2")
    (portal.settings.recordings / identifier).mkdir()
    (portal.settings.recordings / f".{identifier}.part").mkdir()
    async with portal.database.write() as connection:
        await set_policy(connection, COORDINATOR, 1, portal.clock())
    clock.now_ms += 10 * DAY_MS
    assert await apply_retention(portal.database, portal.clock, portal.settings.recordings) == 1
    assert list(portal.settings.recordings.iterdir()) == []
    # A process that ends now has made it for nobody.
    async with portal.database.read() as connection:
        assert await next_asked(connection) is None


async def test_notes_of_somebody_left_out_are_seen_by_them_alone(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    note = {"words": "mine", "audience": "class", "room_time": 100}
    assert (await student.post(f"{API}/notes", note)).status == 200

    async def seen(browser: Browser) -> list[tuple[str, str]]:
        notes = (await (await browser.get(f"{API}/notes")).json())["notes"]
        return [(each["words"], each["name"]) for each in notes]

    ((_, name),) = await seen(tutor)
    await ask(portal, "name:student")
    assert await finish(portal)
    assert await seen(tutor) == [("mine", "A participant")]
    await ask(portal, "ink:student")
    assert await seen(tutor) == []  # while it is being left out nobody sees what may be
    assert await finish(portal)
    assert await seen(tutor) == []
    assert await seen(student) == [("mine", name)]
