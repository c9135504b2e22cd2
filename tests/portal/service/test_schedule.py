"""Holidays, substitutes, lessons called off and made up for, calendars: portal/{lesson_changes,calendars}.py."""

import re
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from icalendar import Calendar
from sqlalchemy import update

from portal.context import Portal
from portal.schema import users
from tests.portal.service.office import add_hour, make_class
from tests.portal.world import LESSON, MINUTE_MS, Browser, FakeClock, rows

DAY_MS = 24 * 60 * MINUTE_MS


@pytest.fixture
async def office(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    """A coordinator, and two tutors who may teach; everybody has a mail address."""
    async with portal.database.write() as connection:
        papers = {"credentials": "Licence", "credentials_until": date(2027, 8, 1)}
        papers["background_check_until"] = date(2027, 8, 1)
        await connection.execute(update(users).where(users.c.role == "tutor").values(papers))
        await connection.execute(update(users).values(email=users.c.id + "@school.example"))
    browser = open_browser()
    await browser.log_in("coordinator")
    return browser


async def staffed_class(office: Browser, title: str, tutor: str, student: str, weekday: int, start: str) -> str:
    path = await make_class(office, title, title)
    assert (await office.submit(f"{path}/students", {"student": student})).status == 303
    assert (await office.submit(f"{path}/tutor", {"tutor": tutor})).status == 303
    assert await add_hour(office, path, weekday, start, from_day="2026-11-23") == 303
    return path


async def lessons_of(portal: Portal, path: str) -> list[dict[str, Any]]:
    found = [row for row in await rows(portal, "lessons") if row["class"] == path.rpartition("/")[2]]
    return sorted(found, key=lambda row: row["starts_ms"])


async def tutor_of(portal: Portal, lesson: object) -> list[str]:
    return [
        row["user"] for row in await rows(portal, "lesson_members") if (row["lesson"], row["part"]) == (lesson, "tutor")
    ]


async def test_holiday_takes_lessons_back_and_its_end_makes_them_again(office: Browser, portal: Portal) -> None:
    path = await staffed_class(office, "Maths", "tutor", "student", 3, "15:30")
    before = [row["day"] for row in await lessons_of(portal, path)]
    assert date(2026, 11, 26) in before
    wrong = await office.submit("/holidays", {"first": "2026-11-26", "last": "2026-11-25", "name": "Thanksgiving"})
    assert wrong.status == 400
    days = {"first": "2026-11-26", "last": "2026-11-27", "name": "Thanksgiving"}
    assert (await office.submit("/holidays", days)).status == 303
    assert [row["day"] for row in await lessons_of(portal, path)] == [
        day for day in before if day != date(2026, 11, 26)
    ]
    assert "Thursday, 26 November 2026" in " ".join((await (await office.get("/holidays")).text()).split())
    assert (await office.submit("/holidays/remove", {"day": "2026-11-26"})).status == 303
    assert sorted(row["day"] for row in await lessons_of(portal, path)) == before
    assert len(await rows(portal, "holidays")) == 1


async def test_substitute_teaches_one_lesson_and_stays_when_the_class_changes(office: Browser, portal: Portal) -> None:
    path = await staffed_class(office, "Maths", "tutor", "student", 1, "15:30")
    first, second = (await lessons_of(portal, path))[:2]
    busy = await staffed_class(office, "Art", "other-tutor", "other-student", 1, "16:00")
    plan = f"/lessons/{first['id']}"
    refused = await office.submit(f"{plan}/substitute", {"tutor": "other-tutor"})
    assert refused.status == 409
    assert "has “Art” at 16:00 on that day" in await refused.text()
    (hour,) = [row for row in await rows(portal, "series") if row["class"] == busy.rpartition("/")[2]]
    assert (await office.submit(f"{busy}/hours/end", {"hour": hour["id"]})).status == 303
    assert (await office.submit(f"{plan}/substitute", {"tutor": "student"})).status == 409
    assert (await office.submit(f"{plan}/substitute", {"tutor": "other-tutor"})).status == 303
    assert await tutor_of(portal, first["id"]) == ["other-tutor"]
    # Whatever brings the lists up to date leaves the substitute where they are.
    assert await add_hour(office, path, 2, "10:00", from_day="2026-11-23") == 303
    assert await tutor_of(portal, first["id"]) == ["other-tutor"]
    assert await tutor_of(portal, second["id"]) == ["tutor"]
    told = [row["user"] for row in await rows(portal, "outbox") if row["kind"] == "change"]
    assert sorted(told) == ["other-tutor", "student", "tutor"]
    assert "taught by other-tutor name" in await (await office.get(path)).text()


async def test_lesson_called_off_counts_for_nobody_and_is_made_up_for_once_people_are_free(
    office: Browser, portal: Portal, clock: FakeClock
) -> None:
    path = await staffed_class(office, "Maths", "tutor", "student", 1, "15:30")
    await staffed_class(office, "Art", "other-tutor", "student", 2, "11:00")
    lesson = (await lessons_of(portal, path))[0]
    plan = f"/lessons/{lesson['id']}"
    assert (await office.submit(f"{plan}/call-off", {})).status == 303
    assert (await office.submit(f"{plan}/call-off", {})).status == 409
    assert "Called off" in await (await office.get("/")).text()
    another = {"day": "2026-11-25", "start": "11:30", "length": "60"}
    refused = await office.submit(f"{plan}/make-up", another)
    assert refused.status == 409
    text = await refused.text()
    assert "student name has “Art” at 11:00" in text
    assert 'value="11:30"' in text
    assert (await office.submit(f"{plan}/make-up", {**another, "day": "2026-11-20"})).status == 409
    assert (await office.submit(f"{plan}/make-up", {**another, "start": "13:00"})).status == 303
    (made,) = [row for row in await rows(portal, "lessons") if row["makes_up"] == lesson["id"]]
    assert await tutor_of(portal, made["id"]) == ["tutor"]
    # Nobody of it can be placed at that time from now on.
    third = await make_class(office, "Third", "Third")
    assert (await office.submit(f"{third}/tutor", {"tutor": "tutor"})).status == 303
    assert await add_hour(office, third, 2, "13:30", from_day="2026-11-23") == 409
    clock.advance(2 * DAY_MS)
    await office.log_in("coordinator")
    report = await (await office.get("/attendance?week=2026-11-24")).text()
    assert f"/lessons/{lesson['id']}/attendance" not in report


async def test_calendar_shows_ones_own_lessons_without_names_until_it_is_ended(
    office: Browser, browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    path = await staffed_class(office, "Maths", "tutor", "student", 1, "15:30")
    await browser.log_in("student")
    assert (await browser.submit("/calendar/feeds", {})).status == 303
    found = re.search(r'value="http://[^/]+(/calendar/[^"]+\.ics)"', await (await browser.get("/calendar")).text())
    assert found is not None
    stranger = open_browser()
    answer = await stranger.get(found[1])
    assert (answer.status, answer.content_type) == (200, "text/calendar")
    content = await answer.read()
    events = {str(event["uid"]): event for event in Calendar.from_ical(content).walk("VEVENT")}
    mine = {f"{row['id']}@chalkmesh": row for row in await lessons_of(portal, path)}
    assert set(events) == {*mine, f"{LESSON}@chalkmesh"}
    for uid, row in mine.items():
        assert events[uid].decoded("dtstart").timestamp() * 1000 == row["starts_ms"]
    assert b" name" not in content
    assert (await stranger.get(found[1].replace(".ics", "x.ics"))).status == 404
    (feed,) = await rows(portal, "calendar_feeds")
    assert feed["seen_ms"] is not None
    await office.submit("/calendar/feeds/end", {"feed": feed["id"]})  # somebody else's: nothing happens
    assert (await stranger.get(found[1])).status == 200
    assert (await browser.submit("/calendar/feeds/end", {"feed": feed["id"]})).status == 303
    assert (await stranger.get(found[1])).status == 404
