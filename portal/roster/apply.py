"""Writes the changes of a plan, inside the transaction of whoever calls. Statements are few and long."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.business_days import STAFFING_DAYS, add_business_days
from portal.ids import new_id
from portal.mails.letters import Recipient, credentials_letter
from portal.mails.links import new_links
from portal.mails.outbox import enqueue
from portal.roster.entries import Roster, RosterStudent
from portal.roster.plan import Change, Plan
from portal.schema import lesson_members, lessons, logins, schools, users
from portal.service_schema import enrollments, holidays, staffing_requests
from portal.times import local

_CHUNK = 500
# Rows to insert at once: other people's requests get their turn in between.
_INSERTED = 2000


async def apply_plan(connection: AsyncConnection, school: str, roster: Roster, plan: Plan, now_ms: int) -> None:
    """Makes every change of the plan, and puts the first mail of new students into the outbox."""
    by_what: dict[str, list[Change]] = {"adds": [], "changes": [], "returns": [], "leaves": []}
    for change in plan.changes:
        by_what[change.what].append(change)
    await add_students(connection, school, [roster.students[change.external_id] for change in by_what["adds"]], now_ms)
    ids = await _ids(connection, school)
    await _change(
        connection,
        [(ids[c.external_id], roster.students[c.external_id]) for c in by_what["changes"] + by_what["returns"]],
    )
    await _leave(connection, [ids[change.external_id] for change in by_what["leaves"]], now_ms)
    await _withdraw(
        connection, [(ids[c.external_id], subject) for c in plan.changes for subject in c.withdraws], now_ms
    )
    asks = [(ids[c.external_id], subject, kind) for c in plan.changes for subject, kind in c.asks]
    await ask_for_lessons(connection, school, asks, now_ms)


async def ask_for_lessons(
    connection: AsyncConnection, school: str, asks: Sequence[tuple[str, str, str]], now_ms: int
) -> None:
    """Starts the staffing clock for (student, subject, kind); a request that was withdrawn begins anew."""
    if not asks:
        return
    time_zone = (await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one()
    free = set((await connection.execute(select(holidays.c.day).where(holidays.c.school == school))).scalars())
    due = add_business_days(local(now_ms, time_zone).date(), STAFFING_DAYS, free)
    known: set[tuple[str, str]] = set()
    students = sorted({student for student, _, _ in asks})
    for at in range(0, len(students), _CHUNK):
        found = await connection.execute(
            select(staffing_requests.c.student, staffing_requests.c.subject).where(
                staffing_requests.c.student.in_(students[at : at + _CHUNK])
            )
        )
        known |= {(row.student, row.subject) for row in found}
    fresh = [ask for ask in asks if ask[:2] not in known]
    again = [ask for ask in asks if ask[:2] in known]
    if fresh:
        await connection.execute(
            insert(staffing_requests),
            [
                {
                    "id": new_id(),
                    "school": school,
                    "student": student,
                    "subject": subject,
                    "kind": kind,
                    "requested_ms": now_ms,
                    "due_day": due,
                }
                for student, subject, kind in fresh
            ],
        )
    if again:
        await connection.execute(
            update(staffing_requests)
            .where(staffing_requests.c.student == bindparam("b_s"), staffing_requests.c.subject == bindparam("b_t"))
            .values(requested_ms=now_ms, due_day=due, withdrawn_ms=None, fulfilled_ms=None, kind=bindparam("b_k")),
            [{"b_s": student, "b_t": subject, "b_k": kind} for student, subject, kind in again],
        )


async def add_students(
    connection: AsyncConnection, school: str, students: Sequence[RosterStudent], now_ms: int
) -> list[str]:
    """Makes accounts for new students, and the mail with the link for each who has an address; returns their ids."""
    if not students:
        return []
    taken = set((await connection.execute(select(users.c.login))).scalars())
    people: list[dict[str, Any]] = []
    for student in students:
        people.append(
            {
                "id": new_id(),
                "school": school,
                "login": free_login(student, taken),
                "name": f"{student.given_name} {student.family_name}",
                "role": "student",
                "created_ms": now_ms,
                "given_name": student.given_name,
                "family_name": student.family_name,
                "external_id": student.external_id or None,
                "email": student.email or None,
                "grade": student.grade,
            }
        )
    for at in range(0, len(people), _INSERTED):
        await connection.execute(insert(users), people[at : at + _INSERTED])
    reached = [person for person in people if person["email"]]
    links = await new_links(connection, [person["id"] for person in reached], now_ms)
    school_name = (await connection.execute(select(schools.c.name).where(schools.c.id == school))).scalar_one()
    await enqueue(
        connection,
        [
            credentials_letter(
                school,
                school_name,
                Recipient(person["id"], person["name"], person["email"]),
                person["login"],
                links[person["id"]],
            )
            for person in reached
        ],
        now_ms,
    )
    return [person["id"] for person in people]


async def _change(connection: AsyncConnection, people: Sequence[tuple[str, RosterStudent]]) -> None:
    if not people:
        return
    names = ("given_name", "family_name", "grade")
    await connection.execute(
        update(users)
        .where(users.c.id == bindparam("b_id"))
        .values({name: bindparam(f"b_{name}") for name in (*names, "name")} | {"disabled_ms": None}),
        [
            {
                "b_id": user,
                "b_name": f"{student.given_name} {student.family_name}",
                **{f"b_{name}": getattr(student, name) for name in names},
            }
            for user, student in people
        ],
    )
    addresses = [{"b_id": user, "b_email": student.email} for user, student in people if student.email]
    if addresses:
        await connection.execute(
            update(users).where(users.c.id == bindparam("b_id")).values(email=bindparam("b_email")), addresses
        )


async def _leave(connection: AsyncConnection, people: Sequence[str], now_ms: int) -> None:
    for at in range(0, len(people), _CHUNK):
        await close_accounts(connection, people[at : at + _CHUNK], now_ms)


async def close_accounts(connection: AsyncConnection, people: Sequence[str], now_ms: int) -> None:
    """Closes accounts: signed out everywhere, out of classes and of lessons to come. What was, stays."""
    await connection.execute(update(users).where(users.c.id.in_(people)).values(disabled_ms=now_ms))
    await connection.execute(
        update(logins).where(logins.c.user.in_(people), logins.c.revoked_ms.is_(None)).values(revoked_ms=now_ms)
    )
    await connection.execute(
        update(enrollments)
        .where(enrollments.c.student.in_(people), enrollments.c.ended_ms.is_(None))
        .values(ended_ms=now_ms)
    )
    await connection.execute(
        update(staffing_requests)
        .where(staffing_requests.c.student.in_(people), staffing_requests.c.withdrawn_ms.is_(None))
        .values({"withdrawn_ms": now_ms, "class": None})
    )
    ahead = select(lessons.c.id).where(lessons.c.state == "scheduled", lessons.c.starts_ms > now_ms)
    await connection.execute(
        delete(lesson_members).where(lesson_members.c.user.in_(people), lesson_members.c.lesson.in_(ahead))
    )


async def _withdraw(connection: AsyncConnection, pairs: Sequence[tuple[str, str]], now_ms: int) -> None:
    if pairs:
        await connection.execute(
            update(staffing_requests)
            .where(staffing_requests.c.student == bindparam("b_s"), staffing_requests.c.subject == bindparam("b_t"))
            .values(withdrawn_ms=now_ms),
            [{"b_s": student, "b_t": subject} for student, subject in pairs],
        )


async def _ids(connection: AsyncConnection, school: str) -> dict[str, str]:
    found = await connection.execute(
        select(users.c.external_id, users.c.id).where(users.c.school == school, users.c.external_id.is_not(None))
    )
    return {row.external_id: row.id for row in found}


def free_login(student: RosterStudent, taken: set[str]) -> str:
    """A user name that nobody has, now taken: the roster's, or one of the name, with a number where it must be."""
    base = student.login or _plain_letters(f"{student.given_name}.{student.family_name}") or "student"
    login, number = base, 2
    while login in taken:
        login, number = f"{base}{number}", number + 1
    taken.add(login)
    return login


def _plain_letters(text: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().casefold()
    return re.sub(r"[^a-z0-9.]+", "", ascii_only).strip(".")[:90]
