"""Weekly hours and the days on which they fall: in the school's own time, also where clocks are changed. Pure."""

from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from portal.language import phrase, t
from portal.times import zone

DAY_MINUTES = 24 * 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_EVERY = (
    phrase("Mondays {start} to {end}"),
    phrase("Tuesdays {start} to {end}"),
    phrase("Wednesdays {start} to {end}"),
    phrase("Thursdays {start} to {end}"),
    phrase("Fridays {start} to {end}"),
    phrase("Saturdays {start} to {end}"),
    phrase("Sundays {start} to {end}"),
)


@dataclass(frozen=True, slots=True)
class WeeklyHour:
    """One lesson a week. `weekday` 0 is Monday; `start_minute` counts on the wall clock of `time_zone`."""

    weekday: int
    start_minute: int
    length_min: int
    time_zone: str
    from_day: date
    until_day: date

    @property
    def words(self) -> str:
        """As people say it: `Tuesdays 15:30 to 16:15`."""
        end = self.start_minute + self.length_min
        return t(_EVERY[self.weekday], start=format_minute(self.start_minute), end=format_minute(end))


@dataclass(frozen=True, slots=True)
class Meeting:
    """One day of a weekly hour, as moments (unix ms)."""

    day: date
    starts_ms: int
    ends_ms: int


def meetings(hour: WeeklyHour, first: date, last: date, holidays: Set[date]) -> Iterator[Meeting]:
    """The meetings from `first` to `last`, both included, without holidays.

    The wall clock rules: 15:30 stays 15:30 when clocks change. A time that is skipped that night is taken as if they
    had not been changed yet, and of a time that comes twice the first is meant (`fold=0` of PEP 495). A lesson lasts
    its length in real minutes.
    """
    day = max(first, hour.from_day)
    day += timedelta(days=(hour.weekday - day.weekday()) % 7)
    while day <= min(last, hour.until_day):
        if day not in holidays:
            wall = datetime.combine(day, time(*divmod(hour.start_minute, 60)), zone(hour.time_zone))
            starts_ms = int(wall.timestamp() * 1000)
            yield Meeting(day, starts_ms, starts_ms + hour.length_min * 60_000)
        day += timedelta(days=7)


def clash(one: WeeklyHour, other: WeeklyHour) -> bool:
    """Whether the two ever ask somebody to be in two places: same weekday, common weeks, times that overlap."""
    return (
        one.weekday == other.weekday
        and one.from_day <= other.until_day
        and other.from_day <= one.until_day
        and one.start_minute < other.start_minute + other.length_min
        and other.start_minute < one.start_minute + one.length_min
    )


def format_minute(minute: int) -> str:
    """`15:30` of minutes after midnight."""
    return f"{minute // 60 % 24:02}:{minute % 60:02}"
