"""Grade books, report cards, goals, weekly updates and guardians: portal/{grading,grade_book,progress,guardians}.py."""

import csv
import io
import zipfile
from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.grading import Assignment, Category, Score, format_percent, standing
from portal.schema import users
from tests.portal.world import MINUTE_MS, Browser, FakeClock, fill_service, rows

QUIZ, WORK = Category("q", "Quiz", 30), Category("w", "Homework", 70)
BOOK = [
    Assignment("q1", "q", "Quiz 1", 10, "2026-11-02"),
    Assignment("q2", "q", "Quiz 2", 20, "2026-11-03"),
    Assignment("w1", "w", "Work 1", 5, "2026-11-04"),
]
GRADES = "/classes/class-one/grades"
REPORT = "/students/student/report"


def scored(points: float) -> Score:
    return Score("scored", points, "")


MISSING, EXCUSED = Score("missing", None, ""), Score("excused", None, "")


@pytest.mark.parametrize(
    ("scores", "overall", "missing"),
    [
        ({}, "–", 0),
        ({"q1": scored(10), "q2": scored(5), "w1": scored(5)}, "85.0 %", 0),
        ({"q1": scored(10), "q2": scored(5)}, "50.0 %", 0),  # a category without a score has no part
        ({"q1": scored(8), "q2": MISSING, "w1": EXCUSED}, "80.0 %", 1),  # missing is not 0
        ({"q1": scored(0), "q2": scored(0), "w1": MISSING}, "0.0 %", 1),  # but a 0 is one
        ({"q1": MISSING}, "–", 1),
    ],
)
def test_average_weighs_categories_and_leaves_out_what_is_missing(
    scores: dict[str, Score], overall: str, missing: int
) -> None:
    found = standing([QUIZ, WORK], BOOK, scores)
    assert (format_percent(found.overall), found.missing) == (overall, missing)


@pytest.fixture
async def tutor(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    """The tutor of class-one, signed in."""
    await fill_service(portal)
    browser = open_browser()
    await browser.log_in("tutor")
    return browser


async def test_tutor_keeps_a_grade_book_and_each_change_is_audited(tutor: Browser, portal: Portal) -> None:
    assert (await tutor.submit(f"{GRADES}/categories", {"name": "Quiz", "weight": "10"})).status == 409
    assert (await tutor.submit(f"{GRADES}/categories", {"name": "Homework", "weight": "3"})).status == 303
    homework = next(row["id"] for row in await rows(portal, "grade_categories") if row["name"] == "Homework")
    work = {"title": "Fractions", "category": homework, "most_points": "20", "day": "2026-11-23"}
    assert (await tutor.submit(f"{GRADES}/assignments", {**work, "category": "category-far"})).status == 409
    made = await tutor.submit(f"{GRADES}/assignments", work)
    assert made.status == 303
    path = made.headers["Location"]
    entry = {"state-student": "scored", "points-student": "21", "comment-student": "Well explained"}
    wrong = await tutor.submit(path, entry)
    assert wrong.status == 400
    text = await wrong.text()
    assert "Enter points from 0 to 20" in text
    assert 'value="21"' in text
    assert "Well explained" in text
    assert (await tutor.submit(path, {**entry, "points-student": "17.5"})).status == 303
    assert (await tutor.submit(path, {**entry, "points-student": "17.5"})).status == 303  # no second row of the same
    assert (await tutor.submit(f"{GRADES}/assignment-one", {"state-student": "missing"})).status == 303
    book = await (await tutor.get(GRADES)).text()
    assert "87.5 %" in book
    assert "1 missing" in book
    assert [(row["state"], row["points"]) for row in await rows(portal, "scores")] == [
        ("scored", 17.5),
        ("missing", None),
    ]
    audited = [row["action"] for row in await rows(portal, "audit_log") if row["action"].startswith("grades")]
    assert audited == ["grades.category", "grades.assignment", "grades.enter", "grades.enter"]
    assert "17.5" not in str(await rows(portal, "audit_log"))


async def test_results_go_out_as_oneroster_without_a_0_for_what_is_missing(tutor: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "student").values(external_id="S-17"))
    entered = {"state-student": "missing", "comment-student": "=bring it"}
    assert (await tutor.submit(f"{GRADES}/assignment-one", entered)).status == 303
    answer = await tutor.get(f"{GRADES}.zip")
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as bundle:
        sheets = {name: list(csv.DictReader(bundle.read(name).decode().splitlines())) for name in bundle.namelist()}
    assert {"propertyName": "oneroster.version", "value": "1.2"} in sheets["manifest.csv"]
    (result,) = sheets["results.csv"]
    assert (result["lineItemSourcedId"], result["studentSourcedId"]) == ("assignment-one", "S-17")
    assert (result["scoreStatus"], result["score"], result["comment"]) == ("not submitted", "", "'=bring it")
    assert sheets["lineItems.csv"][0]["categorySourcedId"] == sheets["categories.csv"][0]["sourcedId"]
    told = [row["student"] for row in await rows(portal, "disclosure_log") if row["action"] == "grades.read"]
    assert told == ["student"]


async def test_assignment_of_another_class_is_not_there(tutor: Browser) -> None:
    assert (await tutor.get(f"{GRADES}/assignment-far")).status == 404
    assert (await tutor.submit(f"{GRADES}/assignment-far", {"state-student": "missing"})).status == 404


async def test_report_card_is_for_the_family_and_the_teachers(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    goal = {"subject": "Mathematics", "words": "Add fractions without help", "target": "2026-12-20"}
    assert (await tutor.submit("/students/student/goals", {**goal, "subject": "Art"})).status == 400
    assert (await tutor.submit("/students/student/goals", goal)).status == 303
    entered = {"state-student": "scored", "points-student": "9"}
    assert (await tutor.submit(f"{GRADES}/assignment-one", entered)).status == 303
    guardian = open_browser()
    await guardian.log_in("guardian")
    listed = await (await guardian.get("/progress")).text()
    assert "student name" in listed
    assert "other-student" not in listed
    card = await (await guardian.get(REPORT)).text()
    assert "90.0 %" in card
    assert "Add fractions without help" in card
    assert "Write about a week" not in card
    assert "aria-invalid" not in await (await tutor.get(REPORT)).text()
    pdf = await guardian.get(f"{REPORT}.pdf")
    assert (await pdf.read()).startswith(b"%PDF-")
    assert (await guardian.get("/students/other-student/report")).status == 403
    told = [row for row in await rows(portal, "disclosure_log") if row["actor"] == "guardian"]
    assert {row["action"] for row in told} == {"progress.list", "progress.read"}
    assert "guardian of the student" in {row["reason"] for row in told}
    (kept,) = await rows(portal, "goals")
    assert (await tutor.submit("/students/student/goals/reached", {"goal": kept["id"]})).status == 303
    assert "Reached" in await (await guardian.get(REPORT)).text()


async def test_tutor_sees_no_grades_of_classes_that_are_not_theirs(
    tutor: Browser, portal: Portal, open_browser: Callable[[], Browser]
) -> None:
    office = open_browser()
    await office.log_in("coordinator")
    made = await office.submit("/classes", {"title": "Art with another", "subject": "Art", "kind": "1:4"})
    path = made.headers["Location"]
    assert (await office.submit(f"{path}/students", {"student": "student"})).status == 303
    assert "Art with another" in await (await office.get(REPORT)).text()
    assert "Art with another" not in await (await tutor.get(REPORT)).text()


async def test_weekly_update_is_mailed_once_to_guardians_and_contact(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    office = open_browser()
    await office.log_in("contact")
    fields = {"name": "Noor Example", "email": "Noor@home.example"}
    assert (await office.submit("/students/student/guardians", {**fields, "email": "noor"})).status == 400
    assert (await office.submit("/students/student/guardians", fields)).status == 303
    update = {"group": "class-one", "week": "2026-11-23", "told": "Went well.\n\nNext: decimals."}
    assert (await tutor.submit("/students/student/updates", {**update, "week": "2026-12-01"})).status == 400
    assert (await tutor.submit("/students/student/updates", update)).status == 303
    assert (await tutor.submit("/students/student/updates", {**update, "week": "2026-11-23"})).status == 409
    mails = [row for row in await rows(portal, "outbox") if row["kind"] == "update"]
    assert [(mail["address"], mail["about"]) for mail in mails] == [("noor@home.example", "student")]
    assert "Next: decimals." in mails[0]["body"]
    assert "Next: decimals." in await (await office.get(REPORT)).text()
    # An account without a student to look after is closed, with its log-ins.
    noor = mails[0]["user"]
    assert (await office.submit("/students/student/guardians/end", {"guardian": noor})).status == 303
    assert next(row for row in await rows(portal, "users") if row["id"] == noor)["disabled_ms"] is not None
    assert (await office.submit("/students/student/guardians/end", {"guardian": noor})).status == 404


async def test_erasure_takes_grades_updates_and_guardians_along(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    entered = {"state-student": "scored", "points-student": "9", "comment-student": "secret words"}
    assert (await tutor.submit(f"{GRADES}/assignment-one", entered)).status == 303
    office = open_browser()
    await office.log_in("coordinator")
    clock.advance(MINUTE_MS)
    erased = await office.submit("/students/student/erase", {"reason": "r", "confirm": "ERASE"})
    assert erased.status == 303
    assert await rows(portal, "scores") == await rows(portal, "guardians") == []
    guardian = next(row for row in await rows(portal, "users") if row["id"] == "guardian")
    assert (guardian["name"], guardian["login"], guardian["password_hash"]) == (
        "Erased guardian",
        "erased guardian",
        None,
    )
