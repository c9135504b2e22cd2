"""Pacing guides as CSV, in and out. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from portal.report_files import safe_cell, write_csv
from portal.roster.sheets import Row, SheetRefused, read_sheet

MAX_FILE_BYTES = 128 * 1024
MAX_WEEKS = 60
MOST_TOPIC = 200
MOST_GOAL = 300
REQUIRED = ("week", "topic")
# Column → what it means, as the page says it.
COLUMNS = {
    "week": "the Monday of the week, as 2026-11-23 or 11/23/2026; required",
    "topic": "what the week is about; required",
    "goal": "the standard or goal, in a few words",
    "material": "the title of a material of this class",
}
# As programs that know only American dates write it again when they save a CSV.
_DATES = ("%Y-%m-%d", "%m/%d/%Y")


@dataclass(frozen=True, slots=True)
class PlannedTopic:
    """What is planned for one week. `week`: its Monday; `material`: a title, or empty."""

    week: date
    topic: str
    goal: str
    material: str


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a file, in a sentence; `line` is 0 where it concerns the whole file."""

    line: int
    words: str


def monday_of(day: date) -> date:
    """The Monday of the week that the day lies in."""
    return day - timedelta(days=day.weekday())


def not_monday(day: date) -> str | None:
    """What to say of a day that is not the Monday of its week."""
    if day.weekday() == 0:
        return None
    return f"{day} is a {day:%A}; enter the Monday of the week, {monday_of(day)}."


def parse_guide(content: bytes, titles: Collection[str]) -> tuple[list[PlannedTopic], list[Fault]]:
    """The weeks of a CSV file, earliest first, and its faults; `titles`: of the class's material."""
    known = {title.casefold(): title for title in titles}
    weeks: dict[date, tuple[int, PlannedTopic]] = {}
    faults: list[Fault] = []
    try:
        for count, row in enumerate(read_sheet(content, REQUIRED)):
            if count >= MAX_WEEKS:
                faults.append(Fault(row.line, f"A guide has at most {MAX_WEEKS} weeks."))
                break
            planned, wrong = _week(row, known)
            if planned is not None and planned.week in weeks:
                wrong.append(f"The week of {planned.week} stands in line {weeks[planned.week][0]} already.")
            faults += [Fault(row.line, words) for words in wrong]
            if planned is not None and not wrong:
                weeks[planned.week] = (row.line, planned)
    except SheetRefused as error:
        faults.append(Fault(error.line, f"The file {error.words}."))
    if not weeks and not faults:
        faults.append(Fault(0, "The file names no week."))
    return [planned for _, planned in sorted(weeks.values(), key=lambda each: each[1].week)], faults


def _week(row: Row, known: dict[str, str]) -> tuple[PlannedTopic | None, list[str]]:
    """A row as planned, where it has a week, and what is wrong with it."""
    wrong: list[str] = []
    day, words = _day(row["week"])
    if words is not None:
        wrong.append(words)
    topic, goal, title = (_plain(row[column]) for column in ("topic", "goal", "material"))
    if not topic:
        wrong.append("The topic is missing.")
    for what, text, most in (("topic", topic, MOST_TOPIC), ("goal", goal, MOST_GOAL)):
        if len(text) > most:
            wrong.append(f"The {what} is longer than {most} characters.")
        elif not text.isprintable():
            wrong.append(f"The {what} has characters that cannot be printed.")
    material = known.get(title.casefold(), "")
    if title and not material:
        shown = title if title.isprintable() and len(title) <= MOST_TOPIC else "this title"
        wrong.append(f"The class has no material with the title “{shown}”.")
    return None if day is None else PlannedTopic(day, topic, goal, material), wrong


def _day(text: str) -> tuple[date | None, str | None]:
    if not text:
        return None, "The week is missing."
    for form in _DATES:
        try:
            day = datetime.strptime(text, form).date()
        except ValueError:
            continue
        if not 2000 <= day.year <= 2200:
            return None, "The week must be between the years 2000 and 2200."
        return day, not_monday(day)
    return None, "The week is not a date; write its Monday as year-month-day, such as 2026-11-23."


def _plain(cell: str) -> str:
    """A cell on one line, without the apostrophe that `safe_cell` put before what looks like a formula."""
    text = " ".join(cell.split())
    return text[1:] if text.startswith("'") and safe_cell(text[1:]) == text else text


def guide_csv(weeks: Sequence[tuple[PlannedTopic, date | None]]) -> bytes:
    """The weeks, each with the day on which it was covered, as CSV that can be uploaded again."""
    rows = [(each.week, each.topic, each.goal, each.material, covered) for each, covered in weeks]
    return write_csv((*COLUMNS, "covered"), rows)
