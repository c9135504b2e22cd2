"""A district of 20 schools with 1,000 students each, made by the portal's own code in a fresh database.

Every student takes part in two lessons a week, four at a time; every tutor has eight classes. Lessons stand from a week
ago to three weeks ahead, as weekly hours make them. Log-ins are begun as after a password, without the password's cost.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
from sqlalchemy import func, insert, select, update

from portal.accounts import Accounts
from portal.authorize import Actor, Role
from portal.calendars import list_feeds, make_feed
from portal.classes import load_classes
from portal.clock import unix_ms
from portal.database import Database, database_url
from portal.ids import new_id
from portal.keyfiles import prepare_data
from portal.lessons_ahead import extend_lessons
from portal.passwords import Passwords
from portal.roster.desk import RosterDesk
from portal.schema import lesson_members, lessons, schools, users
from portal.school import DEFAULT_NOTICE
from portal.service_schema import classes, enrollments, series
from portal.times import local

__all__ = ["SCHOOLS", "STUDENTS", "Figures", "People", "fill_district", "roster_csv"]

SCHOOLS: Final = 20
STUDENTS: Final = 1_000
"""In each school."""
_GROUP: Final = 4
_CLASSES_OF_TUTOR: Final = 8
_TIME_ZONE: Final = "America/New_York"
_DAY_MS: Final = 24 * 3_600_000
_LOGIN_MS: Final = 12 * 3_600_000
_FIRST_MINUTE: Final = 8 * 60
_LENGTH_MIN: Final = 45


class People(msgspec.Struct):
    """The tokens of log-ins by role, and of calendars; as many of each as were asked for."""

    coordinator: list[str] = []
    tutor: list[str] = []
    student: list[str] = []
    calendar: list[str] = []


class Figures(msgspec.Struct):
    """What the district holds."""

    schools: int
    students: int
    lessons: int
    places: int


def roster_csv(count: int, prefix: str, mailed: int = 1) -> bytes:
    """A plain roster of so many students; each wants two subjects, and every `mailed`-th has an address for letters."""
    lines = ["student_id,given_name,family_name,grade,email,username,subjects,service,status"]
    for number in range(count):
        mail = f"{prefix}{number}@school.example" if number % mailed == 0 else ""
        lines.append(
            f"{prefix}-{number},Given{number % 700},Family{number},{number % 12 + 1},{mail},,"
            "Mathematics|English,1:4,active"
        )
    return "\n".join(lines).encode()


async def fill_district(data: Path, users_of_each: int) -> tuple[People, Figures]:
    """Fills an empty folder; returns log-ins of `users_of_each` people of each role."""
    keyring = prepare_data(data)
    database, passwords = Database(database_url(data, None)), Passwords()
    found = People()
    try:
        await database.upgrade()
        accounts = Accounts(database, passwords, login_ms=_LOGIN_MS, idle_ms=_LOGIN_MS)
        each = -(-users_of_each // SCHOOLS)
        for number in range(SCHOOLS):
            await _fill_school(database, f"school-{number}", number)
            await _sign_in(database, accounts, keyring.link_secret, f"school-{number}", each, found)
        figures = await _count(database)
    finally:
        passwords.close()
        await database.close()
    for name in People.__struct_fields__:
        del getattr(found, name)[users_of_each:]
    return found, figures


async def _fill_school(database: Database, school: str, number: int) -> None:
    now_ms = unix_ms()
    then_ms = now_ms - 7 * _DAY_MS
    begin = local(then_ms, _TIME_ZONE).date()
    tutors = STUDENTS // _GROUP // _CLASSES_OF_TUTOR + 1
    staff = [(f"{school}-coordinator-{n}", Role.COORDINATOR) for n in range(8)]
    staff += [(f"{school}-tutor-{n}", Role.TUTOR) for n in range(tutors)]
    async with database.write() as connection:
        await connection.execute(
            insert(schools).values(
                id=school, name=f"School {number}", time_zone=_TIME_ZONE, recording="required", notice=DEFAULT_NOTICE,
                ice_policy="all", demo=False, created_ms=then_ms, district="district",
            )
        )  # fmt: skip
        papers = begin + timedelta(days=365)
        await connection.execute(
            insert(users),
            [
                {
                    "id": name, "school": school, "login": name, "name": f"Staff {name}", "role": role.value,
                    "created_ms": then_ms, "credentials_until": papers, "background_check_until": papers,
                    "privacy_training_until": papers,
                }
                for name, role in staff
            ],
        )  # fmt: skip
    desk = RosterDesk(database, unix_ms)
    actor = Actor(staff[0][0], school, Role.COORDINATOR, "")
    upload = await desk.keep(actor, "roster.csv", roster_csv(STUDENTS, f"s{number}", mailed=20))
    _, check = await desk.look(upload)
    if check is None or check.roster.problems:
        raise AssertionError("the roster of the benchmark is faulty")
    await desk.apply(actor, upload, check.plan.digest)
    async with database.write() as connection:
        students = list(
            (
                await connection.execute(
                    select(users.c.id)
                    .where(users.c.school == school, users.c.role == Role.STUDENT)
                    .order_by(users.c.id)
                )
            ).scalars()
        )
        groups: list[dict[str, Any]] = []
        places: list[dict[str, Any]] = []
        hours: list[dict[str, Any]] = []
        for at in range(0, len(students), _GROUP):
            n = at // _GROUP
            group = new_id()
            groups.append(
                {
                    "id": group, "school": school, "title": f"Mathematics, group {n}", "subject": "Mathematics",
                    "grade": "", "kind": "1:4", "capacity": _GROUP, "teacher_of_record": "",
                    "tutor": f"{school}-tutor-{n // _CLASSES_OF_TUTOR}", "created_ms": then_ms,
                }
            )  # fmt: skip
            places += [
                {"class": group, "student": student, "since_ms": then_ms} for student in students[at : at + _GROUP]
            ]
            hours += [
                {
                    "id": new_id(), "class": group, "weekday": (n + 2 * k) % 5,
                    "start_minute": _FIRST_MINUTE + n % _CLASSES_OF_TUTOR * 60, "length_min": _LENGTH_MIN,
                    "time_zone": _TIME_ZONE, "from_day": begin, "until_day": begin + timedelta(days=90),
                    "created_ms": then_ms,
                }
                for k in range(2)
            ]  # fmt: skip
        await connection.execute(insert(classes), groups)
        await connection.execute(insert(enrollments), places)
        await connection.execute(insert(series), hours)
        await extend_lessons(connection, await load_classes(connection, classes.c.school == school), then_ms)
        # Those of last week took place.
        await connection.execute(
            update(lessons)
            .where(lessons.c.school == school, lessons.c.ends_ms < now_ms)
            .values(
                state="ended", live_ms=lessons.c.starts_ms, ended_ms=lessons.c.ends_ms, room_closed_ms=lessons.c.ends_ms
            )
        )


async def _sign_in(database: Database, accounts: Accounts, secret: str, school: str, count: int, found: People) -> None:
    now_ms = unix_ms()
    async with database.write() as connection:
        for role, tokens in (
            (Role.COORDINATOR, found.coordinator), (Role.TUTOR, found.tutor), (Role.STUDENT, found.student),
        ):  # fmt: skip
            chosen = (
                await connection.execute(
                    select(users.c.id)
                    .where(users.c.school == school, users.c.role == role)
                    .order_by(users.c.id)
                    .limit(count)
                )
            ).scalars()
            for user in list(chosen):
                tokens.append((await accounts.begin(connection, user, None, now_ms)).token)
                if role is Role.TUTOR:
                    await make_feed(connection, Actor(user, school, role, ""), now_ms)
                    found.calendar += [feed.token for feed in await list_feeds(connection, secret, user)]


async def _count(database: Database) -> Figures:
    async with database.read() as connection:
        students = select(func.count()).select_from(users).where(users.c.role == Role.STUDENT)
        return Figures(
            (await connection.execute(select(func.count()).select_from(schools))).scalar_one(),
            (await connection.execute(students)).scalar_one(),
            (await connection.execute(select(func.count()).select_from(lessons))).scalar_one(),
            (await connection.execute(select(func.count()).select_from(lesson_members))).scalar_one(),
        )
