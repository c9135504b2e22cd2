"""Days, hours and minutes, with the days on which clocks change: portal/{business_days,timetable,minutes}.py."""

import csv
import io
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.attendance_report import week_of
from portal.business_days import add_business_days, business_days_left
from portal.minutes import MINUTE_MS, Presence, Sighting, presence, union
from portal.report_files import safe_cell, write_csv
from portal.times import local, midnight_ms
from portal.timetable import WeeklyHour, clash, meetings

HOUR_MS = 60 * MINUTE_MS
THANKSGIVING = frozenset({date(2026, 11, 26), date(2026, 11, 27)})


def hour(weekday: int = 1, start: int = 930, length: int = 60, zone: str = "America/New_York") -> WeeklyHour:
    return WeeklyHour(weekday, start, length, zone, date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("start", "count", "due"),
    [
        (date(2026, 11, 23), 10, date(2026, 12, 9)),  # Thanksgiving and the day after do not count
        (date(2026, 11, 20), 1, date(2026, 11, 23)),  # Friday to Monday
        (date(2026, 11, 21), 1, date(2026, 11, 23)),
        (date(2026, 11, 25), 1, date(2026, 11, 30)),
        (date(2026, 11, 23), 0, date(2026, 11, 23)),
    ],
)
def test_business_days_skip_weekends_and_holidays(start: date, count: int, due: date) -> None:
    assert add_business_days(start, count, THANKSGIVING) == due
    if count:
        assert business_days_left(start, due, THANKSGIVING) == count


def test_days_that_are_over_count_down_below_zero() -> None:
    assert business_days_left(date(2026, 11, 30), date(2026, 11, 25), THANKSGIVING) == -1
    assert business_days_left(date(2026, 11, 25), date(2026, 11, 25), THANKSGIVING) == 0


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin"])
def test_series_keeps_its_wall_clock_across_both_changes(zone: str) -> None:
    found = list(meetings(hour(weekday=6, zone=zone), date(2026, 3, 1), date(2026, 11, 30), frozenset()))
    assert len(found) == 40
    for meeting in found:
        when = local(meeting.starts_ms, zone)
        assert (when.hour, when.minute, when.weekday(), when.date()) == (15, 30, 6, meeting.day)
        assert meeting.ends_ms - meeting.starts_ms == HOUR_MS
    offsets = {local(meeting.starts_ms, zone).utcoffset() for meeting in found}
    assert len(offsets) == 2


def test_weeks_of_the_change_are_an_hour_longer_or_shorter() -> None:
    lengths = {day: week_of(day, "America/New_York") for day in (date(2026, 3, 4), date(2026, 10, 30))}
    hours = [(week.to_ms - week.from_ms) // HOUR_MS for week in lengths.values()]
    assert hours == [167, 169]


def test_time_that_is_skipped_that_night_is_an_hour_later_on_the_wall() -> None:
    (meeting,) = meetings(hour(weekday=6, start=150), date(2026, 3, 8), date(2026, 3, 8), frozenset())
    assert datetime.fromtimestamp(meeting.starts_ms / 1000, UTC) == datetime(2026, 3, 8, 7, 30, tzinfo=UTC)


def test_of_a_time_that_comes_twice_the_first_is_meant() -> None:
    (meeting,) = meetings(hour(weekday=6, start=90), date(2026, 11, 1), date(2026, 11, 1), frozenset())
    assert datetime.fromtimestamp(meeting.starts_ms / 1000, UTC) == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


def test_holidays_and_bounds_leave_days_out() -> None:
    found = meetings(hour(weekday=3), date(2026, 11, 12), date(2026, 12, 3), THANKSGIVING)
    assert [meeting.day.day for meeting in found] == [12, 19, 3]


@pytest.mark.parametrize(
    ("other", "clashes"),
    [
        (hour(), True),
        (hour(start=989), True),
        (hour(start=990), False),
        (hour(start=870), False),
        (hour(start=871), True),
        (hour(weekday=2), False),
        (WeeklyHour(1, 930, 60, "America/New_York", date(2027, 1, 1), date(2027, 2, 1)), False),
    ],
)
def test_hours_clash_when_they_overlap_on_a_common_day(other: WeeklyHour, clashes: bool) -> None:
    assert clash(hour(), other) is clashes
    assert clash(other, hour()) is clashes


def sightings(*events: tuple[str, str, float]) -> list[Sighting]:
    return [Sighting(session, kind, round(minute * MINUTE_MS)) for session, kind, minute in events]


@pytest.mark.parametrize(
    ("events", "minutes", "open_ended"),
    [
        ([], 0, False),
        ([("a", "join", -10), ("a", "leave", 70)], 60, False),
        ([("a", "join", 10), ("a", "leave", 20), ("b", "join", 15), ("b", "leave", 30)], 20, False),
        ([("a", "leave", 30), ("a", "join", 30), ("a", "leave", 40)], 10, False),
        ([("a", "join", 50)], 10, True),
        ([("a", "join", 70)], 0, False),
        ([("a", "leave", 30)], 0, False),
        ([("a", "join", 10), ("a", "join", 20), ("a", "leave", 30), ("a", "leave", 40)], 20, False),
        ([("b", "leave", 20), ("a", "join", 0), ("b", "join", 10), ("a", "leave", 5)], 15, False),
        ([("a", "join", 0), ("a", "leave", 29.49)], 29, False),
        ([("a", "join", 0), ("a", "leave", 29.5)], 30, False),
    ],
)
def test_minutes_are_the_union_of_the_sessions_inside_the_lesson(
    events: list[tuple[str, str, float]], minutes: int, open_ended: bool
) -> None:
    found = presence(sightings(*events), 0, 60 * MINUTE_MS)
    assert (found.minutes, found.open_ended) == (minutes, open_ended)


@pytest.mark.parametrize("day", [date(2026, 3, 8), date(2026, 11, 1)])
def test_minutes_of_a_lesson_through_the_change_are_real_minutes(day: date) -> None:
    starts_ms = midnight_ms(day, "America/New_York")
    (meeting,) = meetings(hour(weekday=6, start=90, length=90), day, day, frozenset())
    events = [Sighting("a", "join", starts_ms), Sighting("a", "leave", starts_ms + 10 * HOUR_MS)]
    assert presence(events, meeting.starts_ms, meeting.ends_ms).minutes == 90


INTERVALS = st.lists(st.tuples(st.integers(-50, 150), st.integers(-50, 150)), max_size=12)


@given(INTERVALS)
def test_union_covers_what_any_interval_covers_and_nothing_twice(intervals: list[tuple[int, int]]) -> None:
    covered = {n for since, to in intervals for n in range(max(since, 0), min(to, 100))}
    joined = union(intervals, 0, 100)
    assert sum(to - since for since, to in joined) == len(covered) == Presence(joined).present_ms
    assert all(one[1] < other[0] for one, other in pairwise(joined))


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx", "\r=x", "  =x", '=HYPERLINK("x")'])
def test_text_that_a_spreadsheet_would_compute_is_disarmed(text: str) -> None:
    assert safe_cell(text) == f"'{text}"
    (row,) = list(csv.reader(io.StringIO(write_csv([], [[text]]).decode("utf-8-sig"), newline="")))[1:]
    assert row[0].startswith("'")


def test_numbers_and_plain_text_stay_as_they_are() -> None:
    assert [safe_cell(cell) for cell in (-5, 1.5, None, "a=b", date(2026, 1, 2))] == [-5, 1.5, "", "a=b", "2026-01-02"]
