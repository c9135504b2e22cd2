"""Schedules, calendar files, minutes and hours where clocks change, as properties over whole years and zones.

portal/{timetable,calendar_file,minutes,hours}.py.
"""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from icalendar import Calendar

from portal.attendance_report import Correction, Line
from portal.calendar_file import CalendarLesson, format_calendar
from portal.hours import NO_SHOW, Contract, settle
from portal.minutes import MINUTE_MS, Presence, Sighting, presence
from portal.times import local, midnight_ms
from portal.timetable import WeeklyHour, meetings

# North and south of the equator, and one that changes by half an hour.
ZONES = ("America/New_York", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe")
YEAR = (date(2026, 1, 1), date(2026, 12, 31))

zones = st.sampled_from(ZONES)
days = st.dates(*YEAR)
hours = st.builds(
    WeeklyHour,
    weekday=st.integers(0, 6),
    start_minute=st.integers(0, 24 * 60 - 15),
    length_min=st.integers(15, 240),
    time_zone=zones,
    from_day=st.just(YEAR[0]),
    until_day=st.just(YEAR[1]),
)


def exists(day: date, minute: int, zone: str) -> bool:
    """Whether the wall clock of the zone ever shows this time on this day."""
    wall = datetime.combine(day, time(*divmod(minute, 60)), ZoneInfo(zone))
    return wall.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == wall.replace(tzinfo=None)


@given(hours, st.frozensets(days, max_size=20))
def test_series_of_a_year_keeps_its_wall_clock_and_its_length(hour: WeeklyHour, free: frozenset[date]) -> None:
    found = list(meetings(hour, *YEAR, free))
    every = [YEAR[0] + timedelta(days=n) for n in range(365)]
    assert [each.day for each in found] == [day for day in every if day.weekday() == hour.weekday and day not in free]
    for each in found:
        assert each.ends_ms - each.starts_ms == hour.length_min * MINUTE_MS
        when = local(each.starts_ms, hour.time_zone)
        if exists(each.day, hour.start_minute, hour.time_zone):
            assert (when.date(), when.hour * 60 + when.minute) == (each.day, hour.start_minute)
        else:
            # A time that is skipped that night: as much later as clocks are put forward.
            assert when.hour * 60 + when.minute - hour.start_minute in (30, 60)


@given(hours)
def test_both_changes_lie_in_the_year_and_move_the_series_against_utc(hour: WeeklyHour) -> None:
    offsets = [local(each.starts_ms, hour.time_zone).utcoffset() for each in meetings(hour, *YEAR, frozenset())]
    assert len(set(offsets)) == 2
    assert sum(one != other for one, other in itertools.pairwise(offsets)) == 2


titles = st.text(st.characters(exclude_categories=("Cc", "Cs", "Zl", "Zp")), min_size=1, max_size=120).map(str.strip)


@settings(max_examples=40)
@given(hours, titles.filter(lambda title: bool(title) and "\\" not in title), st.booleans())
def test_calendar_file_says_the_same_moments_and_the_same_words(hour: WeeklyHour, title: str, cancelled: bool) -> None:
    planned = list(meetings(hour, *YEAR, frozenset()))
    shown = [
        CalendarLesson(
            f"lesson{n}", title, each.starts_ms, each.ends_ms, cancelled, f"https://s.example/{n}/" + "x" * n
        )
        for n, each in enumerate(planned)
    ]
    content = format_calendar("Lessons, A; B, C", shown, planned[0].starts_ms)
    assert all(len(line) <= 75 for line in content.split(b"\r\n"))
    calendar = Calendar.from_ical(content)
    assert str(calendar["x-wr-calname"]) == "Lessons, A; B, C"
    events = calendar.walk("VEVENT")
    assert [str(event["uid"]) for event in events] == [f"{each.id}@chalkmesh" for each in shown]
    for event, each in zip(events, shown, strict=True):
        assert event.decoded("dtstart").timestamp() * 1000 == each.starts_ms
        assert event.decoded("dtend").timestamp() * 1000 == each.ends_ms
        assert str(event["summary"]) == title
        assert str(event["url"]) == each.url
        assert str(event["status"]) == ("CANCELLED" if cancelled else "CONFIRMED")


def test_backslash_in_a_title_is_escaped() -> None:
    content = format_calendar("L", [CalendarLesson("l", "A \\ B", 0, 60_000, False, "https://s.example/")], 0)
    assert b"SUMMARY:A \\\\ B\r\n" in content


@given(days, zones, st.lists(st.integers(1, 23 * 60 - 1), unique=True, max_size=6))
def test_minutes_of_the_lessons_of_a_day_add_up_to_its_23_24_or_25_hours(
    day: date, zone: str, cuts: Sequence[int]
) -> None:
    begin, end = midnight_ms(day, zone), midnight_ms(day + timedelta(days=1), zone)
    there = [Sighting("a", "join", begin - MINUTE_MS), Sighting("a", "leave", end + MINUTE_MS)]
    edges = [begin, *sorted(begin + cut * MINUTE_MS for cut in cuts), end]
    minutes = [presence(there, one, other).minutes for one, other in itertools.pairwise(edges)]
    assert sum(minutes) == (end - begin) // MINUTE_MS
    assert sum(minutes) in (23 * 60, 23 * 60 + 30, 24 * 60, 24 * 60 + 30, 25 * 60)


SUBJECTS = ("Mathematics", "English", "Art")


def _contracts(drawn: Sequence[tuple[str, int, int, str]]) -> list[Contract]:
    """One contract for a subject at most, as entering them allows."""
    first = date(2026, 9, 1)
    by_subject = {subject: (start, length, no_show) for subject, start, length, no_show in drawn}
    return [
        Contract(f"c{n}", "C", subject, 600, first + timedelta(start), first + timedelta(start + length), no_show)
        for n, (subject, (start, length, no_show)) in enumerate(by_subject.items())
    ]


contracts = st.lists(
    st.tuples(st.sampled_from(("", *SUBJECTS)), st.integers(0, 60), st.integers(0, 120), st.sampled_from(NO_SHOW)),
    max_size=5,
).map(_contracts)


def _line(subject: str, after: int, scheduled: int, stayed: int, corrected: int | None) -> Line:
    there = ((0, stayed * MINUTE_MS),) if stayed else ()
    correction = Correction(corrected, "r", "tutor", 0) if corrected is not None else None
    day = date(2026, 9, 1) + timedelta(after)
    return Line("l", None, "T", subject, "s", "n", "7", day, 0, scheduled, Presence(there), correction, erased=False)


lines = st.lists(
    st.builds(
        _line,
        st.sampled_from(SUBJECTS),
        st.integers(-30, 200),
        st.integers(15, 240),
        st.sampled_from((0, 0, 1, 30, 240)),
        st.none() | st.integers(0, 240),
    ),
    max_size=30,
)
coming = st.lists(
    st.tuples(st.sampled_from(SUBJECTS), st.dates(date(2026, 8, 1), date(2027, 4, 1)), st.integers(15, 960)), max_size=9
)


@given(contracts, lines, coming)
def test_ledger_holds_every_minute_of_attendance_once(
    bought: list[Contract], held: list[Line], ahead: list[tuple[str, date, int]]
) -> None:
    accounts = settle(bought, held, ahead)
    missed = [each for each in held if each.absent]
    assert [each.contract for each in accounts if each.contract is not None] == bought
    assert sum(each.used for each in accounts) == sum(each.minutes for each in held)
    assert sum(each.no_shows for each in accounts) == len(missed)
    assert sum(each.no_show for each in accounts) == sum(each.scheduled_minutes for each in missed)
    assert sum(each.ahead for each in accounts) == sum(minutes for _, _, minutes in ahead)
    for each in accounts:
        policy = each.contract.no_show if each.contract is not None else "used"
        assert each.charged == each.used + (each.no_show if policy == "used" else 0)
        assert each.left == (each.contract.minutes if each.contract is not None else 0) - each.charged
