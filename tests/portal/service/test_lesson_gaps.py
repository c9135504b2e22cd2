"""What an hourly round looks for before it reads a class: portal/lesson_gaps.py."""

import pytest
from sqlalchemy import delete, insert, select, update

from portal.context import Portal
from portal.lesson_gaps import classes_with_gaps
from portal.lessons_ahead import AHEAD_DAYS, extend_all
from portal.schema import lesson_members, lessons, schools
from portal.service_schema import classes, enrollments, holidays, series
from portal.times import local
from tests.portal.service.office import add_hour, make_class
from tests.portal.world import MINUTE_MS, Browser, FakeClock

DAY_MS = 24 * 60 * MINUTE_MS


@pytest.fixture
async def group(browser: Browser, portal: Portal, clock: FakeClock) -> str:
    """The id of a class with a tutor, a student and two weekly hours, for which everything is made."""
    await browser.log_in("coordinator")
    path = await make_class(browser, "Group", "Math")
    class_id = path.rpartition("/")[2]
    async with portal.database.write() as connection:
        await connection.execute(update(classes).values(tutor="tutor"))
        place = {"class": class_id, "student": "student", "since_ms": clock()}
        await connection.execute(insert(enrollments).values(place))
    for weekday, start in ((0, "15:00"), (3, "08:00")):
        assert await add_hour(browser, path, weekday, start, from_day="2026-11-23") == 303
    return class_id


async def gaps(portal: Portal) -> list[str]:
    async with portal.database.read() as connection:
        return await classes_with_gaps(connection, AHEAD_DAYS, portal.clock())


async def test_class_with_all_its_lessons_has_none_until_the_next_day_of_its_hours(
    group: str, portal: Portal, clock: FakeClock
) -> None:
    assert await gaps(portal) == []
    for _ in range(15):
        clock.advance(DAY_MS)
        weekday = local(clock(), "America/New_York").weekday()
        assert await gaps(portal) == ([group] if weekday in (0, 3) else [])
        made = await extend_all(portal.database, clock)
        assert (made, await gaps(portal)) == (1 if weekday in (0, 3) else 0, [])


async def test_each_kind_of_gap_is_found_and_filled(group: str, portal: Portal, clock: FakeClock) -> None:
    one = select(lessons.c.id).where(lessons.c["class"] == group).order_by(lessons.c.starts_ms).limit(1)
    async with portal.database.read() as connection:
        lesson = (await connection.execute(one)).scalar_one()
    places = lesson_members.c.lesson == lesson
    for damage in (
        delete(lesson_members).where(places, lesson_members.c.part == "student"),
        delete(lesson_members).where(places, lesson_members.c.part == "tutor"),
        insert(lesson_members).values(lesson=lesson, user="other-student", part="student"),
        insert(lesson_members).values(lesson=lesson, user="other-tutor", part="tutor"),
        update(lessons).where(lessons.c.id == lesson).values(substitute="other-tutor"),
        update(lessons).where(lessons.c.id == lesson).values(substitute=None),
        update(classes).where(classes.c.id == group).values(tutor=None),
        update(classes).where(classes.c.id == group).values(tutor="other-tutor"),
        update(enrollments).values(ended_ms=1),
        update(enrollments).values(ended_ms=None),
    ):
        async with portal.database.write() as connection:
            await connection.execute(damage)
        assert await gaps(portal) == [group]
        await extend_all(portal.database, clock)
        assert await gaps(portal) == []


async def test_lesson_that_is_gone_is_made_again_and_a_holiday_is_no_gap(
    group: str, portal: Portal, clock: FakeClock
) -> None:
    async with portal.database.write() as connection:
        days = (await connection.execute(select(lessons.c.day).where(lessons.c.series.is_not(None)))).scalars().all()
        await connection.execute(insert(holidays).values(school="here", day=max(days), name="Holiday"))
    # Its lesson was not taken back: as many lessons as days, and yet one of them would be missing.
    assert await gaps(portal) == []
    other = sorted(days)[1]
    async with portal.database.write() as connection:
        gone = select(lessons.c.id).where(lessons.c.day == other)
        await connection.execute(delete(lesson_members).where(lesson_members.c.lesson.in_(gone)))
        await connection.execute(delete(lessons).where(lessons.c.day == other))
    assert await gaps(portal) == [group]
    assert await extend_all(portal.database, clock) == 1
    assert await gaps(portal) == []


async def test_closed_classes_ended_hours_and_lessons_of_the_past_are_left_alone(
    group: str, portal: Portal, clock: FakeClock
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(series).values(ended_ms=1))
        await connection.execute(update(schools).values(time_zone="UTC"))
    assert await gaps(portal) == []
    clock.advance(60 * DAY_MS)
    async with portal.database.write() as connection:
        await connection.execute(delete(lesson_members))
    assert await gaps(portal) == []
    async with portal.database.write() as connection:
        await connection.execute(update(series).values(ended_ms=None))
        await connection.execute(update(classes).values(closed_ms=1))
    assert await gaps(portal) == []
