"""The demonstration school: people, and lessons that can be joined at whatever time of day one looks."""

from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Role
from portal.database import Database
from portal.demo_class import FORCES, FRACTIONS, add_demo_classes
from portal.ids import new_id
from portal.learning_schema import guardians
from portal.lessons import LessonState
from portal.pacing_file import monday_of
from portal.passwords import Passwords
from portal.roster.apply import ask_for_lessons
from portal.schema import lesson_members, lessons, recordings, schools, users
from portal.school import DEFAULT_NOTICE
from portal.times import local

SCHOOL = "riverside-demo"
SCHOOL_NAME = "Riverside School (demo)"
TIME_ZONE = "America/New_York"
PASSWORD = "chalk-and-slate"

_QUARTER_MS = 15 * 60 * 1000
_HOUR_MS = 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class DemoLogin:
    """Somebody whom a visitor can be. The password is no secret: the school holds nobody's data."""

    login: str
    name: str
    role: Role
    password: str = PASSWORD


LOGINS = (
    DemoLogin("tutor", "Maya Torres", Role.TUTOR),
    DemoLogin("leo", "Leo Novak", Role.STUDENT),
    DemoLogin("amara", "Amara Okafor", Role.STUDENT),
    DemoLogin("jin", "Jin Park", Role.STUDENT),
    DemoLogin("sofia", "Sofia Rossi", Role.STUDENT),
    DemoLogin("coordinator", "Ruth Klein", Role.COORDINATOR),
    DemoLogin("contact", "Grace Lindqvist", Role.POINT_OF_CONTACT),
    DemoLogin("reviewer", "Omar Haddad", Role.REVIEWER),
    DemoLogin("guardian", "Eva Novak", Role.GUARDIAN),
    DemoLogin("oncall", "Nils Berger", Role.ON_CALL),
)
# What the school's roster would say of them. Their requests wait, so that a class can be made of them at once.
_GRADES = {"leo": "7", "amara": "7", "jin": "8", "sofia": "7"}
_PAPERS_DAYS = 200


@dataclass(frozen=True, slots=True)
class _Template:
    """A lesson that the demo always offers. `starts_in_ms` counts from the last full quarter of an hour.

    `group`: the class whose material it has.
    """

    title: str
    subject: str
    students: tuple[str, ...]
    starts_in_ms: int
    length_ms: int
    demo: bool = False
    group: str | None = None


_TEMPLATES = (
    _Template("Fractions with Leo", "Mathematics", ("leo",), 0, _HOUR_MS, group=FRACTIONS),
    _Template("Forces and motion", "Physics", ("amara", "jin", "leo", "sofia"), 0, _HOUR_MS, group=FORCES),
    _Template("Sketch club (bots draw here)", "Art", ("amara", "jin", "leo", "sofia"), 0, 8 * _HOUR_MS, demo=True),
    _Template("Reading circle", "English", ("amara", "sofia"), 2 * _HOUR_MS, _HOUR_MS),
)


async def fill_demo(database: Database, passwords: Passwords, now_ms: int) -> bool:
    """Makes the demonstration school in a database without any school; says whether it did."""
    async with database.read() as connection:
        if (await connection.execute(select(func.count()).select_from(schools))).scalar_one():
            return False
    encoded = await passwords.hash(PASSWORD)
    async with database.write() as connection:
        await connection.execute(
            insert(schools).values(
                id=SCHOOL,
                name=SCHOOL_NAME,
                time_zone=TIME_ZONE,
                recording="required",
                notice=DEFAULT_NOTICE,
                ice_policy="all",
                desks=True,
                demo=True,
                created_ms=now_ms,
            )
        )
        await connection.execute(
            insert(users),
            [
                {
                    "id": demo_user(each.login),
                    "school": SCHOOL,
                    "login": each.login,
                    "name": each.name,
                    "role": each.role.value,
                    "password_hash": encoded,
                    "created_ms": now_ms,
                    **_record(each, local(now_ms, TIME_ZONE).date()),
                }
                for each in LOGINS
            ],
        )
        asks = [(demo_user(login), "Mathematics", "1:4") for login in _GRADES]
        await ask_for_lessons(connection, SCHOOL, asks, now_ms)
        monday = monday_of(local(now_ms, TIME_ZONE).date())
        await add_demo_classes(connection, SCHOOL, demo_user("tutor"), demo_user, monday, now_ms)
        ward = {"guardian": demo_user("guardian"), "student": demo_user("leo")}
        await connection.execute(insert(guardians).values(**ward, since_ms=now_ms))
    return True


def _record(person: DemoLogin, today: date) -> dict[str, object]:
    """What is kept of a person beside name and role; every row has the same columns."""
    given, _, family = person.name.partition(" ")
    tutor = person.role is Role.TUTOR
    until = today + timedelta(days=_PAPERS_DAYS)
    return {
        "given_name": given,
        "family_name": family,
        "email": f"{person.login}@riverside.example",
        "external_id": f"R-{person.login}" if person.role is Role.STUDENT else None,
        "grade": _GRADES.get(person.login),
        "credentials": "State licence, Mathematics 6 to 12" if tutor else None,
        "credentials_until": until if tutor else None,
        "background_check_until": until if tutor else None,
        "privacy_training_until": until if person.role not in (Role.STUDENT, Role.GUARDIAN) else None,
    }


async def keep_lessons_joinable(database: Database, now_ms: int) -> int:
    """Adds the demo's lessons of which none lies ahead or goes on; returns how many were added.

    Called at start and now and then, so that the demo also works the next morning, and after a lesson was ended.
    """
    async with database.read() as connection:
        if (await connection.execute(select(schools.c.id).where(schools.c.id == SCHOOL))).first() is None:
            return 0
        still_there = set(
            (
                await connection.execute(
                    select(lessons.c.title).where(
                        lessons.c.school == SCHOOL,
                        lessons.c.state != LessonState.ENDED,
                        lessons.c.ends_ms > now_ms,
                    )
                )
            ).scalars()
        )
    missing = [template for template in _TEMPLATES if template.title not in still_there]
    for template in missing:
        await _add_lesson(database, template, now_ms)
    return len(missing)


def demo_user(login: str) -> str:
    """The user id of a demo log-in."""
    return f"demo-{login}"


async def add_finished_lesson(
    database: Database,
    lesson_id: str,
    *,
    title: str,
    subject: str,
    students: tuple[str, ...],
    ended_ms: int,
    duration_ms: int,
    rendered: bool,
) -> None:
    """Adds a lesson that was held and sealed, whose archive stands in DATA/recordings/<lesson_id>.

    `students` are demo log-ins. `rendered` says that export/lesson.mp4 and export/poster.jpg are there too.
    """
    started_ms = ended_ms - duration_ms
    template = _Template(title, subject, students, 0, duration_ms)
    async with database.write() as connection:
        await _insert_lesson(
            connection,
            lesson_id,
            template,
            started_ms,
            state=LessonState.ENDED.value,
            opened_ms=started_ms,
            live_ms=started_ms,
            ended_ms=ended_ms,
            room_closed_ms=ended_ms,
        )
        await connection.execute(
            insert(recordings).values(
                lesson=lesson_id,
                state="rendered" if rendered else "sealed",
                detail="",
                duration_ms=duration_ms,
                heartbeat_ms=ended_ms,
                sealed_ms=ended_ms,
                rendered_ms=ended_ms if rendered else None,
            )
        )


async def _add_lesson(database: Database, template: _Template, now_ms: int) -> None:
    starts_ms = now_ms // _QUARTER_MS * _QUARTER_MS + template.starts_in_ms
    async with database.write() as connection:
        await _insert_lesson(connection, new_id(), template, starts_ms, state=LessonState.SCHEDULED.value)


async def _insert_lesson(
    connection: AsyncConnection, lesson_id: str, template: _Template, starts_ms: int, **stage: object
) -> None:
    await connection.execute(
        insert(lessons).values(
            id=lesson_id,
            school=SCHOOL,
            room=new_id(),
            title=template.title,
            subject=template.subject,
            starts_ms=starts_ms,
            ends_ms=starts_ms + template.length_ms,
            # The club has no beginning and no end that would be worth a film.
            recording="off" if template.demo else "required",
            demo=template.demo,
            **{"class": template.group},
            **stage,
        )
    )
    parts = [("tutor", "tutor"), *((student, "student") for student in template.students)]
    await connection.execute(
        insert(lesson_members),
        [{"lesson": lesson_id, "user": demo_user(login), "part": part} for login, part in parts],
    )
