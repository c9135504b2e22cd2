"""Retention, legal holds and the destruction of recordings: portal/retention.py, portal/destruction.py."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.destruction import apply_retention
from portal.erasure import ErasureRefused, erase
from portal.ledger import verify_audit
from portal.recordings import RecordingState
from portal.retention import load_kept, place_hold, release_hold, set_own_day, set_policy
from portal.schema import lessons
from portal.times import local
from recorder.archive import LessonInfo, open_archive
from recorder.ciphered import encrypt_recording
from recorder.custody import has_key, keep_key
from recorder.seal import write_hashes
from tests.portal.world import LESSON, NOON_MS, Browser, FakeClock, rows

DAY_MS = 24 * 60 * 60 * 1000
ZONE = "America/New_York"
COORDINATOR = Actor("coordinator", "here", Role.COORDINATOR, "login")


@pytest.fixture
async def folder(portal: Portal) -> Path:
    """An encrypted recording of a lesson that has ended now."""
    folder = portal.settings.recordings / LESSON
    info = LessonInfo(LESSON, f"room-{LESSON}", "Fractions", "School here", portal.keyring.jwks.decode())
    open_archive(folder, info).close()
    with closing(sqlite3.connect(folder / "lesson.sqlite")) as conn:
        conn.execute("pragma journal_mode = delete")
    write_hashes(folder, LESSON)
    encrypt_recording(folder)
    await ended(portal)
    return folder


async def ended(portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).where(lessons.c.id == LESSON).values(state="ended", ended_ms=NOON_MS, ends_ms=NOON_MS)
        )
    await portal.desk.report(
        LESSON, RecordingState.RENDERED, detail="", duration_ms=1000, progress=None, now_ms=NOON_MS
    )


async def keep_for(portal: Portal, days: int | None) -> None:
    async with portal.database.write() as connection:
        await set_policy(connection, COORDINATOR, days, portal.clock())


async def apply(portal: Portal) -> int:
    return await apply_retention(portal.database, portal.clock, portal.settings.recordings)


async def expiry_days(portal: Portal) -> float | None:
    async with portal.database.read() as connection:
        (kept,) = await load_kept(connection, "here", ZONE, portal.clock())
    return None if kept.expires_ms is None else (kept.expires_ms - NOON_MS) / DAY_MS


async def test_without_a_policy_nothing_goes(portal: Portal, clock: FakeClock, folder: Path) -> None:
    clock.advance(5000 * DAY_MS)
    assert await apply(portal) == 0
    await keep_for(portal, None)
    clock.advance(5000 * DAY_MS)
    assert await apply(portal) == 0
    assert folder.is_dir()


async def test_policy_destroys_on_its_day_key_and_files_and_leaves_a_record(
    portal: Portal, clock: FakeClock, folder: Path
) -> None:
    await keep_for(portal, 30)
    clock.advance(30 * DAY_MS - 1)
    assert await apply(portal) == 0
    clock.advance(1)
    assert await apply(portal) == 1
    assert not folder.exists()
    assert not has_key(portal.settings.data / "keys", LESSON)
    (left,) = await rows(portal, "destructions")
    assert (left["lesson"], left["basis"], left["days"], left["decided_by"]) == (LESSON, "policy", 30, "coordinator")
    assert (left["encrypted"], left["asked_ms"], left["done_ms"]) == (True, clock(), clock())
    assert left["files"] == 2
    assert left["bytes"] > 0
    assert await rows(portal, "recordings") == []
    actions = [row["action"] for row in await rows(portal, "audit_log")]
    assert actions[-3:] == ["retention.policy", "recording.destroy", "recording.destroyed"]
    assert (await verify_audit(portal.database)).broken_at is None
    assert await apply(portal) == 0


async def test_shortened_policy_waits_a_week(portal: Portal, clock: FakeClock, folder: Path) -> None:
    await keep_for(portal, 1000)
    clock.advance(100 * DAY_MS)
    await keep_for(portal, 10)
    assert await expiry_days(portal) == 107
    clock.advance(6 * DAY_MS)
    assert await apply(portal) == 0
    await keep_for(portal, 1000)
    clock.advance(2 * DAY_MS)
    assert await apply(portal) == 0


async def test_hold_keeps_what_is_due_until_it_is_released_or_over(
    portal: Portal, clock: FakeClock, folder: Path
) -> None:
    await keep_for(portal, 30)
    until = local(NOON_MS, ZONE).date() + timedelta(days=60)
    async with portal.database.write() as connection:
        await place_hold(connection, COORDINATOR, LESSON, "a complaint", until, clock())
    clock.advance(60 * DAY_MS)
    assert await apply(portal) == 0
    clock.advance(DAY_MS)
    assert await apply(portal) == 1


async def test_own_day_goes_before_the_policy(portal: Portal, clock: FakeClock, folder: Path) -> None:
    await keep_for(portal, 30)
    async with portal.database.write() as connection:
        day = local(NOON_MS, ZONE).date() + timedelta(days=90)
        await set_own_day(connection, COORDINATOR, LESSON, day, clock())
    clock.advance(89 * DAY_MS)
    assert await apply(portal) == 0
    clock.advance(DAY_MS)
    assert await apply(portal) == 1
    assert (await rows(portal, "destructions"))[0]["basis"] == "own day"


async def test_recording_that_is_being_made_is_waited_for(portal: Portal, clock: FakeClock, folder: Path) -> None:
    await keep_for(portal, 8)
    clock.advance(8 * DAY_MS)
    await portal.desk.report(
        LESSON, RecordingState.RENDERING, detail="", duration_ms=None, progress=0.5, now_ms=clock()
    )
    assert await apply(portal) == 0
    clock.advance(60 * 60 * 1000)
    assert await apply(portal) == 1
    await portal.desk.report(LESSON, RecordingState.RENDERED, detail="", duration_ms=None, progress=1.0, now_ms=clock())
    assert await rows(portal, "recordings") == []


async def test_fault_of_the_disk_is_tried_again_and_nobody_watches_meanwhile(
    portal: Portal, browser: Browser, clock: FakeClock, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(path: Path) -> None:
        raise OSError("the disk is away")

    monkeypatch.setattr("portal.destruction.shutil.rmtree", fail)
    await keep_for(portal, 8)
    clock.advance(8 * DAY_MS)
    assert await apply(portal) == 0
    # The key went first.
    assert folder.exists()
    assert not has_key(portal.settings.data / "keys", LESSON)
    await browser.log_in("tutor")
    answer = await browser.get(f"/api/recordings/{LESSON}")
    assert (answer.status, "was destroyed on" in (await answer.json())["message"]) == (404, True)
    monkeypatch.undo()
    assert await apply(portal) == 1
    assert not folder.exists()
    assert (await rows(portal, "destructions"))[0]["encrypted"]


async def test_page_says_what_goes_when_and_what_is_gone(
    portal: Portal, browser: Browser, clock: FakeClock, folder: Path
) -> None:
    await browser.log_in("coordinator")
    page = "/retention"
    assert (await browser.submit(page, {"days": "x"})).status == 400
    assert (await browser.submit(page, {"days": "30"})).status == 303
    assert "23 December 2026" in await (await browser.get(page)).text()
    held = await browser.submit(f"/lessons/{LESSON}/retention/hold", {"reason": "a complaint", "until": ""})
    assert held.status == 303
    text = await (await browser.get(page)).text()
    assert "a complaint" in text
    assert "not while it is held" in text
    again = await browser.submit(f"/lessons/{LESSON}/retention/hold", {"reason": "another", "until": ""})
    assert (again.status, "is held already" in await again.text()) == (409, True)
    assert (await browser.submit(f"/lessons/{LESSON}/retention/release", {})).status == 303
    near = await browser.submit(f"/lessons/{LESSON}/retention/day", {"day": "2026-11-24"})
    assert (near.status, "at least 7 days" in await near.text()) == (409, True)
    assert (await browser.submit(f"/lessons/{LESSON}/retention/day", {"day": "2026-12-01"})).status == 303
    assert "1 December 2026" in await (await browser.get(page)).text()
    clock.advance(8 * DAY_MS)
    assert await apply(portal) == 1
    await browser.log_in("coordinator")
    text = await (await browser.get(page)).text()
    assert "a day set for this recording" in text
    assert "its key and its files" in text
    assert [row["action"] for row in await rows(portal, "audit_log")][-6:] == [
        "retention.policy",
        "retention.hold",
        "retention.release",
        "retention.day",
        "recording.destroy",
        "recording.destroyed",
    ]


async def test_erasure_of_a_student_destroys_the_key_and_respects_a_hold(
    portal: Portal, clock: FakeClock, folder: Path
) -> None:
    keep_key(portal.settings.data / "keys", "another")
    async with portal.database.write() as connection:
        await place_hold(connection, COORDINATOR, LESSON, "a complaint", None, clock())
    clock.advance(2 * 60 * 60 * 1000)
    with pytest.raises(ErasureRefused, match="legal hold"):
        await erase(portal.database, COORDINATOR, "student", "asked", portal.settings.recordings, clock())
    assert folder.exists()
    async with portal.database.write() as connection:
        await release_hold(connection, COORDINATOR, LESSON, clock())
    await erase(portal.database, COORDINATOR, "student", "asked", portal.settings.recordings, clock())
    assert not folder.exists()
    assert not has_key(portal.settings.data / "keys", LESSON)
    assert has_key(portal.settings.data / "keys", "another")
    (left,) = await rows(portal, "destructions")
    assert (left["basis"], left["done_ms"]) == ("erasure", clock())
