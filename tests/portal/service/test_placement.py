"""Classes, tutors and hours through their pages: portal/{classes,placement,lessons_ahead,staff}.py."""

import re
from collections.abc import Mapping
from datetime import date

import pytest
from sqlalchemy import insert, update

from portal.context import Portal
from portal.lessons_ahead import extend_all
from portal.schema import users
from portal.service_schema import holidays
from portal.times import local
from tests.portal.service.office import add_hour, apply_roster, make_class
from tests.portal.service.rosters import plain
from tests.portal.world import MINUTE_MS, Browser, FakeClock, rows

DAY_MS = 24 * 60 * MINUTE_MS
FIVE = plain(*(f"{n},Student{n},Number{n},7,,,Math,1:4" for n in range(5))).encode()
GOOD = {
    "credentials": "Licence",
    "credentials_until": date(2027, 1, 1),
    "background_check_until": date(2027, 1, 1),
    "privacy_training_until": date(2027, 1, 1),
}


@pytest.fixture
async def office(browser: Browser, portal: Portal) -> Browser:
    """A coordinator with five students who wait for Math 1:4, and two tutors in order."""
    await browser.log_in("coordinator")
    await apply_roster(browser, FIVE)
    await papers(portal, GOOD)
    return browser


async def papers(portal: Portal, values: Mapping[str, object], *tutors: str) -> None:
    async with portal.database.write() as connection:
        chosen = tutors or ("tutor", "other-tutor")
        await connection.execute(update(users).where(users.c.id.in_(chosen)).values(**values))


async def suggested(office: Browser, path: str) -> list[str]:
    return re.findall(r'name="student" value="(\w+)">Place', await (await office.get(path)).text())


async def place(office: Browser, path: str, student: str) -> int:
    return (await office.submit(f"{path}/students", {"student": student})).status


async def made_lessons(portal: Portal) -> list[dict[str, object]]:
    return sorted((r for r in await rows(portal, "lessons") if r["series"]), key=lambda r: str(r["day"]))


async def test_class_of_four_takes_four_and_one_of_one_takes_one(office: Browser) -> None:
    path = await make_class(office, "Group", "Math")
    waiting = await suggested(office, path)
    assert len(waiting) == 5
    assert [await place(office, path, student) for student in waiting] == [303] * 4 + [409]
    page = await (await office.get(path)).text()
    assert "4 of 4" in page
    assert await suggested(office, path) == []
    single = await make_class(office, "Single", "Math", kind="1:1")
    assert await place(office, single, waiting[4]) == 303
    refused = await office.submit(f"{single}/students", {"student": waiting[0]})
    assert "The class is full: 1:1 has room for 1." in await refused.text()


async def test_subject_is_the_same_in_other_letters(office: Browser, portal: Portal) -> None:
    await apply_roster(office, plain("á,Ana,Ñame,7,,,ÁLGEBRA,1:4").encode(), "b.csv")
    for subject, waiting in (("MATH", 5), ("álgebra", 1)):
        path = await make_class(office, subject, subject)
        found = await suggested(office, path)
        assert len(found) == waiting
        assert await place(office, path, found[0]) == 303
    placed = [(row["subject"], row["class"] is not None) for row in await rows(portal, "staffing_requests")]
    assert sorted(placed) == [("Math", False)] * 4 + [("Math", True), ("ÁLGEBRA", True)]


async def test_suggestions_fit_subject_kind_grade_and_free_time(office: Browser) -> None:
    assert await suggested(office, await make_class(office, "A", "Art")) == []
    assert await suggested(office, await make_class(office, "B", "Math", kind="1:1")) == []
    assert await suggested(office, await make_class(office, "C", "Math", grade="8")) == []
    path = await make_class(office, "D", "Math", grade="07")
    await add_hour(office, path, 1, "15:30", from_day="2026-11-23")
    assert len(await suggested(office, path)) == 5
    student = (await suggested(office, path))[0]
    other = await make_class(office, "E", "Music")
    await add_hour(office, other, 1, "16:00", from_day="2026-11-23")
    assert await place(office, other, student) == 303
    assert student not in await suggested(office, path)
    refused = await office.submit(f"{path}/students", {"student": student})
    assert refused.status == 409
    assert "has another class on Tuesdays 16:00 to 17:00." in await refused.text()


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"background_check_until": date(2026, 11, 22)}, "the background check expired on 2026-11-22"),
        ({"background_check_until": None}, "has no date on record for the background check"),
        ({"credentials_until": date(2026, 11, 22)}, "the teaching credentials expired on 2026-11-22"),
        ({"credentials": None}, "has no teaching credentials on record"),
        ({"privacy_training_until": date(2026, 1, 1)}, "the privacy training expired on 2026-01-01"),
    ],
)
async def test_tutor_without_papers_in_order_gets_no_class(
    office: Browser, portal: Portal, values: dict[str, object], words: str
) -> None:
    path = await make_class(office, "Group", "Math")
    await papers(portal, values, "tutor")
    refused = await office.submit(f"{path}/tutor", {"tutor": "tutor"})
    assert refused.status == 409
    assert re.search(rf'id="tutor-error">[^<]*{words}', await refused.text())
    await papers(portal, {**GOOD, "background_check_until": date(2026, 11, 23)}, "tutor")
    assert (await office.submit(f"{path}/tutor", {"tutor": "tutor"})).status == 303  # the last day still counts


@pytest.mark.parametrize("who", ["student", "far-coordinator", "coordinator", "nobody", ""])
async def test_only_a_tutor_of_the_school_can_be_assigned(office: Browser, who: str) -> None:
    path = await make_class(office, "Group", "Math")
    assert (await office.submit(f"{path}/tutor", {"tutor": who})).status == 409


async def test_tutor_is_in_one_place_at_a_time(office: Browser) -> None:
    first, second = [await make_class(office, name, "Math") for name in "AB"]
    for path, start in ((first, "15:00"), (second, "15:45")):
        await add_hour(office, path, 1, start, from_day="2026-11-23")
    assert (await office.submit(f"{first}/tutor", {"tutor": "tutor"})).status == 303
    refused = await office.submit(f"{second}/tutor", {"tutor": "tutor"})
    assert "has another class on Tuesdays 15:00 to 16:00" in await refused.text()
    assert (await office.submit(f"{second}/tutor", {"tutor": "other-tutor"})).status == 303
    # And an hour that would bring the conflict later is refused as well.
    third = await make_class(office, "C", "Math")
    assert (await office.submit(f"{third}/tutor", {"tutor": "tutor"})).status == 303
    assert await add_hour(office, third, 1, "15:59", from_day="2026-11-23") == 409
    assert await add_hour(office, third, 1, "16:00", from_day="2026-11-23") == 303


async def test_lessons_are_made_four_weeks_ahead_once_without_holidays(
    office: Browser, portal: Portal, clock: FakeClock
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(insert(holidays).values(school="here", day=date(2026, 12, 1), name="Day off"))
    path = await make_class(office, "Group", "Math")
    for student in (await suggested(office, path))[:2]:
        await place(office, path, student)
    await office.submit(f"{path}/tutor", {"tutor": "tutor"})
    await add_hour(office, path, 1, "15:30", length=45, from_day="2026-11-24")
    lessons = await made_lessons(portal)
    assert [str(lesson["day"]) for lesson in lessons] == ["2026-11-24", "2026-12-08", "2026-12-15"]
    assert await extend_all(portal.database, clock) == 0
    clock.advance(14 * DAY_MS)
    assert await extend_all(portal.database, clock) == 2
    members = await rows(portal, "lesson_members")
    for lesson in await made_lessons(portal):
        assert sorted(m["part"] for m in members if m["lesson"] == lesson["id"]) == ["student", "student", "tutor"]
        assert local(int(str(lesson["starts_ms"])), "America/New_York").strftime("%H:%M") == "15:30"


async def test_lists_of_lessons_to_come_follow_the_class_and_those_that_were_do_not(
    office: Browser, portal: Portal, clock: FakeClock
) -> None:
    path = await make_class(office, "Group", "Math")
    one, two = (await suggested(office, path))[:2]
    await place(office, path, one)
    await add_hour(office, path, 1, "15:30", from_day="2026-11-24")
    past = (await made_lessons(portal))[0]["id"]
    clock.advance(2 * DAY_MS)
    await office.log_in("coordinator")
    await place(office, path, two)
    await office.submit(f"{path}/students/remove", {"student": one})
    by_lesson: dict[object, set[str]] = {}
    for member in await rows(portal, "lesson_members"):
        by_lesson.setdefault(member["lesson"], set()).add(member["user"])
    for lesson in await made_lessons(portal):
        assert by_lesson[lesson["id"]] == ({one} if lesson["id"] == past else {two})
    request = next(r for r in await rows(portal, "staffing_requests") if r["student"] == one)
    assert (request["class"], request["fulfilled_ms"]) == (None, None)


async def test_hour_that_ends_takes_back_its_lessons(office: Browser, portal: Portal) -> None:
    path = await make_class(office, "Group", "Math")
    await add_hour(office, path, 1, "15:30", from_day="2026-11-24")
    assert len(await made_lessons(portal)) == 4
    planned = re.search(r'name="hour" value="(\w+)"', await (await office.get(path)).text())
    assert planned is not None
    assert (await office.submit(f"{path}/hours/end", {"hour": planned[1]})).status == 303
    assert await made_lessons(portal) == []


async def test_welcome_letters_wait_until_all_is_there_and_come_once(office: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.external_id == "0").values(email="zero@school.example"))
    path = await make_class(office, "Group", "Math")
    students = {row["external_id"]: row["id"] for row in await rows(portal, "users")}
    await place(office, path, students["0"])
    await office.submit(f"{path}/tutor", {"tutor": "tutor"})
    assert [m for m in await rows(portal, "outbox") if m["kind"] == "welcome"] == []
    await add_hour(office, path, 1, "15:30", from_day="2026-11-24")
    await add_hour(office, path, 2, "15:30", from_day="2026-11-24")
    await office.submit(f"{path}/tutor", {"tutor": "other-tutor"})
    (mail,) = [m for m in await rows(portal, "outbox") if m["kind"] == "welcome"]
    assert mail["address"] == "zero@school.example"
    assert "Tuesdays 15:30 to 16:30 (America/New_York), from 2026-11-24" in mail["body"]


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("start", "25:00", "such as 15:30"),
        ("length", "5", "from 15 to 240"),
        ("from", "tomorrow", "year-month-day"),
        ("until", "2026-01-01", "comes after the first"),
        ("weekday", "9", "Choose a day"),
    ],
)
async def test_wrong_hour_is_said_beside_its_field_and_what_was_typed_stays(
    office: Browser, field: str, typed: str, words: str
) -> None:
    path = await make_class(office, "Group", "Math")
    fields = {"weekday": "1", "start": "14:20", "length": "50", "from": "2026-11-24", "until": "2026-12-24"}
    refused = await office.submit(f"{path}/hours", {**fields, field: typed})
    text = await refused.text()
    assert refused.status == 400
    assert re.search(rf'id="{field}-error">[^<]*{words}', text)
    assert f'aria-describedby="{field}-error"' in text
    if field != "weekday":
        assert f'value="{typed}"' in text


async def test_staff_dates_are_entered_by_the_coordinator(office: Browser, portal: Portal) -> None:
    fields = {"email": "t@school.example", "credentials": "Licence 9", "background_check_until": "2028-01-01"}
    wrong = await office.submit("/staff/tutor", {**fields, "credentials_until": "soon"})
    text = await wrong.text()
    assert wrong.status == 400
    assert 'id="credentials_until-tutor-error"' in text
    assert 'value="Licence 9"' in text
    assert (await office.submit("/staff/tutor", {**fields, "credentials_until": "2028-02-02"})).status == 303
    tutor = next(row for row in await rows(portal, "users") if row["id"] == "tutor")
    assert (tutor["credentials"], tutor["background_check_until"]) == ("Licence 9", date(2028, 1, 1))
    entry = (await rows(portal, "audit_log"))[-1]
    assert entry["action"] == "staff.change"
    assert "Licence" not in entry["detail"]
