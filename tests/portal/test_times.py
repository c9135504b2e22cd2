"""portal/times.py."""

from datetime import UTC, datetime

import pytest

from portal.times import day_bounds_ms, format_day, format_iso, format_length, format_time, format_zone

HOUR_MS = 3_600_000


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "hours"),
    [("2026-03-08T12:00", 23), ("2026-11-01T12:00", 25), ("2026-06-01T12:00", 24)],
)
def test_days_of_a_clock_change_have_23_and_25_hours(moment: str, hours: int) -> None:
    start, end = day_bounds_ms(ms(moment), "America/New_York")
    assert (end - start) / HOUR_MS == hours
    assert format_time(start, "America/New_York") == format_time(end, "America/New_York") == "00:00"


def test_day_is_that_of_the_school_not_of_the_server() -> None:
    late = ms("2026-11-24T03:30")
    assert format_day(late, "America/New_York") == "Monday, 23 November"
    assert format_day(late, "Europe/Berlin") == "Tuesday, 24 November"
    assert (format_zone(late, "America/New_York"), format_zone(ms("2026-07-01T12:00"), "America/New_York")) == (
        "EST",
        "EDT",
    )


def test_forms_for_machines_and_people() -> None:
    assert format_iso(ms("2026-11-24T03:30")) == "2026-11-24T03:30:00Z"
    assert [format_length(length) for length in (0, 65_400, 3_723_000)] == ["0:00", "1:05", "1:02:03"]
