"""What the API for programs takes and gives; the description in OpenAPI is made from these."""

from datetime import date, datetime
from typing import Annotated

import msgspec
from msgspec import Meta

MOST_ITEMS = 200
MOST_DAYS = 7

Id = Annotated[
    str, Meta(pattern="^[a-z0-9][a-z0-9-]{2,62}[a-z0-9]$", description="An id of the portal.", examples=["7kq2mwp4"])
]
Moment = Annotated[datetime, Meta(tz=True, description="RFC 3339, with an offset or Z.")]
Limit = Annotated[int, Meta(ge=1, le=MOST_ITEMS, description="The most items of one page.")]
After = Annotated[Id, Meta(description="The `next` of the page before.")]


class Person(msgspec.Struct, frozen=True):
    """Somebody on the school's lists."""

    id: Id
    role: str
    name: str
    given_name: str | None
    family_name: str | None
    grade: str | None
    school_id: Annotated[str | None, Meta(description="The id that the school's own roster has for this person.")]
    active: Annotated[bool, Meta(description="Whether the account is open.")]


class WeeklyHour(msgspec.Struct, frozen=True):
    """A time at which a class meets each week. The clock is that of `time_zone`, also over a change of clocks."""

    weekday: Annotated[int, Meta(ge=0, le=6, description="0 is Monday.")]
    start: Annotated[str, Meta(pattern="^[0-2][0-9]:[0-5][0-9]$")]
    minutes: int
    time_zone: str
    first_day: date
    last_day: date | None


class SchoolClass(msgspec.Struct, frozen=True, rename={"schedule": "hours"}):
    """A class that is open."""

    id: Id
    title: str
    subject: str
    grade: str
    format: Annotated[str, Meta(description="1:1 or 1:4.")]
    capacity: int
    tutor: Id | None
    students: list[Id]
    schedule: list[WeeklyHour]


class Lesson(msgspec.Struct, frozen=True, rename={"group": "class"}):
    """One meeting."""

    id: Id
    title: str
    subject: str
    group: Id | None
    starts: Moment
    ends: Moment
    state: Annotated[str, Meta(description="scheduled, open (somebody is inside), live or ended.")]
    called_off: bool
    tutors: list[Id]
    students: list[Id]


class Attendance(msgspec.Struct, frozen=True, rename={"group": "class"}):
    """One student in one lesson that is over."""

    lesson: Id
    group: Id | None
    student: Id
    subject: str
    day: Annotated[date, Meta(description="In the school's time zone.")]
    starts: Moment
    scheduled_minutes: int
    minutes: Annotated[int, Meta(description="What is reported: measured, or as the staff corrected it.")]
    corrected: bool
    absent: bool


class Recording(msgspec.Struct, frozen=True):
    """The recording of one lesson. To watch it, a person signs in at `page`."""

    lesson: Id
    state: Annotated[str, Meta(description="joined, recording, sealed, rendering, rendered or failed.")]
    seconds: float | None
    watchable: bool
    film: Annotated[bool, Meta(description="Whether the MP4 exists.")]
    page: str


class People(msgspec.Struct, frozen=True):
    """A page of people, by id."""

    items: list[Person]
    next: Id | None


class Classes(msgspec.Struct, frozen=True):
    """A page of classes, by id."""

    items: list[SchoolClass]
    next: Id | None


class Lessons(msgspec.Struct, frozen=True):
    """A page of lessons, by when they start."""

    items: list[Lesson]
    next: Id | None


class Recordings(msgspec.Struct, frozen=True):
    """A page of recordings, by when their lessons start."""

    items: list[Recording]
    next: Id | None


class AttendanceOfDays(msgspec.Struct, frozen=True):
    """The attendance of some days, by student and time."""

    items: list[Attendance]


class Refusal(msgspec.Struct, frozen=True):
    """Why a request was refused."""

    error: Annotated[str, Meta(description="For programs.")]
    message: Annotated[str, Meta(description="For people.")]
    reference: Annotated[str, Meta(description="By which the portal's log knows this answer.")]


class NoQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Nothing in the query."""


class PeopleQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which people."""

    role: Annotated[str, Meta(pattern="^[a-z_]{1,32}$", description="Such as student or tutor.")] | None = None
    after: After | None = None
    limit: Limit = 100


class PageQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which page."""

    after: After | None = None
    limit: Limit = 100


class SpanQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}):
    """Lessons that start in [from, to)."""

    since: Moment
    until: Moment
    after: After | None = None
    limit: Limit = 100


class DaysQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from"}):
    """Some days from one on, in the school's time zone."""

    since: date
    days: Annotated[int, Meta(ge=1, le=MOST_DAYS)] = 1
    student: Id | None = None
