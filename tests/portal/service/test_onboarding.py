"""Onboarding checklists and districts: portal/{onboarding,district}.py."""

from datetime import date

import pytest
from sqlalchemy import insert, update

from portal.business_days import add_business_days, business_days_left, subtract_business_days
from portal.context import Portal
from portal.onboarding import Done, Plan, checklist
from portal.schema import schools
from portal.school_schema import districts
from tests.portal.world import NOON_MS, Browser, fill_service, rows

FREE = frozenset({date(2026, 11, 26), date(2026, 11, 27)})
# A Monday; the fifth and seventh business day after it, without Thanksgiving and the day after.
CONTRACT = date(2026, 11, 23)
DAYS = {"contract": "2026-11-16", "start": "2027-01-11", "responsible": "Ms Contact"}


@pytest.mark.parametrize("count", [1, 5, 10, 23])
def test_days_before_are_the_days_after_seen_from_the_other_end(count: int) -> None:
    end = date(2026, 12, 14)
    start = subtract_business_days(end, count, FREE)
    assert business_days_left(start, end, FREE) == count
    assert add_business_days(start, count, FREE) == end


@pytest.mark.parametrize(
    ("start", "first", "due", "too_near"),
    [
        (date(2027, 1, 11), date(2026, 12, 2), date(2026, 12, 4), False),
        (date(2026, 12, 17), date(2026, 12, 2), date(2026, 12, 3), False),  # ten before the start come earlier
        (date(2026, 12, 15), None, date(2026, 12, 1), True),
    ],
)
def test_kickoff_is_in_its_window(start: date, first: date | None, due: date, too_near: bool) -> None:
    found = checklist(Plan(CONTRACT, start, "x"), {}, CONTRACT, FREE)
    step = next(step for step in found.steps if step.name == "kickoff")
    assert (step.first, step.due, found.too_near) == (first, due, too_near)


def test_what_is_overdue_and_what_came_at_another_time_is_said() -> None:
    plan = Plan(CONTRACT, date(2027, 1, 11), "x")
    done = {"kickoff": Done(date(2026, 12, 1), ""), "responsible": Done(date(2026, 12, 10), "")}
    found = checklist(plan, done, date(2026, 12, 28), FREE)
    steps = {step.name: step for step in found.steps}
    assert steps["kickoff"].remark == "earlier than agreed"
    assert steps["responsible"].remark == "late"
    assert steps["formats"].due == date(2026, 12, 28)
    assert (found.overdue, found.open) == (0, 3)
    assert checklist(plan, done, date(2026, 12, 29), FREE).overdue == 2


async def test_checklist_through_its_page(browser: Browser, portal: Portal) -> None:
    await browser.log_in("coordinator")
    assert "No contract yet" in await (await browser.get("/onboarding")).text()
    assert (await browser.submit("/onboarding/steps", {"step": "kickoff", "day": "2026-11-23"})).status == 400
    wrong = await browser.submit("/onboarding", {**DAYS, "start": "2026-11-01"})
    assert wrong.status == 400
    assert 'value="Ms Contact"' in await wrong.text()
    assert (await browser.submit("/onboarding", DAYS)).status == 303
    assert "From 2026-11-23 to 2026-11-25" in await (await browser.get("/onboarding")).text()
    future = await browser.submit("/onboarding/steps", {"step": "kickoff", "day": "2026-11-24"})
    assert "This day has not come yet." in await future.text()
    taken = {"step": "kickoff", "day": "2026-11-23", "note": "Both sides there"}
    assert (await browser.submit("/onboarding/steps", taken)).status == 303
    assert (await browser.submit("/onboarding/steps", {**taken, "note": "All there"})).status == 303
    text = await (await browser.get("/onboarding")).text()
    assert "All there" in text
    assert "Both sides there" not in text
    assert [row["action"] for row in await rows(portal, "audit_log")].count("onboarding.step") == 2


async def test_district_administrator_goes_from_school_to_school(browser: Browser, portal: Portal) -> None:
    await fill_service(portal)
    await browser.log_in("district")
    alone = await (await browser.get("/district")).text()
    assert "School here" in alone
    assert "School far" not in alone
    assert (await browser.submit("/district/school", {"school": "far"})).status == 404
    async with portal.database.write() as connection:
        await connection.execute(insert(districts).values(id="d", name="District", created_ms=NOON_MS))
        await connection.execute(update(schools).values(district="d"))
    assert "School far" in await (await browser.get("/district")).text()
    assert (await browser.get("/students/far-student")).status == 404
    assert (await browser.submit("/district/school", {"school": "far"})).status == 303
    assert (await browser.get("/students/far-student")).status == 200
    assert (await browser.get("/students/student")).status == 404
    assert (await browser.submit("/students/far-student/erase", {})).status == 403
    (told,) = [row for row in await rows(portal, "disclosure_log") if row["student"] == "far-student"]
    assert (told["actor"], told["reason"]) == ("district", "district admin of the school")
    # The school leaves the district: the log-in that stands in it is nobody's any more.
    async with portal.database.write() as connection:
        await connection.execute(update(schools).where(schools.c.id == "far").values(district=None))
    assert (await browser.get("/students/far-student")).status == 303
