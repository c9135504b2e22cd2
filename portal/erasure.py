"""Erases a student: identity and content go; random ids stay where sums and logs must still hold.

What goes, in one transaction: name, user name, address, grade and the school's id; password, log-ins and failed ones;
links and mails; waits at doors; requests to amend the record and grants of access to it; presence events (their minutes
stay as figures) and session keys; acknowledged notices; requests for lessons; goals, scores and weekly updates; the
dialogue about the student, and questions on the help page; notes on recordings and boards continued from them;
guardians who answer for nobody else; the reasons of corrections; roster files that still wait.
Recordings in which the student was the only student are destroyed, with their keys.
What stays: places in lessons and classes, and minutes, under an id that no longer leads to anybody; the disclosure and
audit logs, which hold ids only, so that the audit chain still verifies.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import student_lines
from portal.authorize import Actor
from portal.crisis_schema import waiting_students
from portal.database import Database
from portal.destruction import ask_destruction, destroy_files
from portal.ids import new_id
from portal.learning_schema import goals, guardians, scores, weekly_updates
from portal.ledger import audit
from portal.playback_schema import continued_boards, notes
from portal.privacy_schema import access_grants, amendments
from portal.redactions import folders_of
from portal.retention import load_holds
from portal.retention_schema import destructions
from portal.roster.apply import close_accounts
from portal.safety_schema import failed_logins
from portal.schema import (
    lesson_members,
    lessons,
    logins,
    notices,
    recordings,
    relay_events,
    room_sessions,
    schools,
    users,
)
from portal.school_schema import calendar_feeds
from portal.service_schema import (
    attendance_corrections,
    erasures,
    one_use_links,
    outbox,
    roster_uploads,
    staffing_requests,
)
from portal.talk_schema import dialogue_looks, dialogue_messages, question_answers, questions

ERASED_NAME = "Erased student"
ERASED_GUARDIAN = "Erased guardian"
_SILENT_MS = 60 * 60 * 1000


class ErasureRefused(Exception):
    """Not now; the message is for people."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """What an erasure did. `counts`: what → how many."""

    id: str
    student: str
    erased_by: str
    reason: str
    at_ms: int
    counts: Mapping[str, int]


async def erase(
    database: Database, actor: Actor, student: str, reason: str, recordings_folder: Path, now_ms: int
) -> str:
    """Erases the student; returns the certificate's id. Raises ErasureRefused while a lesson of theirs goes on."""
    certificate = new_id()
    async with database.write() as connection:
        await _check_no_lesson_goes_on(connection, student, now_ms)
        kept = await _freeze_minutes(connection, actor, student, now_ms)
        alone = await _recordings_alone(connection, student)
        await _check_none_is_held(connection, actor.school, alone, now_ms)
        counts = await _erase_rows(connection, actor.school, student, now_ms)
        counts["lessons whose minutes are kept as a figure"] = kept
        counts["recordings deleted"] = len(alone)
        counts["recordings shared with others, kept"] = await _recordings_of(connection, student) - len(alone)
        for lesson in alone:
            await ask_destruction(
                connection, recordings_folder, lesson, school=actor.school, basis="erasure", days=None,
                decided_by=actor.user, now_ms=now_ms,
            )  # fmt: skip
        await connection.execute(
            insert(erasures).values(
                id=certificate,
                school=actor.school,
                student=student,
                erased_by=actor.user,
                reason=reason,
                at_ms=now_ms,
                counts=json.dumps(counts),
            )
        )
        await audit(
            connection, actor.user, "student.erase", "student", student, now_ms, {"certificate": certificate, **counts}
        )
        await connection.execute(update(destructions).where(destructions.c.lesson.in_(alone)).values(done_ms=now_ms))
        # Inside the transaction: a recording that cannot be destroyed must not be certified as destroyed.
        for lesson in alone:
            for name in await folders_of(connection, lesson):
                await asyncio.to_thread(destroy_files, recordings_folder, name)
    return certificate


async def load_certificate(connection: AsyncConnection, certificate: str) -> Certificate:
    """A certificate whose id the database itself gave."""
    row = (await connection.execute(select(erasures).where(erasures.c.id == certificate))).one()
    return Certificate(row.id, row.student, row.erased_by, row.reason, row.at_ms, json.loads(row.counts))


async def _check_no_lesson_goes_on(connection: AsyncConnection, student: str, now_ms: int) -> None:
    running = await connection.execute(
        select(lessons.c.id)
        .join(lesson_members, lesson_members.c.lesson == lessons.c.id)
        .where(lesson_members.c.user == student, lessons.c.state.in_(("open", "live")))
        .limit(1)
    )
    if running.first() is not None:
        raise ErasureRefused("A lesson of this student is going on. Try again when it has ended.")
    unsealed = await connection.execute(
        select(recordings.c.lesson)
        .join(lesson_members, lesson_members.c.lesson == recordings.c.lesson)
        .where(
            lesson_members.c.user == student,
            recordings.c.state.in_(("joined", "recording", "rendering")),
            # A recorder that has been silent for this long is gone.
            recordings.c.heartbeat_ms > now_ms - _SILENT_MS,
        )
        .limit(1)
    )
    if unsealed.first() is not None:
        raise ErasureRefused("A recording with this student is still being made. Try again when it is ready.")


async def _freeze_minutes(connection: AsyncConnection, actor: Actor, student: str, now_ms: int) -> int:
    """Keeps what was measured as plain figures, so that the school's hours still add up without the events."""
    lines = await student_lines(connection, student, "UTC", now_ms)
    figures = [
        {
            "id": new_id(),
            "lesson": line.lesson,
            "student": student,
            "minutes": line.presence.minutes,
            "measured_minutes": line.presence.minutes,
            "reason": "erased",
            "corrected_by": actor.user,
            "at_ms": now_ms,
        }
        for line in lines
        if line.correction is None
    ]
    if figures:
        await connection.execute(insert(attendance_corrections), figures)
    return len(lines)


async def _recordings_of(connection: AsyncConnection, student: str) -> int:
    found = await connection.execute(
        select(func.count())
        .select_from(recordings)
        .join(lesson_members, lesson_members.c.lesson == recordings.c.lesson)
        .where(lesson_members.c.user == student)
    )
    return int(found.scalar_one())


async def _recordings_alone(connection: AsyncConnection, student: str) -> list[str]:
    """Recorded lessons that had this student and no other."""
    mine = select(lesson_members.c.lesson).where(lesson_members.c.user == student)
    others = select(lesson_members.c.lesson).where(lesson_members.c.part == "student", lesson_members.c.user != student)
    found = await connection.execute(
        select(recordings.c.lesson).where(recordings.c.lesson.in_(mine), recordings.c.lesson.not_in(others))
    )
    return sorted(found.scalars())


async def _guardians_alone(connection: AsyncConnection, student: str) -> list[str]:
    """Guardians who answered for this student and never for another."""
    others = select(guardians.c.guardian).where(guardians.c.student != student)
    found = await connection.execute(
        select(guardians.c.guardian).where(guardians.c.student == student, guardians.c.guardian.not_in(others))
    )
    return sorted(found.scalars())


async def _erase_rows(connection: AsyncConnection, school: str, student: str, now_ms: int) -> dict[str, int]:
    await close_accounts(connection, [student], now_ms)
    alone = await _guardians_alone(connection, student)
    await close_accounts(connection, alone, now_ms)
    counts = {}
    for words, statement in {
        "mails": delete(outbox).where(or_(outbox.c.user == student, outbox.c.about == student)),
        "log-ins": delete(logins).where(logins.c.user == student),
        "failed log-ins": delete(failed_logins).where(failed_logins.c.user.in_([student, *alone])),
        "waits at doors": delete(waiting_students).where(waiting_students.c.user == student),
        "one-use links": delete(one_use_links).where(one_use_links.c.user == student),
        "presence events": delete(relay_events).where(relay_events.c.user == student),
        "room sessions": delete(room_sessions).where(room_sessions.c.user == student),
        "notices": delete(notices).where(notices.c.user == student),
        "goals": delete(goals).where(goals.c.student == student),
        "scores": delete(scores).where(scores.c.student == student),
        "messages of the dialogue": delete(dialogue_messages).where(dialogue_messages.c.student == student),
        "looks at the dialogue": delete(dialogue_looks).where(
            or_(dialogue_looks.c.student == student, dialogue_looks.c.reader.in_(alone))
        ),
        "answers to questions": delete(question_answers).where(
            question_answers.c.question.in_(select(questions.c.id).where(questions.c.user.in_([student, *alone])))
        ),
        "questions": delete(questions).where(questions.c.user.in_([student, *alone])),
        "weekly updates": delete(weekly_updates).where(weekly_updates.c.student == student),
        "notes on recordings": delete(notes).where(notes.c.author == student),
        "continued boards": delete(continued_boards).where(continued_boards.c.owner == student),
        "requests to amend the record": delete(amendments).where(amendments.c.student == student),
        "grants of access": delete(access_grants).where(access_grants.c.student == student),
        "ties to guardians": delete(guardians).where(guardians.c.student == student),
        # Who answered for nobody else leaves nothing of themselves either.
        "calendars": delete(calendar_feeds).where(calendar_feeds.c.user.in_([student, *alone])),
        "mails of guardians": delete(outbox).where(outbox.c.user.in_(alone)),
        "links of guardians": delete(one_use_links).where(one_use_links.c.user.in_(alone)),
        "guardians": update(users)
        .where(users.c.id.in_(alone))
        .values(
            login="erased " + users.c.id,
            name=ERASED_GUARDIAN,
            email=None,
            password_hash=None,
            language=None,
            erased_ms=now_ms,
        ),
        "requests": delete(staffing_requests).where(staffing_requests.c.student == student),
        "reasons of corrections": update(attendance_corrections)
        .where(attendance_corrections.c.student == student)
        .values(reason="erased"),
        "waiting roster files of the school": update(roster_uploads)
        .where(roster_uploads.c.school == school, roster_uploads.c.content.is_not(None))
        .values(content=None, state="discarded"),
        "person": update(users)
        .where(users.c.id == student)
        .values(
            login=f"erased {student}",
            name=ERASED_NAME,
            given_name=None,
            family_name=None,
            external_id=None,
            email=None,
            grade=None,
            language=None,
            password_hash=None,
            disabled_ms=now_ms,
            erased_ms=now_ms,
        ),
    }.items():
        counts[words] = (await connection.execute(statement)).rowcount
    return counts


async def _check_none_is_held(connection: AsyncConnection, school: str, lesson_ids: list[str], now_ms: int) -> None:
    time_zone = (await connection.execute(select(schools.c.time_zone).where(schools.c.id == school))).scalar_one()
    if await load_holds(connection, lesson_ids, time_zone, now_ms):
        raise ErasureRefused("A recording of this student is under a legal hold. It is to be released first.")
