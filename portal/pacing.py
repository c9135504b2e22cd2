"""Pacing guides: what a class plans for each week, how far it has come, and changing that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Insert, Update, bindparam, delete, insert, select, update
from sqlalchemy.engine import Row
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.language import t, tn
from portal.ledger import audit
from portal.lessons import LessonState
from portal.pacing_file import MAX_WEEKS, PlannedTopic, monday_of
from portal.pacing_schema import pacing_guides, pacing_weeks
from portal.schema import lessons, users
from portal.service_schema import classes
from portal.times import local, midnight_ms

MAX_VERSIONS = 100
# A lesson every day of every week of a guide, and some more.
_MOST_LESSONS = 1000

_TOPICS_OF_TUTOR = (
    select(classes.c.id, classes.c.title, pacing_weeks.c.topic)
    .join(pacing_guides, pacing_guides.c["class"] == classes.c.id)
    .join(pacing_weeks, pacing_weeks.c.guide == pacing_guides.c.id)
    .where(
        classes.c.tutor == bindparam("tutor"),
        classes.c.closed_ms.is_(None),
        pacing_guides.c.replaced_ms.is_(None),
        pacing_weeks.c.week == bindparam("week"),
    )
    .order_by(classes.c.title, classes.c.id)
)


class GuideRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a guide. `file_name`: empty where it was entered on the page; `holds`: it is the newest."""

    id: str
    number: int
    file_name: str
    by: str
    made_ms: int
    holds: bool


@dataclass(frozen=True, slots=True)
class GuideWeek:
    """One week of a guide, with the day on which its topic was covered, and by whose word."""

    id: str
    planned: PlannedTopic
    covered_day: date | None
    covered_by: str


@dataclass(frozen=True, slots=True)
class Guide:
    """A version with its weeks, earliest first."""

    version: Version
    weeks: tuple[GuideWeek, ...]

    def week(self, week_id: str) -> GuideWeek | None:
        """The row of an id, or None."""
        return next((each for each in self.weeks if each.id == week_id), None)

    def of(self, monday: date) -> GuideWeek | None:
        """What is planned for a week, or None."""
        return next((each for each in self.weeks if each.planned.week == monday), None)


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a class has come: weeks that were planned until now, this one included; those that are over; covered."""

    begun: int
    over: int
    covered: int

    @property
    def words(self) -> str:
        """`2 weeks behind`, `on pace`: a week that still goes on is behind nothing."""
        apart = self.covered - self.over if self.covered < self.over else max(0, self.covered - self.begun)
        if apart == 0:
            return t("on pace")
        if apart < 0:
            return tn(-apart, "{n} week behind", "{n} weeks behind")
        return tn(apart, "{n} week ahead", "{n} weeks ahead")


def pace_of(guide: Guide, monday: date) -> Pace:
    """The pace in the week of `monday`."""
    planned = [each.planned.week for each in guide.weeks]
    return Pace(
        sum(week <= monday for week in planned),
        sum(week < monday for week in planned),
        sum(each.covered_day is not None for each in guide.weeks),
    )


async def load_versions(connection: AsyncConnection, class_id: str) -> list[Version]:
    """The versions of a class's guide, newest first."""
    found = await connection.execute(
        select(pacing_guides, users.c.name)
        .join(users, users.c.id == pacing_guides.c.made_by)
        .where(pacing_guides.c["class"] == class_id)
        .order_by(pacing_guides.c.version.desc())
    )
    return [
        Version(row.id, row.version, row.file_name, row.name, row.made_ms, row.replaced_ms is None) for row in found
    ]


async def load_guide(connection: AsyncConnection, version: Version) -> Guide:
    """A version with its weeks."""
    found = await connection.execute(
        select(pacing_weeks, users.c.name)
        .outerjoin(users, users.c.id == pacing_weeks.c.covered_by)
        .where(pacing_weeks.c.guide == version.id)
        .order_by(pacing_weeks.c.week)
    )
    weeks = [GuideWeek(row.id, _planned(row), row.covered_day, row.name or "") for row in found]
    return Guide(version, tuple(weeks))


async def load_present_guide(connection: AsyncConnection, class_id: str) -> Guide | None:
    """The guide of a class that holds; None where there is none."""
    versions = await load_versions(connection, class_id)
    return await load_guide(connection, versions[0]) if versions else None


async def lessons_held(
    connection: AsyncConnection, class_id: str, weeks: Sequence[date], time_zone: str
) -> Mapping[date, list[int]]:
    """When the class's lessons of these weeks (Mondays) began that were held: ended, and not called off."""
    held: dict[date, list[int]] = {week: [] for week in weeks}
    if not weeks:
        return held
    found = await connection.execute(
        select(lessons.c.starts_ms)
        .where(
            lessons.c["class"] == class_id,
            lessons.c.state == LessonState.ENDED.value,
            lessons.c.cancelled_ms.is_(None),
            lessons.c.starts_ms >= midnight_ms(min(weeks), time_zone),
            lessons.c.starts_ms < midnight_ms(max(weeks) + timedelta(days=7), time_zone),
        )
        .order_by(lessons.c.starts_ms)
        .limit(_MOST_LESSONS)
    )
    for starts_ms in found.scalars():
        week = monday_of(local(starts_ms, time_zone).date())
        if week in held:
            held[week].append(starts_ms)
    return held


async def topics_of_tutor(connection: AsyncConnection, tutor: str, monday: date) -> list[tuple[str, str, str]]:
    """(class, its title, topic) of the week, for each class of a tutor whose guide has one. By indexes alone."""
    found = await connection.execute(_TOPICS_OF_TUTOR, {"tutor": tutor, "week": monday})
    return [(row.id, row.title, row.topic) for row in found]


async def replace_guide(
    connection: AsyncConnection,
    actor: Actor,
    class_id: str,
    weeks: Sequence[PlannedTopic],
    file_name: str,
    seen: str,
    now_ms: int,
) -> None:
    """Makes a new version of these weeks. A topic that was covered stays so where it is planned again.

    `seen`: the id of the version that whoever sends it looked at, or empty. Raises GuideRefused when it is another by
    now, or when there are too many.
    """
    present = await _present(connection, class_id)
    if (present.id if present is not None else "") != seen:
        raise GuideRefused("Somebody else has changed the guide meanwhile. Look at what your file would do now.")
    covered: dict[str, list[Row[tuple[object, ...]]]] = {}
    if present is not None:
        for row in await _weeks(connection, present.id):
            if row.covered_day is not None:
                covered.setdefault(row.topic.casefold(), []).append(row)
    made = await _new_version(connection, actor, class_id, present, file_name, now_ms)
    fresh: list[dict[str, object]] = []
    for each in weeks:
        before = covered.get(each.topic.casefold())
        ticked = before.pop(0) if before else None
        told = {"covered_day": ticked.covered_day, "covered_by": ticked.covered_by} if ticked is not None else {}
        fresh.append({"id": new_id(), "guide": made, **_values(each), "covered_day": None, "covered_by": None, **told})
    if fresh:
        await connection.execute(insert(pacing_weeks), fresh)
    detail = {"guide": made, "weeks": len(fresh)}
    await audit(connection, actor.user, "pacing.upload", "class", class_id, now_ms, detail)


async def add_week(
    connection: AsyncConnection, actor: Actor, class_id: str, planned: PlannedTopic, now_ms: int
) -> None:
    """One more week; the first one begins the guide. Raises GuideRefused for a week that it has already."""
    present = await _present(connection, class_id)
    guide = present.id if present is not None else await _new_version(connection, actor, class_id, None, "", now_ms)
    if len(await _weeks(connection, guide)) >= MAX_WEEKS:
        raise GuideRefused(f"A guide has at most {MAX_WEEKS} weeks.")
    made = new_id()
    await _put(connection, insert(pacing_weeks).values(id=made, guide=guide, **_values(planned)))
    await audit(connection, actor.user, "pacing.add", "class", class_id, now_ms, {"week": made})


async def change_week(
    connection: AsyncConnection, actor: Actor, class_id: str, week: str, planned: PlannedTopic, now_ms: int
) -> None:
    """Says something else of a week; a topic that was covered stays so. Raises GuideRefused as `add_week` does."""
    await _own(connection, class_id, week)
    await _put(connection, update(pacing_weeks).where(pacing_weeks.c.id == week).values(_values(planned)))
    await audit(connection, actor.user, "pacing.change", "class", class_id, now_ms, {"week": week})


async def move_week(
    connection: AsyncConnection, actor: Actor, class_id: str, week: str, *, later: bool, now_ms: int
) -> str:
    """Exchanges what is planned with the week after or before; returns the id of the row where it stands now.

    The Mondays stay as they are. At the end of the guide nothing changes.
    """
    rows = await _own(connection, class_id, week)
    at = next(index for index, row in enumerate(rows) if row.id == week)
    beside = at + (1 if later else -1)
    if not 0 <= beside < len(rows):
        return week
    for to, source in ((rows[beside], rows[at]), (rows[at], rows[beside])):
        said = {name: getattr(source, name) for name in ("topic", "goal", "material", "covered_day", "covered_by")}
        await connection.execute(update(pacing_weeks).where(pacing_weeks.c.id == to.id).values(said))
    moved_to = str(rows[beside].id)
    await audit(connection, actor.user, "pacing.move", "class", class_id, now_ms, {"week": week, "to": moved_to})
    return moved_to


async def remove_week(connection: AsyncConnection, actor: Actor, class_id: str, week: str, now_ms: int) -> None:
    """Takes a week out. Raises GuideRefused for one that is not there."""
    await _own(connection, class_id, week)
    await connection.execute(delete(pacing_weeks).where(pacing_weeks.c.id == week))
    await audit(connection, actor.user, "pacing.remove", "class", class_id, now_ms, {"week": week})


async def cover_week(
    connection: AsyncConnection, actor: Actor, class_id: str, week: str, day: date | None, now_ms: int
) -> None:
    """Says that the topic of a week was covered on a day; None takes that back. Raises GuideRefused."""
    await _own(connection, class_id, week)
    said = {"covered_day": day, "covered_by": actor.user if day is not None else None}
    await connection.execute(update(pacing_weeks).where(pacing_weeks.c.id == week).values(said))
    detail = {"week": week, "day": day.isoformat() if day is not None else ""}
    await audit(connection, actor.user, "pacing.cover", "class", class_id, now_ms, detail)


def _planned(row: Row[tuple[object, ...]]) -> PlannedTopic:
    return PlannedTopic(row.week, row.topic, row.goal, row.material)


def _values(planned: PlannedTopic) -> dict[str, object]:
    return {"week": planned.week, "topic": planned.topic, "goal": planned.goal, "material": planned.material}


async def _present(connection: AsyncConnection, class_id: str) -> Row[tuple[object, ...]] | None:
    """The version that holds; locked, so that writers come one after the other."""
    where = (pacing_guides.c["class"] == class_id, pacing_guides.c.replaced_ms.is_(None))
    return (await connection.execute(select(pacing_guides).where(*where).with_for_update())).first()


async def _weeks(connection: AsyncConnection, guide: str) -> Sequence[Row[tuple[object, ...]]]:
    found = select(pacing_weeks).where(pacing_weeks.c.guide == guide).order_by(pacing_weeks.c.week)
    return (await connection.execute(found)).all()


async def _own(connection: AsyncConnection, class_id: str, week: str) -> Sequence[Row[tuple[object, ...]]]:
    """The rows of the class's present guide, which `week` is one of. Raises GuideRefused."""
    present = await _present(connection, class_id)
    rows = await _weeks(connection, present.id) if present is not None else ()
    if all(row.id != week for row in rows):
        raise GuideRefused("This week is not in the guide any more.")
    return rows


async def _new_version(
    connection: AsyncConnection,
    actor: Actor,
    class_id: str,
    present: Row[tuple[object, ...]] | None,
    file_name: str,
    now_ms: int,
) -> str:
    number = present.version + 1 if present is not None else 1
    if number > MAX_VERSIONS:
        raise GuideRefused(f"There are {MAX_VERSIONS} versions of this guide. Change its weeks on the page instead.")
    if present is not None:
        await connection.execute(
            update(pacing_guides).where(pacing_guides.c.id == present.id).values(replaced_ms=now_ms)
        )
    made = new_id()
    values = {"id": made, "class": class_id, "version": number, "file_name": file_name, "made_by": actor.user}
    try:
        async with connection.begin_nested():
            await connection.execute(insert(pacing_guides).values({**values, "made_ms": now_ms}))
    except IntegrityError as error:
        raise GuideRefused("Somebody else has begun this guide just now. Look at it again.") from error
    return made


async def _put(connection: AsyncConnection, statement: Insert | Update) -> None:
    try:
        async with connection.begin_nested():
            await connection.execute(statement)
    except IntegrityError as error:
        raise GuideRefused("The guide has this week already. Change it, or choose another Monday.") from error
