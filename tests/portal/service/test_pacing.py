"""Pacing guides: portal/{pacing,pacing_file}.py, portal/routes/pacing.py."""

from collections.abc import Callable
from datetime import date

import pytest
from aiohttp import FormData
from sqlalchemy import insert

from portal.context import Portal
from portal.pacing import Pace
from portal.pacing_file import MAX_FILE_BYTES, MAX_WEEKS, PlannedTopic, guide_csv, parse_guide
from portal.schema import lessons
from tests.portal.world import MINUTE_MS, NOON_MS, Browser, fill_service, rows

PAGE = "/classes/class-one/pacing"
DAY_MS = 24 * 60 * MINUTE_MS
# The fake clock stands on Monday, 23 November 2026.
SHEET = (
    "week,topic,goal,material\n"
    "2026-11-09,Halves,Name a half,Worksheet\n"
    "2026-11-16,Thirds,,\n"
    "2026-11-23,Adding,Add with one denominator,\n"
    "2026-11-30,Subtracting,,\n"
)


def test_file_in_any_usual_form_is_read() -> None:
    weeks, faults = parse_guide(
        "Week;Topic;Material\r\n11/16/2026;Año;worksheet\r\n2026-11-09;'=1/2;\r\n".encode("utf-16"), ["Worksheet"]
    )
    assert faults == []
    assert weeks == [
        PlannedTopic(date(2026, 11, 9), "=1/2", "", ""),
        PlannedTopic(date(2026, 11, 16), "Año", "", "Worksheet"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "words"),
    [
        (b"", 0, "is empty"),
        (b"week\n2026-11-09\n", 1, "lacks the column topic"),
        (b"week,topic\n", 0, "names no week"),
        (b"week,topic\n2026-11-10,A\n", 2, "2026-11-10 is a Tuesday; enter the Monday of the week, 2026-11-09."),
        (b"week,topic\nsoon,A\n", 2, "not a date"),
        (b"week,topic\n,A\n", 2, "The week is missing."),
        (b"week,topic\n1926-11-08,A\n", 2, "between the years"),
        (b"week,topic\n2026-11-09,\n", 2, "The topic is missing."),
        (b"week,topic\n2026-11-09,A\n2026-11-09,B\n", 3, "stands in line 2 already"),
        (b"week,topic\n2026-11-09," + b"x" * 201 + b"\n", 2, "longer than 200"),
        (b"week,topic\n2026-11-09,a\x07b\n", 2, "cannot be printed"),
        (b"week,topic,material\n2026-11-09,A,Nothing\n", 2, "no material with the title “Nothing”"),
        (b'week,topic\n2026-11-09,"A\n', 2, "not well-formed"),
        (b"week,topic\n\x00", 0, "not a text file"),
        (b"week,topic\n" + b"soon,A\n" * (MAX_WEEKS + 1), MAX_WEEKS + 2, f"at most {MAX_WEEKS} weeks"),
    ],
)
def test_every_fault_is_told_with_its_line(content: bytes, line: int, words: str) -> None:
    _, faults = parse_guide(content, ["Worksheet"])
    assert faults[-1].line == line
    assert words in faults[-1].words


def test_exported_file_is_safe_for_spreadsheets_and_comes_in_again_as_it_was() -> None:
    weeks = [
        PlannedTopic(date(2026, 11, 9), "=HYPERLINK(1)", "-1 + 2", ""),
        PlannedTopic(date(2026, 11, 16), "'A'", "", ""),
    ]
    content = guide_csv([(weeks[0], date(2026, 11, 12)), (weeks[1], None)])
    assert b",'=HYPERLINK(1),'-1 + 2,,2026-11-12" in content
    assert parse_guide(content, []) == (weeks, [])


@pytest.mark.parametrize(
    ("begun", "over", "covered", "words"),
    [
        (3, 2, 2, "on pace"),
        (3, 2, 3, "on pace"),
        (3, 2, 1, "1 week behind"),
        (3, 2, 5, "2 weeks ahead"),
        (0, 0, 0, "on pace"),
    ],
)
def test_pace_counts_the_present_week_neither_as_due_nor_as_early(
    begun: int, over: int, covered: int, words: str
) -> None:
    assert Pace(begun, over, covered).words == words


@pytest.fixture
async def tutor(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    await fill_service(portal)
    browser = open_browser()
    await browser.log_in("tutor")
    await browser.get(PAGE)
    return browser


async def upload(browser: Browser, content: str | bytes, name: str = "plan.csv") -> int:
    """Both steps: the look, and, where that finds nothing wrong, the second press."""
    raw = content.encode() if isinstance(content, str) else content
    looked = await browser.upload(f"{PAGE}/upload", "file", name, raw)
    if looked.status != 200:
        return looked.status
    text = await looked.text()
    seen = text.split('name="seen" value="', 1)[1].split('"', 1)[0]
    fields = {"content": raw.decode(), "file_name": name, "seen": seen}
    return (await browser.submit(f"{PAGE}/apply", fields)).status


async def weeks_of(portal: Portal) -> dict[str, dict[str, object]]:
    """The rows of the guide that holds, by topic."""
    holds = {row["id"] for row in await rows(portal, "pacing_guides") if row["replaced_ms"] is None}
    return {row["topic"]: row for row in await rows(portal, "pacing_weeks") if row["guide"] in holds}


async def test_file_changes_nothing_before_it_was_looked_at_and_the_earlier_version_stays(
    tutor: Browser, portal: Portal
) -> None:
    looked = await tutor.upload(f"{PAGE}/upload", "file", "plan.csv", SHEET.encode())
    assert "Nothing has changed yet" in await looked.text()
    assert await rows(portal, "pacing_guides") == []
    assert await upload(tutor, SHEET) == 303
    halves = (await weeks_of(portal))["Halves"]
    assert (await tutor.submit(f"{PAGE}/cover", {"id": str(halves["id"]), "covered": "2026-11-12"})).status == 303
    assert await upload(tutor, SHEET.replace("Thirds", "Quarters"), "better.csv") == 303
    now = await weeks_of(portal)
    assert (now["Halves"]["covered_day"], now["Halves"]["covered_by"]) == (date(2026, 11, 12), "tutor")
    assert set(now) == {"Halves", "Quarters", "Adding", "Subtracting"}
    old = await (await tutor.get(f"{PAGE}?version=1")).text()
    assert "Thirds" in old
    assert "Quarters" not in old
    assert "no longer holds" in old
    assert "plan.csv · tutor name" in old
    assert "23 November 2026, 09:05" in old
    assert (await tutor.get(f"{PAGE}?version=3")).status == 404
    assert (await tutor.get(f"{PAGE}?version=x")).status == 404
    done = [row["action"] for row in await rows(portal, "audit_log") if row["action"].startswith("pacing.")]
    assert done == ["pacing.upload", "pacing.cover", "pacing.upload"]


async def test_faulty_file_is_refused_whole_with_its_lines(tutor: Browser, portal: Portal) -> None:
    assert await upload(tutor, SHEET) == 303
    before = await rows(portal, "pacing_weeks")
    wrong = SHEET.replace("2026-11-16", "2026-11-17").replace(",Worksheet", ",Nothing <b>")
    looked = await tutor.upload(f"{PAGE}/upload", "file", "plan.csv", wrong.encode())
    text = await looked.text()
    assert looked.status == 400
    assert "2026-11-17 is a Tuesday" in text
    assert "“Nothing &lt;b&gt;”" in text
    # Whoever leaves the look out is told the same.
    assert (await tutor.submit(f"{PAGE}/apply", {"content": wrong, "file_name": "x", "seen": ""})).status == 400
    assert await rows(portal, "pacing_weeks") == before
    assert await upload(tutor, b"week,topic\n" + b" " * MAX_FILE_BYTES) == 400
    assert (await tutor.submit(f"{PAGE}/upload", {})).status == 400
    # Nor is a file made the guide that was looked at before somebody else's.
    stale = await tutor.submit(f"{PAGE}/apply", {"content": SHEET, "file_name": "x", "seen": ""})
    assert stale.status == 409
    assert "Somebody else has changed the guide" in await stale.text()


async def test_weeks_are_added_changed_moved_and_removed_on_the_page(tutor: Browser, portal: Portal) -> None:
    async def add(week: str, topic: str, material: str = "") -> int:
        return (
            await tutor.submit(f"{PAGE}/add", {"week": week, "topic": topic, "goal": "", "material": material})
        ).status

    assert await add("2026-11-23", "Adding", "Worksheet") == 303
    assert await add("2026-11-30", "Subtracting") == 303
    assert await add("2026-11-30", "Twice") == 409
    assert await add("2026-12-01", "No Monday") == 400
    assert await add("2026-12-07", "No such material", "Nothing") == 400
    assert await add("2026-12-07", "") == 400
    week = str((await weeks_of(portal))["Adding"]["id"])
    assert "Change a week" in await (await tutor.get(f"{PAGE}?week={week}")).text()
    assert (await tutor.submit(f"{PAGE}/cover", {"id": week, "covered": "2026-11-24"})).status == 400  # tomorrow
    assert (await tutor.submit(f"{PAGE}/cover", {"id": week, "covered": "2026-11-23"})).status == 303
    assert (await tutor.submit(f"{PAGE}/move", {"id": week, "to": "earlier"})).status == 303  # there is none
    moved = await tutor.submit(f"{PAGE}/move", {"id": week, "to": "later"})
    found = await weeks_of(portal)
    assert moved.headers["Location"] == f"{PAGE}?week={found['Adding']['id']}#week"
    assert (found["Adding"]["week"], found["Subtracting"]["week"]) == (date(2026, 11, 30), date(2026, 11, 23))
    assert (found["Adding"]["covered_day"], found["Subtracting"]["covered_day"]) == (date(2026, 11, 23), None)
    changed = {
        "id": str(found["Adding"]["id"]),
        "week": "2026-12-07",
        "topic": "Adding <i>",
        "goal": "",
        "material": "",
    }
    assert (await tutor.submit(f"{PAGE}/change", changed)).status == 303
    assert (await tutor.submit(f"{PAGE}/change", {**changed, "week": "2026-11-23"})).status == 409
    text = await (await tutor.get(PAGE)).text()
    assert "Adding &lt;i&gt;" in text
    assert (await tutor.submit(f"{PAGE}/cover", {"id": changed["id"], "covered": ""})).status == 303
    assert (await tutor.submit(f"{PAGE}/remove", {"id": changed["id"]})).status == 303
    for path in ("remove", "change", "cover", "move"):
        gone = await tutor.submit(f"{PAGE}/{path}", {**changed, "covered": "", "to": "later"})
        assert gone.status == 409, path
    assert set(await weeks_of(portal)) == {"Subtracting"}
    assert len(await rows(portal, "pacing_guides")) == 1


async def test_pages_show_this_week_its_lessons_and_the_pace(tutor: Browser, browser: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        for name, at_ms, state, cancelled_ms in (
            ("held", NOON_MS - 5 * DAY_MS, "ended", None),  # Wednesday before
            ("off", NOON_MS - 6 * DAY_MS, "ended", NOON_MS),
            ("ahead", NOON_MS + DAY_MS, "scheduled", None),
        ):
            known: dict[str, object] = {
                "id": name,
                "school": "here",
                "room": name,
                "title": name,
                "subject": "Mathematics",
            }
            known |= {"demo": False, "recording": "off", "class": "class-one", "state": state}
            times = {"starts_ms": at_ms, "ends_ms": at_ms + 60 * MINUTE_MS, "cancelled_ms": cancelled_ms}
            await connection.execute(insert(lessons).values({**known, **times}))
    assert await upload(tutor, SHEET) == 303
    text = await (await tutor.get(PAGE)).text()
    assert "2 weeks behind" in text.lower()
    assert text.count("Lessons held:") == 1
    assert "Wednesday, 18 November" in text
    assert "Tuesday, 17 November" not in text
    for topic in ("Halves", "Thirds"):
        week = str((await weeks_of(portal))[topic]["id"])
        assert (await tutor.submit(f"{PAGE}/cover", {"id": week, "covered": "2026-11-23"})).status == 303
    group = await (await tutor.get("/classes/class-one")).text()
    assert "This week: Adding" in group
    assert "on pace" in group.lower()
    start = await (await tutor.get("/")).text()
    assert "This week in your classes" in start
    assert "Adding" in start
    await browser.log_in("student")
    seen = await (await browser.get(PAGE)).text()
    assert "Subtracting" in seen
    assert "Upload a CSV" not in seen
    assert "This week in your classes" not in await (await browser.get("/")).text()
    sent = await browser.get(f"{PAGE}.csv")
    assert sent.content_type == "text/csv"
    assert "2026-11-09,Halves,Name a half,Worksheet,2026-11-23" in (await sent.read()).decode("utf-8-sig")


async def test_guide_of_another_class_is_not_changed_by_its_ids(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    assert await upload(tutor, SHEET) == 303
    week = str((await weeks_of(portal))["Halves"]["id"])
    stranger = open_browser()
    await stranger.log_in("far-coordinator")
    await stranger.get("/classes/class-far/pacing")
    form = FormData({"csrf": stranger.csrf, "id": week})
    answer = await stranger.client.post("/classes/class-far/pacing/remove", data=form, allow_redirects=False)
    assert answer.status == 409
    assert "Halves" in await weeks_of(portal)
