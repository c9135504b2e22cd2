"""Days on which a school works: Monday to Friday without its holidays. Pure."""

from collections.abc import Set
from datetime import date, timedelta

# How long staffing a student's request may take.
STAFFING_DAYS = 10
# From this many days before the end a request shows as urgent.
WARN_DAYS = 3

_ONE = timedelta(days=1)


def is_business_day(day: date, holidays: Set[date]) -> bool:
    """Whether the school works on that day."""
    return day.weekday() < 5 and day not in holidays


def add_business_days(start: date, count: int, holidays: Set[date]) -> date:
    """The day that is `count` business days after `start`, which itself does not count."""
    day = start
    while count > 0:
        day += _ONE
        count -= is_business_day(day, holidays)
    return day


def subtract_business_days(end: date, count: int, holidays: Set[date]) -> date:
    """The latest day that has `count` business days after it up to `end`: the day before `end`'s count of them."""
    day = end
    while count > 0:
        day -= _ONE
        count -= is_business_day(day, holidays)
    return day


def business_days_left(today: date, due: date, holidays: Set[date]) -> int:
    """Business days after today up to and with the due day; negative: so many since it passed."""
    if due < today:
        return -business_days_left(due, today, holidays)
    return sum(is_business_day(today + _ONE * n, holidays) for n in range(1, (due - today).days + 1))
