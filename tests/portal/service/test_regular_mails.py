"""Reminders and weekly reports, once each: portal/mails/regular.py."""

from datetime import date

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.mails.regular import write_regular_mails
from portal.schema import lessons, users
from tests.portal.world import LESSON, MINUTE_MS, NOON_MS, Browser, FakeClock, fill_service, rows

HOUR_MS = 60 * MINUTE_MS


@pytest.fixture
async def school(portal: Portal, clock: FakeClock) -> Portal:
    """The lesson of class-one is on Wednesday at 10:05; everybody of it has an address, and so has the contact."""
    await fill_service(portal)
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons)
            .where(lessons.c.id == LESSON)
            .values({"class": "class-one", "starts_ms": NOON_MS + 49 * HOUR_MS, "ends_ms": NOON_MS + 50 * HOUR_MS})
        )
        await connection.execute(
            update(users)
            .where(users.c.id.in_(("student", "tutor", "contact")))
            .values(email=users.c.id + "@school.example")
        )
    return portal


async def write(portal: Portal) -> int:
    return await write_regular_mails(portal.database, portal.clock, "https://lessons.example/")


async def test_reminder_comes_a_day_before_and_once(school: Portal, clock: FakeClock) -> None:
    assert await write(school) == 0
    clock.advance(25 * HOUR_MS)
    assert await write(school) == 2
    clock.advance(HOUR_MS)
    assert await write(school) == 0
    mails = [row for row in await rows(school, "outbox") if row["kind"] == "reminder"]
    assert sorted(mail["address"] for mail in mails) == ["student@school.example", "tutor@school.example"]
    assert all("Wednesday, 25 November, 10:05 EST" in mail["body"] for mail in mails)


async def test_no_reminder_of_what_is_called_off_or_too_near(school: Portal, clock: FakeClock) -> None:
    clock.advance(49 * HOUR_MS - 20 * MINUTE_MS)
    assert await write(school) == 0
    clock.advance(-10 * HOUR_MS)
    async with school.database.write() as connection:
        await connection.execute(update(lessons).values(state="ended", cancelled_ms=NOON_MS))
    assert await write(school) == 0


async def test_week_is_reported_on_monday_morning_without_a_name(
    school: Portal, clock: FakeClock, browser: Browser
) -> None:
    async with school.database.write() as connection:
        ended = {"state": "ended", "ended_ms": NOON_MS + 50 * HOUR_MS}
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values(ended))
    monday_ms = NOON_MS + 7 * 24 * HOUR_MS  # 09:05
    clock.now_ms = monday_ms - 4 * HOUR_MS
    assert await write(school) == 0  # 05:05 on the school's clock
    clock.now_ms = monday_ms
    assert await write(school) == 1
    assert await write(school) == 0
    clock.advance(3 * 24 * HOUR_MS)
    assert await write(school) == 0
    (mail,) = [row for row in await rows(school, "outbox") if row["kind"] == "week"]
    assert mail["subject"] == f"Attendance, week of {date(2026, 11, 23)}"
    assert "https://lessons.example/attendance?week=2026-11-23" in mail["body"]
    assert "student name" not in mail["body"]
    # Who reads it in the outbox reads no student's record.
    await browser.log_in("coordinator")
    assert (await browser.get(f"/outbox/{mail['id']}")).status == 200
    assert "contact" not in {row["student"] for row in await rows(school, "disclosure_log")}
