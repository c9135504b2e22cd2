"""A row in every table of the portal, made from the schema: whatever a migration adds is there by itself.

What the schema cannot say stands here: which columns name a person. A column that is in neither list fails
tests/portal/test_every_table.py, so that export, erasure, backup and migrations cannot forget a new table.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import date

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    Float,
    Integer,
    LargeBinary,
    Table,
    func,
    insert,
    select,
)

from tests.portal.world import NOON_MS

# Columns that name a student, wherever one can stand there.
OF_STUDENTS = frozenset(
    """
    access_grants.student amendments.asked_by amendments.student attendance_corrections.student audit_log.actor
    audit_log.object calendar_feeds.user continued_boards.owner dialogue_looks.student dialogue_messages.student
    disclosure_log.actor disclosure_log.student enrollments.student erasures.student failed_logins.user films.asked_by
    goals.student guardians.student lesson_members.user logins.user notes.author notices.user one_use_links.user
    outbox.about questions.user relay_events.user room_sessions.user scores.student staffing_requests.student
    waiting_students.user warnings.subject weekly_updates.student
    """.split()
)
# Columns in which only others stand: the staff, and guardians.
OF_OTHERS = frozenset(
    """
    access_grants.ended_by access_grants.granted_by access_grants.user access_reviews.signed_by amendments.decided_by
    amendments.stated_by attendance_corrections.corrected_by caption_edits.author classes.tutor
    continued_boards.answered_by crisis_alerts.acknowledged_by crisis_alerts.carried_by crisis_alerts.closed_by
    crisis_alerts.pressed_by crisis_calls.user destructions.decided_by dialogue_looks.reader dialogue_messages.author
    erasures.erased_by goals.set_by guardians.guardian hours_contracts.entered_by incident_entries.entered_by
    incidents.closed_by incidents.opened_by legal_holds.placed_by legal_holds.released_by lessons.substitute
    materials.uploaded_by onboarding_steps.done_by outbox.user pacing_guides.made_by pacing_weeks.covered_by
    passkeys.user programs.made_by question_answers.author recording_expiries.changed_by recovery_codes.user
    redactions.asked_by redactions.ended_by retention_policies.changed_by reviews.reviewer roster_links.contact
    roster_links.made_by roster_uploads.uploaded_by scores.entered_by second_factors.user warnings.answered_by
    webhooks.made_by weekly_updates.written_by
    """.split()
)
_PERSON = re.compile(
    r"(?:\w+_by|user|student|tutor|actor|author|about|owner|reader|reviewer|guardian|contact|substitute)"
)
_FIXED: Mapping[str, object] = {
    "lessons.state": "ended",
    "recordings.state": "rendered",
    "scores.state": "scored",
    "outbox.state": "sent",
    "roster_uploads.state": "checked",
    "schools.time_zone": "UTC",
    "series.time_zone": "UTC",
    "users.role": "student",
    "audit_log.detail": "{}",
    "roster_uploads.counts": "{}",
    "erasures.counts": "{}",
    "reviews.scores": "{}",
    "access_reviews.content": '{"staff": [], "grants": [], "guardians": 0, "region": ""}',
}


def names_a_person(column: Column[object]) -> bool:
    """Whether a column holds somebody's id, as far as key and name tell."""
    to_users = any(key.column.table.name == "users" for key in column.foreign_keys)
    free = not column.foreign_keys and not isinstance(column.type, Integer | Boolean | Date | Float | LargeBinary)
    return to_users or (free and _PERSON.fullmatch(column.name) is not None)


def fill_every_table(
    connection: Connection, tables: Iterable[Table], people: Mapping[str, str], ids: Mapping[str, object]
) -> dict[str, int]:
    """Puts a row into each of the tables that is empty, in the order of their keys.

    Returns for each of those the moment that its `_ms` columns have. `people`: who "student" and "other" are. `ids`:
    what a column holds (`table.column`), or a key to a table (`table`).
    """
    moments: dict[str, int] = {}
    made = dict(ids)
    for number, table in enumerate(tables):
        if connection.execute(select(func.count()).select_from(table)).scalar_one():
            continue
        moments[table.name] = moment_ms = NOON_MS - (number + 1) * 61_000
        row = {
            column.name: _value(table, column, moment_ms, people, made)
            for column in table.columns
            if not _numbers_itself(table, column)
        }
        connection.execute(insert(table).values(row))
        (key, *more) = table.primary_key.columns
        if not more and key.name in row:
            made.setdefault(table.name, row[key.name])
    return moments


def _numbers_itself(table: Table, column: Column[object]) -> bool:
    return column.primary_key and len(table.primary_key.columns) == 1 and isinstance(column.type, Integer)


def _value(
    table: Table, column: Column[object], moment_ms: int, people: Mapping[str, str], ids: Mapping[str, object]
) -> object:
    name = f"{table.name}.{column.name}"
    if name in ids:
        return ids[name]
    if name in OF_STUDENTS:
        return people["student"]
    if name in OF_OTHERS:
        return people["other"]
    for key in column.foreign_keys:
        return ids[key.column.table.name]
    if name in _FIXED:
        return _FIXED[name]
    if isinstance(column.type, Boolean):
        return False
    if isinstance(column.type, Date):
        return date(2026, 11, 20)
    if isinstance(column.type, LargeBinary):
        return f"bytes of {name}".encode()
    if isinstance(column.type, Float):
        return 0.5
    if isinstance(column.type, Integer):
        return moment_ms if column.name.endswith("_ms") else 1
    return f"words of {name}"[: getattr(column.type, "length", None)]
