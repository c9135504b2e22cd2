"""Every table with people in it: what an export takes along and what an erasure leaves, from the schema itself."""

import io
import re
import zipfile

import pytest
from sqlalchemy import insert, select, update

from portal.context import Portal
from portal.ledger import audit, verify_audit
from portal.schema import lesson_members, lessons, metadata
from portal.times import format_iso
from tests.portal.every_table import OF_OTHERS, OF_STUDENTS, fill_every_table, names_a_person
from tests.portal.world import LESSON, MINUTE_MS, NOON_MS, OTHER_LESSON, Browser

# Tables that name a student and are in no export, each with the reason.
NOT_EXPORTED = {
    "erasures": "a certificate is of somebody of whom nothing else is left",
    "failed_logins": "counted for ten minutes and then forgotten",
}
# What still names the student by an id that leads to nobody, each with the reason.
KEPT = {
    "audit_log": "the chain of hashes holds only whole; ids and figures, no words",
    "disclosure_log": "who read what stays provable; no words but the ground of the read",
    "lesson_members": "places in lessons, so that minutes and hours of the school still add up",
    "enrollments": "places in classes, likewise",
    "attendance_corrections": "the minutes themselves, without the reason",
    "erasures": "the certificate",
    "films": "a film of a recording that shows others too",
    "warnings": "what the school found out about its own logs",
    "users": "the id that stands in the rows above, without name, address and password",
}
# Words that stay in those rows.
KEPT_WORDS = {
    "disclosure_log.reason",
    "disclosure_log.login",
    "disclosure_log.action",
    "disclosure_log.object_kind",
    "disclosure_log.object",
    "lesson_members.part",
    "films.folder",
    "films.layout",
    "films.format",
    "films.captions",
    "films.words",  # the digest of corrections
    "films.state",
    "films.detail",
    "warnings.kind",
    "warnings.note",
    "erasures.reason",
}


@pytest.fixture
async def moments(portal: Portal) -> dict[str, int]:
    """A lesson that the student shared with another one, and a row about the student in every table."""
    async with portal.database.write() as connection:
        await connection.execute(insert(lesson_members).values(lesson=LESSON, user="other-student", part="student"))
        await connection.execute(
            update(lessons).values(state="ended", starts_ms=NOON_MS - 60 * MINUTE_MS, ends_ms=NOON_MS)
        )
        await audit(connection, "coordinator", "student.look", "student", "student", NOON_MS - 1000)
        made = await connection.run_sync(
            fill_every_table,
            metadata.sorted_tables,
            {"student": "student", "other": "guardian"},
            {
                "users": "student",
                "schools": "here",
                "lessons": LESSON,
                "destructions.lesson": OTHER_LESSON,
                "lost_originals.lesson": OTHER_LESSON,
                "forgotten_rooms.lesson": OTHER_LESSON,
                "relay_events.room": f"room-{LESSON}",
                "attendance_corrections.lesson": LESSON,
                # Nothing keeps the recording.
                "legal_holds.released_ms": NOON_MS - 1,
                "redactions.audience": "copy",
                "redactions.without": '["voice:student"]',
            },
        )
    return made | {"audit_log": NOON_MS - 1000}


def test_every_column_with_a_person_in_it_is_known() -> None:
    found = {
        f"{table.name}.{column.name}"
        for table in metadata.sorted_tables
        for column in table.columns
        if names_a_person(column)
    }
    # What the name of a column does not tell.
    found |= {"audit_log.object", "warnings.subject"}
    assert set() == OF_STUDENTS & OF_OTHERS
    assert found == OF_STUDENTS | OF_OTHERS


async def test_export_holds_every_table_that_names_the_student(
    moments: dict[str, int], browser: Browser, portal: Portal
) -> None:
    await browser.log_in("coordinator")
    answer = await browser.submit("/students/student/export", {})
    with zipfile.ZipFile(io.BytesIO(await answer.read())) as packed:
        everything = {name: packed.read(name).decode() for name in packed.namelist() if name != "README.txt"}
    text = "".join(everything.values())
    about = {name.partition(".")[0] for name in OF_STUDENTS}
    missing = {table for table in about & set(moments) if format_iso(moments[table]) not in text}
    assert missing == set(NOT_EXPORTED)
    # The secrets of a log-in are nobody's record.
    assert "words of logins.token_hash" not in text
    assert "words of logins.csrf" not in text
    # One row at least in every file: none was forgotten here either.
    assert [name for name, content in everything.items() if name.endswith(".csv") and content.count("\n") < 2] == []


async def test_erasure_leaves_only_ids_where_it_says_so(
    moments: dict[str, int], browser: Browser, portal: Portal
) -> None:
    await browser.log_in("coordinator")
    done = await browser.submit("/students/student/erase", {"reason": "Asked by the parents", "confirm": "ERASE"})
    assert done.status == 303, await done.text()
    kept: dict[str, set[str]] = {}
    named: set[str] = set()
    async with portal.database.read() as connection:
        for table in metadata.sorted_tables:
            columns = [c.name for c in table.columns if f"{table.name}.{c.name}" in {*OF_STUDENTS, "users.id"}]
            for row in (await connection.execute(select(table))).mappings():
                if any(row[name] == "student" for name in columns):
                    words = {
                        f"{table.name}.{column.name}"
                        for column in table.columns
                        if "words of" in str(row[column.name]) and not (column.primary_key or column.foreign_keys)
                    }
                    kept.setdefault(table.name, set()).update(words)
                named |= {table.name for value in row.values() if re.search(r"(?<![-\w])student name", str(value))}
    assert named == set()
    assert set(kept) == set(KEPT)
    assert set().union(*kept.values()) <= KEPT_WORDS
    assert (await verify_audit(portal.database)).broken_at is None
