"""Changing classes: placing students, assigning tutors, setting hours — and what follows from each change.

Every change runs in one transaction with its audit row, and ends in `settle`: lessons ahead, their lists, the staffing
clock and the Welcome Letters are brought to what the class now is.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.classes import TutoringClass, busy_hours, first_clash, load_class
from portal.clock import Clock
from portal.database import Database
from portal.ids import new_id
from portal.language import speaking, t
from portal.ledger import audit
from portal.lessons_ahead import extend_lessons, take_back_lessons
from portal.mails.letters import Recipient, welcome_letter
from portal.mails.outbox import enqueue
from portal.roster.apply import ask_for_lessons
from portal.roster.entries import CAPACITY
from portal.schema import schools, users
from portal.service_schema import classes, enrollments, series, staffing_requests
from portal.staff import load_staff
from portal.subjects import asked_spellings
from portal.times import local
from portal.timetable import DAY_MINUTES, WeeklyHour


class PlacementRefused(Exception):
    """The change is not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class NewClass:
    """A class to make."""

    title: str
    subject: str
    grade: str
    kind: str
    teacher_of_record: str


class Placement:
    """The coordinator's hand on classes. `portal_url` and `orientation_url` go into the Welcome Letters."""

    def __init__(self, database: Database, clock: Clock, portal_url: str, orientation_url: str) -> None:
        self._database = database
        self._clock = clock
        self._portal_url = portal_url
        self._orientation_url = orientation_url

    async def create(self, actor: Actor, new: NewClass) -> str:
        """A class without people and hours; returns its id."""
        class_id, now_ms = new_id(), self._clock()
        async with self._database.write() as connection:
            await connection.execute(
                insert(classes).values(
                    id=class_id,
                    school=actor.school,
                    title=new.title,
                    subject=new.subject,
                    grade=new.grade,
                    kind=new.kind,
                    capacity=CAPACITY[new.kind],
                    teacher_of_record=new.teacher_of_record,
                    created_ms=now_ms,
                )
            )
            await audit(connection, actor.user, "class.create", "class", class_id, now_ms, {"kind": new.kind})
        return class_id

    async def place(self, actor: Actor, class_id: str, student: str) -> None:
        """Puts a student into the class. Raises PlacementRefused: full, busy at that time, or not at this school."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            group = await self._locked(connection, class_id)
            person = (
                await connection.execute(
                    select(users.c.name).where(
                        users.c.id == student,
                        users.c.school == group.school,
                        users.c.role == Role.STUDENT,
                        users.c.disabled_ms.is_(None),
                    )
                )
            ).first()
            if person is None:
                raise PlacementRefused("Choose a student of this school.")
            if any(pupil.id == student for pupil in group.students):
                return
            if group.full:
                raise PlacementRefused(f"The class is full: {group.kind} has room for {group.capacity}.")
            await self._check_free(connection, group, student, person.name, [each.hour for each in group.hours])
            await self._enroll(connection, class_id, student, now_ms)
            await ask_if_new(connection, group, student, now_ms)
            await audit(connection, actor.user, "class.place", "class", class_id, now_ms, {"student": student})
            await self._settle(connection, class_id, now_ms)

    async def remove(self, actor: Actor, class_id: str, student: str) -> None:
        """Takes a student out; the request for lessons stands and waits again."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            ended = await connection.execute(
                update(enrollments)
                .where(
                    enrollments.c["class"] == class_id,
                    enrollments.c.student == student,
                    enrollments.c.ended_ms.is_(None),
                )
                .values(ended_ms=now_ms)
            )
            if ended.rowcount == 0:
                return
            await connection.execute(
                update(staffing_requests)
                .where(staffing_requests.c["class"] == class_id, staffing_requests.c.student == student)
                .values({"class": None, "fulfilled_ms": None})
            )
            await audit(connection, actor.user, "class.remove", "class", class_id, now_ms, {"student": student})
            await self._settle(connection, class_id, now_ms)

    async def assign(self, actor: Actor, class_id: str, tutor: str) -> None:
        """Gives the class its tutor. Raises PlacementRefused for lapsed papers or a tutor who is busy then."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            group = await self._locked(connection, class_id)
            staff = {each.id: each for each in await load_staff(connection, group.school, Role.TUTOR)}
            member = staff.get(tutor)
            if member is None:
                raise PlacementRefused("Choose a tutor of this school.")
            if (words := member.hindrance(await self._today(connection, group.school))) is not None:
                raise PlacementRefused(f"{member.name} {words}.")
            await self._check_free(connection, group, tutor, member.name, [each.hour for each in group.hours])
            await connection.execute(update(classes).where(classes.c.id == class_id).values(tutor=tutor))
            await audit(connection, actor.user, "class.assign", "class", class_id, now_ms, {"tutor": tutor})
            await self._settle(connection, class_id, now_ms)

    async def add_hour(
        self,
        actor: Actor,
        class_id: str,
        *,
        weekday: int,
        start_minute: int,
        length_min: int,
        from_day: date,
        until_day: date,
    ) -> None:
        """Adds a weekly hour in the school's zone. Raises PlacementRefused when somebody of the class is busy then."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            group = await self._locked(connection, class_id)
            time_zone = await _time_zone(connection, group.school)
            hour = WeeklyHour(weekday, start_minute, length_min, time_zone, from_day, until_day)
            if start_minute + length_min > DAY_MINUTES:
                raise PlacementRefused("A lesson ends on the day on which it begins.")
            if first_clash([hour], [each.hour for each in group.hours]) is not None:
                raise PlacementRefused("The class meets at that time already.")
            for person, name in [(group.tutor, group.tutor_name), *((p.id, p.name) for p in group.students)]:
                if person is not None:
                    await self._check_free(connection, group, person, name, [hour])
            planned = new_id()
            await connection.execute(
                insert(series).values(
                    {
                        "id": planned,
                        "class": class_id,
                        "weekday": weekday,
                        "start_minute": start_minute,
                        "length_min": length_min,
                        "time_zone": time_zone,
                        "from_day": from_day,
                        "until_day": until_day,
                        "created_ms": now_ms,
                    }
                )
            )
            await audit(connection, actor.user, "class.add_hour", "class", class_id, now_ms, {"series": planned})
            await self._settle(connection, class_id, now_ms)

    async def end_hour(self, actor: Actor, class_id: str, planned: str) -> None:
        """Ends a weekly hour: its lessons that have not begun are taken back."""
        now_ms = self._clock()
        async with self._database.write() as connection:
            ended = await connection.execute(
                update(series)
                .where(series.c.id == planned, series.c["class"] == class_id, series.c.ended_ms.is_(None))
                .values(ended_ms=now_ms)
            )
            if ended.rowcount == 0:
                return
            await take_back_lessons(connection, planned, now_ms)
            await audit(connection, actor.user, "class.end_hour", "class", class_id, now_ms, {"series": planned})
            await self._settle(connection, class_id, now_ms)

    async def _locked(self, connection: AsyncConnection, class_id: str) -> TutoringClass:
        # Two placements at once must not both find the last free chair.
        await connection.execute(select(classes.c.id).where(classes.c.id == class_id).with_for_update())
        group = await load_class(connection, class_id)
        if group is None:
            raise PlacementRefused("This class has been closed.")
        return group

    async def _check_free(
        self, connection: AsyncConnection, group: TutoringClass, person: str, name: str, hours: list[WeeklyHour]
    ) -> None:
        busy = await busy_hours(connection, [person], but=group.id)
        if (other := first_clash(hours, busy[person])) is not None:
            raise PlacementRefused(f"{name} has another class on {other.words}.")

    async def _enroll(self, connection: AsyncConnection, class_id: str, student: str, now_ms: int) -> None:
        back = await connection.execute(
            update(enrollments)
            .where(enrollments.c["class"] == class_id, enrollments.c.student == student)
            .values(since_ms=now_ms, ended_ms=None)
        )
        if back.rowcount == 0:
            await connection.execute(
                insert(enrollments).values({"class": class_id, "student": student, "since_ms": now_ms})
            )

    async def _today(self, connection: AsyncConnection, school: str) -> date:
        return local(self._clock(), await _time_zone(connection, school)).date()

    async def _settle(self, connection: AsyncConnection, class_id: str, now_ms: int) -> None:
        group = await load_class(connection, class_id)
        if group is None:
            return
        await extend_lessons(connection, [group], now_ms)
        if not group.staffed:
            return
        await connection.execute(
            update(staffing_requests)
            .where(staffing_requests.c["class"] == class_id, staffing_requests.c.fulfilled_ms.is_(None))
            .values(fulfilled_ms=now_ms)
        )
        await self._welcome(connection, group, now_ms)

    async def _welcome(self, connection: AsyncConnection, group: TutoringClass, now_ms: int) -> None:
        """The Welcome Letters of a class that is staffed and scheduled; the outbox keeps each from coming twice."""
        school_name = (
            await connection.execute(select(schools.c.name).where(schools.c.id == group.school))
        ).scalar_one()
        found = await connection.execute(
            select(users.c.id, users.c.name, users.c.email, users.c.language, users.c.role).where(
                users.c.school == group.school,
                users.c.disabled_ms.is_(None),
                users.c.id.in_([pupil.id for pupil in group.students]) | (users.c.role == Role.POINT_OF_CONTACT),
            )
        )
        people = [(Recipient(row.id, row.name, row.email or "", row.language), Role(row.role)) for row in found]
        contacts = [person for person, role in people if role is Role.POINT_OF_CONTACT]
        letters = [
            welcome_letter(
                group.school,
                school_name,
                to,
                student,
                group.title,
                group.id,
                group.tutor_name,
                _lines(group, to.language),
                self._portal_url,
                self._orientation_url,
            )
            for student, role in people
            if role is Role.STUDENT
            for to in (student, *contacts)
            if to.address
        ]
        await enqueue(connection, letters, now_ms)


def _lines(group: TutoringClass, language: str | None) -> list[str]:
    """The weekly hours of a class, a line each."""
    with speaking(language):
        return [
            t("{hours} ({zone}), from {day}", hours=each.hour.words, zone=each.hour.time_zone, day=each.hour.from_day)
            for each in group.hours
        ]


async def ask_if_new(connection: AsyncConnection, group: TutoringClass, student: str, now_ms: int) -> None:
    """Ties the student's request for this subject to the class; makes one where nobody had asked."""
    same = {group.subject, *await asked_spellings(connection, group.school, group.subject)}
    mine = (staffing_requests.c.student == student, staffing_requests.c.subject.in_(same))
    known = (
        await connection.execute(
            select(staffing_requests.c.id).where(*mine, staffing_requests.c.withdrawn_ms.is_(None))
        )
    ).first()
    if known is None:
        await ask_for_lessons(connection, group.school, [(student, group.subject, group.kind)], now_ms)
    await connection.execute(update(staffing_requests).where(*mine).values({"class": group.id}))


async def _time_zone(connection: AsyncConnection, school: str) -> str:
    return str((await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one())
