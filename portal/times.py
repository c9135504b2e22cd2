"""Times as people at a school read them: in the school's zone, with the offset of that day."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from portal.language import phrase, t

_WEEKDAYS = (
    phrase("Monday"),
    phrase("Tuesday"),
    phrase("Wednesday"),
    phrase("Thursday"),
    phrase("Friday"),
    phrase("Saturday"),
    phrase("Sunday"),
)
_MONTHS = (
    phrase("January"),
    phrase("February"),
    phrase("March"),
    phrase("April"),
    phrase("May"),
    phrase("June"),
    phrase("July"),
    phrase("August"),
    phrase("September"),
    phrase("October"),
    phrase("November"),
    phrase("December"),
)


@lru_cache(maxsize=64)
def zone(name: str) -> ZoneInfo:
    """The time zone of an IANA name; raises ZoneInfoNotFoundError."""
    return ZoneInfo(name)


def local(at_ms: int, zone_name: str) -> datetime:
    """A moment (unix ms) as a date and time of the zone."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).astimezone(zone(zone_name))


def day_bounds_ms(at_ms: int, zone_name: str, *, days: int = 1) -> tuple[int, int]:
    """Start and end (unix ms) of `days` local days that begin with the day of `at_ms`.

    Local midnights are looked up by date, so the 23- and 25-hour days come out right.
    """
    first = local(at_ms, zone_name).date()
    return midnight_ms(first, zone_name), midnight_ms(first + timedelta(days=days), zone_name)


def midnight_ms(day: date, zone_name: str) -> int:
    """The moment (unix ms) at which a local day begins."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone(zone_name)).timestamp() * 1000)


@lru_cache(maxsize=4096)
def format_time(at_ms: int, zone_name: str) -> str:
    """`15:30`, in the zone."""
    return local(at_ms, zone_name).strftime("%H:%M")


def format_day(at_ms: int, zone_name: str) -> str:
    """`Monday, 23 November`, in the zone and in the reader's language."""
    when = local(at_ms, zone_name)
    weekday, month = t(_WEEKDAYS[when.weekday()]), t(_MONTHS[when.month - 1])
    return t("{weekday}, {day} {month}", weekday=weekday, day=when.day, month=month)


def format_full_day(at_ms: int, zone_name: str) -> str:
    """`23 November 2026`, in the zone and in the reader's language."""
    return format_date(local(at_ms, zone_name).date())


def format_date(day: date | str) -> str:
    """`23 November 2026`, in the reader's language, of a date or its ISO 8601 text."""
    day = date.fromisoformat(day) if isinstance(day, str) else day
    return t("{day} {month} {year}", day=day.day, month=t(_MONTHS[day.month - 1]), year=day.year)


def format_zone(at_ms: int, zone_name: str) -> str:
    """The zone as people say it on that day, such as `EST`."""
    return local(at_ms, zone_name).tzname() or zone_name


@lru_cache(maxsize=4096)
def format_iso(at_ms: int) -> str:
    """RFC 3339 in UTC, for a <time> element and for JSON."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def format_hours(minutes: int) -> str:
    """`12 h 30 min`, `45 min`; with a minus sign below zero."""
    hours, rest = divmod(abs(minutes), 60)
    words = f"{hours:,} h {rest} min" if hours and rest else f"{hours:,} h" if hours else f"{rest} min"
    return f"−{words}" if minutes < 0 else words


def format_length(duration_ms: int) -> str:
    """`1:02:03` or `4:05`."""
    minutes, seconds = divmod(duration_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
