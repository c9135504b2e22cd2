"""Everything that the portal holds about one student, as a zip that explains itself."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, Table, or_, select
from sqlalchemy.engine import RowMapping
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.attendance_report import Line, student_lines
from portal.consent import GIVEN
from portal.crisis_schema import waiting_students
from portal.film_schema import films
from portal.learning_schema import assignments, goals, guardians, scores, weekly_updates
from portal.playback_schema import continued_boards, notes
from portal.privacy_schema import access_grants, amendments
from portal.redaction_schema import redactions
from portal.report_files import REPORT_COLUMNS, report_rows, write_csv
from portal.safety_schema import warnings
from portal.schema import (
    audit_log,
    disclosure_log,
    lesson_members,
    lessons,
    logins,
    notices,
    recordings,
    relay_events,
    room_sessions,
    users,
)
from portal.school_schema import calendar_feeds
from portal.service_schema import (
    attendance_corrections,
    classes,
    enrollments,
    one_use_links,
    outbox,
    staffing_requests,
)
from portal.talk_schema import dialogue_looks, dialogue_messages, question_answers, questions
from portal.times import format_iso

# File → what is in it; the words go into the README of the zip.
CONTENTS = {
    "person.json": "Name, user name, grade, mail address and the school's own id.",
    "amendments.csv": "Requests to amend the record, what the school decided and why, and statements after a refusal.",
    "grants.csv": "Staff to whom the record was opened for a time, with the reason.",
    "requests.csv": "Lessons that were asked for, with the days by which they were to be staffed.",
    "classes.csv": "Classes, and from when to when the student was in them.",
    "lessons.csv": "Every lesson on whose list the student stands.",
    "attendance.csv": "Minutes of every lesson that is over, as reported.",
    "goals.csv": "Goals that were set, and when they were reached.",
    "scores.csv": "Every score that was entered with its comment, also those that a later one replaced.",
    "work.csv": "The pieces of work that `scores.csv` is about: title, day, and how many points there were to get.",
    "updates.csv": "What tutors wrote about each week.",
    "guardians.csv": "Accounts of guardians who may see the student's progress, and since when.",
    "calendars.csv": "Addresses for calendar programs that the student made, without the secret in them.",
    "corrections.csv": "Minutes that the staff set by hand, with what had been measured and the reason.",
    "presence.csv": "When the student's browser came into a room and left it; what the minutes are made of.",
    "sessions.csv": "The keys and ids under which the student's browser signed its drawings.",
    "dialogue.csv": "What guardians, tutors and the school wrote to one another about the student.",
    "questions.csv": "Questions that the student asked whoever looks after the service.",
    "answers.csv": "What was answered to them.",
    "notices.csv": "When the student acknowledged that a lesson is recorded; the words by their SHA-256.",
    "recordings.csv": "Recorded lessons with the student in them. They show others too: watch them in the portal.",
    "notes.csv": "Notes that the student wrote on recordings; `room_time` is the moment, in ms of the lesson's room.",
    "boards.csv": "Boards that the student continued from a lesson; `work`: the Yjs update of what was added, in hex.",
    "films.csv": "Films of recordings that the student asked for.",
    "redactions.csv": "What was left out of recordings because of the student.",
    "doors.csv": "When the student waited to be let into a lesson.",
    "signins.csv": "When and with what kind of device the student signed in, and until when that holds.",
    "links.csv": "One-use links that were made for the student, without the secret in them.",
    "looks.csv": "When each reader last looked at the dialogue about the student.",
    "warnings.csv": "What the portal found unusual at the student's account, and what the school found out.",
    "audit.csv": "Changes to the student's record and by the student, as the audit log has them.",
    "mails.csv": "Mails to or about the student. One-use links are not in them.",
    "disclosures.csv": "Who read the student's record, when, and on which ground.",
}


# Of log-ins: nobody's record, and whoever has the file is not to know them.
_SECRETS = frozenset({"token_hash", "csrf"})


async def load_record(connection: AsyncConnection, student: str, time_zone: str, now_ms: int) -> dict[str, bytes]:
    """The files of the zip, by name."""
    mine = select(lesson_members.c.lesson).where(lesson_members.c.user == student)
    person = (await connection.execute(select(users).where(users.c.id == student))).one()._mapping
    facts = {
        key: person[key]
        for key in ("id", "login", "name", "given_name", "family_name", "role", "grade", "email", "external_id")
    }
    facts["recording_consent"] = person["recording_consent"] or GIVEN
    facts["created_at"] = format_iso(person["created_ms"])
    facts["account"] = "closed" if person["disabled_ms"] else "open"
    asked = select(questions.c.id).where(questions.c.user == student)
    graded = select(scores.c.assignment).where(scores.c.student == student)
    lines: Sequence[Line] = await student_lines(connection, student, time_zone, now_ms)
    tables: dict[str, tuple[Table, ColumnElement[bool]]] = {
        "amendments.csv": (amendments, amendments.c.student == student),
        "grants.csv": (access_grants, access_grants.c.student == student),
        "requests.csv": (staffing_requests, staffing_requests.c.student == student),
        "lessons.csv": (lessons, lessons.c.id.in_(mine)),
        "goals.csv": (goals, goals.c.student == student),
        "scores.csv": (scores, scores.c.student == student),
        "work.csv": (assignments, assignments.c.id.in_(graded)),
        "updates.csv": (weekly_updates, weekly_updates.c.student == student),
        "guardians.csv": (guardians, guardians.c.student == student),
        "calendars.csv": (calendar_feeds, calendar_feeds.c.user == student),
        "corrections.csv": (attendance_corrections, attendance_corrections.c.student == student),
        "presence.csv": (relay_events, relay_events.c.user == student),
        "sessions.csv": (room_sessions, room_sessions.c.user == student),
        "dialogue.csv": (dialogue_messages, dialogue_messages.c.student == student),
        "questions.csv": (questions, questions.c.user == student),
        "answers.csv": (question_answers, question_answers.c.question.in_(asked)),
        "notices.csv": (notices, notices.c.user == student),
        "recordings.csv": (recordings, recordings.c.lesson.in_(mine)),
        "notes.csv": (notes, notes.c.author == student),
        "boards.csv": (continued_boards, continued_boards.c.owner == student),
        "films.csv": (films, films.c.asked_by == student),
        "redactions.csv": (redactions, redactions.c.without.contains(student, autoescape=True)),
        "doors.csv": (waiting_students, waiting_students.c.user == student),
        "signins.csv": (logins, logins.c.user == student),
        "links.csv": (one_use_links, one_use_links.c.user == student),
        "looks.csv": (dialogue_looks, dialogue_looks.c.student == student),
        "warnings.csv": (warnings, warnings.c.subject == student),
        "audit.csv": (audit_log, or_(audit_log.c.object == student, audit_log.c.actor == student)),
        "mails.csv": (outbox, or_(outbox.c.user == student, outbox.c.about == student)),
        "disclosures.csv": (disclosure_log, disclosure_log.c.student == student),
    }
    found = {name: await _dump(connection, table, where) for name, (table, where) in tables.items()}
    found["person.json"] = (json.dumps(facts, indent=2, ensure_ascii=False) + "\n").encode()
    found["attendance.csv"] = write_csv(REPORT_COLUMNS, report_rows(lines))
    found["classes.csv"] = await _classes(connection, student)
    return found


async def _classes(connection: AsyncConnection, student: str) -> bytes:
    columns = [classes.c[name] for name in ("id", "title", "subject", "kind", "teacher_of_record")]
    columns += [enrollments.c.since_ms, enrollments.c.ended_ms]
    rows = await connection.execute(
        select(*columns)
        .join(enrollments, enrollments.c["class"] == classes.c.id)
        .where(enrollments.c.student == student)
        .order_by(enrollments.c.since_ms)
    )
    return _sheet([row._mapping for row in rows], [column.name for column in columns])


async def _dump(connection: AsyncConnection, table: Table, where: ColumnElement[bool]) -> bytes:
    rows = await connection.execute(select(table).where(where).order_by(*table.primary_key.columns))
    return _sheet([row._mapping for row in rows], [column.name for column in table.c if column.name not in _SECRETS])


def _sheet(rows: Sequence[RowMapping], names: Sequence[str]) -> bytes:
    """Rows as CSV: moments as RFC 3339 in UTC, keys in hex."""
    heading = [_heading(name) for name in names]
    return write_csv(heading, [[_cell(name, row[name]) for name in names] for row in rows])


def _heading(name: str) -> str:
    if not _is_moment(name):
        return name
    return "at" if name == "at_ms" else f"{name.removesuffix('_ms')}_at"


def _is_moment(name: str) -> bool:
    return name.endswith("_ms") and name != "duration_ms"


def _cell(name: str, value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    return format_iso(value) if _is_moment(name) and isinstance(value, int) else value


def pack_record(found: Mapping[str, bytes], school_name: str, now_ms: int) -> bytes:
    """The zip, with a README that says what each file is."""
    readme = f"""Everything that Chalkmesh at {school_name} holds about one student, as of {format_iso(now_ms)}.

Times are RFC 3339 in UTC. CSV files are UTF-8; text that a spreadsheet would take for a formula has an apostrophe in
front. Ids are random and the same in every file.

""" + "\n".join(f"{name}\n  {words}\n" for name, words in CONTENTS.items())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("README.txt", readme)
        for name in CONTENTS:
            bundle.writestr(name, found[name])
    return packed.getvalue()
