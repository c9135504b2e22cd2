"""Hours used against hours bought: portal/hours.py."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import insert, update

from portal.attendance_report import Line
from portal.context import Portal
from portal.hours import Contract, covering, settle
from portal.minutes import MINUTE_MS, Presence
from portal.schema import lessons, relay_events
from tests.portal.world import LESSON, NOON_MS, Browser, rows

YEAR = Contract("y", "Year", "", 6000, date(2026, 9, 1), date(2027, 6, 30), "used")
MATHS = Contract("m", "Maths", "Mathematics", 600, date(2026, 9, 1), date(2026, 12, 31), "free")
DAY = date(2026, 11, 23)


def line(subject: str = "Mathematics", minutes: int = 40, day: date = DAY) -> Line:
    there = ((0, minutes * MINUTE_MS),) if minutes else ()
    return Line("l", None, "T", subject, "s", "n", "7", day, 0, 60, Presence(there), None, erased=False)


@pytest.mark.parametrize(
    ("subject", "day", "pays"),
    [
        ("Mathematics", DAY, "m"),
        (" MATHEMATICS", DAY, "m"),
        ("Art", DAY, "y"),
        ("Mathematics", date(2027, 1, 1), "y"),
        ("Art", date(2027, 7, 1), None),
    ],
)
def test_subject_is_paid_by_its_own_contract_first(subject: str, day: date, pays: str | None) -> None:
    found = covering([YEAR, MATHS], subject, day)
    assert (found.id if found else None) == pays


def test_every_line_lands_in_exactly_one_account() -> None:
    lines = [line(), line(minutes=0), line("Art", 50), line("Art", 0), line(day=date(2028, 1, 1))]
    year, maths, rest = settle([YEAR, MATHS], lines, [("Art", DAY, 120), ("Mathematics", DAY, 60)])
    assert (year.used, year.no_shows, year.no_show, year.ahead, year.left) == (50, 1, 60, 120, 6000 - 110)
    assert (maths.used, maths.no_shows, maths.no_show, maths.ahead, maths.left) == (40, 1, 60, 60, 560)
    assert (rest.contract, rest.used) == (None, 40)
    assert sum(each.used for each in (year, maths, rest)) == sum(each.minutes for each in lines)
    assert len(settle([YEAR], [line()], [])) == 1


def test_contract_that_is_overdrawn_shows_below_zero() -> None:
    (account,) = settle([replace(MATHS, minutes=30)], [line()], [])
    assert account.left == -10


async def test_page_reconciles_with_attendance(browser: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).values(state="ended", starts_ms=NOON_MS - 60 * MINUTE_MS, ends_ms=NOON_MS)
        )
        for number, kind, minute in ((1, "join", -60), (2, "leave", -15)):
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
    await browser.log_in("coordinator")
    assert "No contract yet" in await (await browser.get("/hours")).text()
    fields = {"title": "Autumn", "subject": "Mathematics", "hours": "10", "from": "2026-09-01", "until": "2026-12-31"}
    wrong = await browser.submit("/hours", {**fields, "hours": "0", "no_show": "used"})
    assert wrong.status == 400
    assert 'value="Autumn"' in await wrong.text()
    assert (await browser.submit("/hours", {**fields, "no_show": "used"})).status == 303
    assert (await browser.submit("/hours", {**fields, "no_show": "free"})).status == 409  # the same days
    text = await (await browser.get("/hours")).text()
    assert "45 min" in text  # the student's; the other one did not come
    assert "1 no-show" in text
    sheet = (await (await browser.get("/hours.csv")).read()).decode("utf-8-sig").splitlines()
    assert sheet[1] == "Autumn,Mathematics,2026-09-01,2026-12-31,600,45,1,60,yes,495,0"
    report = (await (await browser.get("/attendance.csv")).read()).decode("utf-8-sig")
    assert ",60,45," in report
    (contract,) = await rows(portal, "hours_contracts")
    assert (await browser.submit("/hours/end", {"contract": contract["id"]})).status == 303
    assert "No contract yet" in await (await browser.get("/hours")).text()
