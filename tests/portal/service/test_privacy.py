"""Export, erasure, disclosures and the audit command: portal/{student_record,erasure,ledger,audit_command}.py."""

import asyncio
import io
import re
import zipfile
from pathlib import Path

import pytest
from sqlalchemy import insert, text, update

from portal.audit_command import run_audit_verify
from portal.context import Portal
from portal.database import Database, database_url
from portal.ledger import audit
from portal.schema import lessons, recordings, relay_events
from portal.student_record import CONTENTS
from tests.portal.world import LESSON, MINUTE_MS, NOON_MS, OTHER_LESSON, Browser, fill_service, rows
from whiteboard_crdt.errors import SetupError

ERASE = {"reason": "Asked by the parents", "confirm": "ERASE"}


@pytest.fixture
async def office(browser: Browser, portal: Portal) -> Browser:
    """A coordinator after a recorded lesson of the student, who was there for half an hour."""
    await fill_service(portal)
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(state="ended", ended_ms=NOON_MS + 60 * MINUTE_MS))
        for number, kind, minute in ((1, "join", 0), (2, "leave", 30)):
            await connection.execute(
                insert(relay_events).values(
                    id=f"e{number}",
                    room=f"room-{LESSON}",
                    user="student",
                    session="0" * 16,
                    kind=kind,
                    at_ms=NOON_MS + minute * MINUTE_MS,
                    received_ms=NOON_MS,
                )
            )
        for lesson in (LESSON, OTHER_LESSON):
            await connection.execute(
                insert(recordings).values(lesson=lesson, state="rendered", detail="", heartbeat_ms=NOON_MS)
            )
            (portal.settings.recordings / lesson).mkdir(parents=True)
            (portal.settings.recordings / lesson / "lesson.sqlite").write_text("ink")
    await browser.log_in("coordinator")
    return browser


async def test_export_holds_what_its_readme_says_and_nobody_else(office: Browser) -> None:
    answer = await office.submit("/students/student/export", {})
    assert answer.headers["Content-Disposition"] == 'attachment; filename="student-student.zip"'
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as bundle:
        assert bundle.namelist() == ["README.txt", *CONTENTS]
        readme = bundle.read("README.txt").decode()
        assert all(name in readme for name in CONTENTS)
        everything = "".join(bundle.read(name).decode() for name in CONTENTS)
    assert "student name" in everything
    assert "2026-11-23T14:35:00Z" in everything
    assert "other-student" not in everything
    assert "password_hash" not in everything


async def test_erasure_removes_the_person_and_keeps_the_figures(office: Browser, portal: Portal) -> None:
    assert (await office.submit("/students/student/erase", ERASE)).status == 303
    person = next(row for row in await rows(portal, "users") if row["id"] == "student")
    assert (person["name"], person["password_hash"], person["email"]) == ("Erased student", None, None)
    assert await rows(portal, "relay_events") == []
    (figure,) = [row for row in await rows(portal, "attendance_corrections") if row["student"] == "student"]
    assert (figure["minutes"], figure["reason"]) == (30, "erased")
    assert [row["student"] for row in await rows(portal, "staffing_requests")] == ["far-student"]
    assert {row["id"] for row in await rows(portal, "outbox")} == {"mail-far"}
    # The only student's recording is gone from disk; the lesson of others is untouched.
    assert not (portal.settings.recordings / LESSON).exists()
    assert (portal.settings.recordings / OTHER_LESSON / "lesson.sqlite").exists()
    assert [row["lesson"] for row in await rows(portal, "recordings")] == [OTHER_LESSON]


async def test_recording_with_other_students_is_kept_and_the_certificate_says_so(
    office: Browser, portal: Portal
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            text("INSERT INTO lesson_members VALUES (:lesson, 'other-student', 'student')"), {"lesson": LESSON}
        )
    done = await office.submit("/students/student/erase", ERASE)
    assert (portal.settings.recordings / LESSON).exists()
    page = re.sub(r"\s+", " ", await (await office.get(done.headers["Location"])).text())
    assert '<dt>Recordings shared with others, kept</dt><dd class="numbers">1</dd>' in page


async def test_erasure_waits_for_a_lesson_that_goes_on(office: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(state="live"))
    refused = await office.submit("/students/student/erase", ERASE)
    assert refused.status == 409
    assert "is going on" in await refused.text()


async def test_folder_that_cannot_be_deleted_stops_the_erasure(
    office: Browser, portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise PermissionError

    monkeypatch.setattr("portal.destruction.shutil.rmtree", fail)
    assert (await office.submit("/students/student/erase", ERASE)).status == 500
    person = next(row for row in await rows(portal, "users") if row["id"] == "student")
    assert person["name"] == "student name"


async def test_reason_of_a_read_is_noted(office: Browser, portal: Portal) -> None:
    await office.get("/students/student?reason=call%20from%20the%20parents")
    log = await rows(portal, "disclosure_log")
    assert log[-1]["reason"] == "coordinator of the school: call from the parents"
    page = await (await office.get("/disclosures")).text()
    assert "call from the parents" in page


async def test_student_sees_who_read_the_own_record_and_nobody_elses(office: Browser) -> None:
    await office.get("/students/student")
    await office.log_in("student")
    assert "coordinator name" in await (await office.get("/students/student/disclosures")).text()
    assert (await office.get("/students/other-student/disclosures")).status == 403


async def test_audit_command_finds_what_was_changed(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()
    async with database.write() as connection:
        for number in range(3):
            await audit(connection, "u", "x", "y", str(number), number)
    await database.close()
    said: list[str] = []

    def verify() -> int:
        return run_audit_verify(tmp_path, None, said.append)

    assert await asyncio.to_thread(verify) == 0
    async with database.write() as connection:
        await connection.execute(text("UPDATE audit_log SET actor = 'v' WHERE id = 2"))
    await database.close()
    assert await asyncio.to_thread(verify) == 1
    assert said[0].startswith("The audit log holds: 3 rows")
    assert said[1].startswith("The audit log is broken: row 2 was changed")


def test_audit_command_without_a_database_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="no portal database"):
        run_audit_verify(tmp_path, None, print)
