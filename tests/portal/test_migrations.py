"""Databases of earlier schemas, brought up with everything in them: portal/migrations."""

import os
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, inspect, select, text

import portal.database
from portal.authorize import Actor, Role
from portal.database import Database, database_url, upgrade_to
from portal.ledger import audit, verify_audit
from portal.pacing import add_week, load_present_guide
from portal.pacing_file import PlannedTopic
from portal.schema import metadata
from tests.portal.every_table import fill_every_table
from tests.portal.postgresql import Cluster

MIGRATIONS = Path(portal.database.__file__).parent / "migrations"
OLD_ROWS = (
    "INSERT INTO schools (id, name, time_zone, recording, notice, ice_policy, demo, created_ms)"
    " VALUES ('old', 'Old School', 'America/New_York', 'required', 'n', 'all', 0, 1)",
    "INSERT INTO users (id, school, login, name, role, created_ms) VALUES ('u-one', 'old', 'one', 'One', 'student', 1)",
    "INSERT INTO users (id, school, login, name, role, created_ms) VALUES ('u-two', 'old', 'two', 'Two', 'tutor', 1)",
    "INSERT INTO lessons (id, school, room, title, subject, starts_ms, ends_ms, state, recording, demo)"
    " VALUES ('l-one', 'old', 'r-one', 'T', 'S', 1, 2, 'ended', 'off', 0)",
    "INSERT INTO lesson_members (lesson, user, part) VALUES ('l-one', 'u-one', 'student')",
    "INSERT INTO relay_events (id, room, user, session, kind, at_ms, received_ms)"
    " VALUES ('e', 'r-one', 'u-one', '0000000000000000', 'join', 1, 1)",
    "INSERT INTO audit_log (at_ms, actor, action, object_kind, object, detail)"
    " VALUES (1, 'u-two', 'lesson.open', 'lesson', 'l-one', '{}')",
    "INSERT INTO audit_log (at_ms, actor, action, object_kind, object, detail)"
    " VALUES (2, 'u-two', 'lesson.ended', 'lesson', 'l-one', '{}')",
)


def revisions() -> list[str]:
    """Every schema that there was, oldest first."""
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()][::-1]


@pytest.fixture
def server_of_databases(request: pytest.FixtureRequest) -> Cluster | None:
    """PostgreSQL where the tests run on it."""
    if os.environ.get("CHALKMESH_TEST_DATABASE") != "postgresql":
        return None
    found = request.getfixturevalue("postgresql")
    assert isinstance(found, Cluster)
    return found


@pytest.fixture
async def new_database(tmp_path: Path, server_of_databases: Cluster | None) -> AsyncIterator[Database]:
    """An empty database of the kind that the tests run on."""
    url = await server_of_databases.new_database(migrated=False) if server_of_databases is not None else None
    database = Database(database_url(tmp_path, url))
    yield database
    await database.close()
    if server_of_databases is not None and url is not None:
        await server_of_databases.drop(url)


@pytest.fixture
async def old_database(tmp_path: Path) -> AsyncIterator[Database]:
    """A database as the first version left it, with a row in most tables."""
    database = Database(database_url(tmp_path, None))
    async with database.write() as connection:
        await connection.run_sync(upgrade_to, "0001")
        for statement in OLD_ROWS:
            await connection.execute(text(statement))
    yield database
    await database.close()


async def test_first_schema_keeps_its_rows(old_database: Database) -> None:
    async def everything() -> dict[str, list[tuple[object, ...]]]:
        async with old_database.read() as connection:
            return {
                table: [tuple(row) for row in await connection.execute(text(f"SELECT {columns} FROM {table}"))]
                for table, columns in {
                    "schools": "id, name, time_zone",
                    "users": "id, school, login, name, role, created_ms",
                    "lessons": "id, room, state, starts_ms",
                    "lesson_members": "lesson, user, part",
                    "relay_events": "id, room, user, kind, at_ms",
                    "audit_log": "id, at_ms, actor, action, object, detail",
                }.items()
            }

    before = await everything()
    await old_database.upgrade()
    assert await everything() == before
    assert len(before["users"]) == 2


async def test_audit_rows_of_the_first_schema_become_a_chain_that_goes_on(old_database: Database) -> None:
    await old_database.upgrade()
    assert (await verify_audit(old_database)).rows == 2
    async with old_database.write() as connection:
        await audit(connection, "u-two", "x", "y", "z", 3)
    verdict = await verify_audit(old_database)
    assert (verdict.rows, verdict.broken_at) == (3, None)


@pytest.mark.parametrize(
    ("damage", "at"),
    [
        ("UPDATE audit_log SET actor = 'u-one' WHERE id = 1", 1),
        ("DELETE FROM audit_log WHERE id = 1", 2),
        ("DELETE FROM audit_log WHERE id = 2", 2),
        ("UPDATE audit_log SET hash = NULL WHERE id = 2", 2),
        ("DELETE FROM audit_log", 2),
        ("DELETE FROM audit_head", 0),
    ],
)
async def test_damaged_audit_log_is_found_at_its_row(old_database: Database, damage: str, at: int) -> None:
    await old_database.upgrade()
    async with old_database.write() as connection:
        await connection.execute(text(damage))
    assert (await verify_audit(old_database)).broken_at == at


async def test_every_schema_between_is_brought_up_with_its_rows(old_database: Database) -> None:
    numbers = revisions()
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]
    for revision in numbers:
        async with old_database.write() as connection:
            await connection.run_sync(upgrade_to, revision)
        async with old_database.read() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM users"))).scalar() == 2
            assert (await connection.execute(text("SELECT state FROM lessons"))).scalar() == "ended"
    await old_database.upgrade()
    assert (await verify_audit(old_database)).rows == 2


async def test_a_row_of_every_table_goes_through_every_later_schema(new_database: Database) -> None:
    """Each table gets its row in the very schema that made it; later ones may add columns, and lose nothing."""
    written: dict[str, dict[str, object]] = {}
    schema = MetaData()

    def fill(connection: Connection) -> None:
        new = set(inspect(connection).get_table_names()) - {"alembic_version", *written}
        schema.reflect(connection, only=sorted(new))
        tables = [table for table in schema.sorted_tables if table.name in new]
        ids = {name: row["id"] for name, row in written.items() if "id" in row}
        fill_every_table(connection, tables, {"student": "s", "other": "s"}, {"users.id": "s", **ids})
        for name in new:
            written[name] = dict(connection.execute(select(schema.tables[name])).mappings().one())

    for revision in revisions():
        async with new_database.write() as connection:
            await connection.run_sync(upgrade_to, revision)
            await connection.run_sync(fill)
    assert {table.name for table in metadata.sorted_tables} == set(written)
    async with new_database.read() as connection:
        for table in metadata.sorted_tables:
            (row,) = (await connection.execute(select(table))).mappings()
            before = written[table.name]
            assert {name: row[name] for name in before} == before, table.name


async def test_class_of_before_pacing_guides_has_none_and_can_get_one(old_database: Database) -> None:
    async with old_database.write() as connection:
        await connection.run_sync(upgrade_to, "0022")
        await connection.execute(
            text(
                "INSERT INTO classes (id, school, title, subject, grade, kind, capacity, teacher_of_record, created_ms)"
                " VALUES ('c-one', 'old', 'Class', 'S', '', '1:4', 4, '', 1)"
            )
        )
    await old_database.upgrade()
    actor, planned = Actor("u-two", "old", Role.TUTOR, ""), PlannedTopic(date(2026, 11, 23), "Adding", "", "")
    async with old_database.write() as connection:
        assert await load_present_guide(connection, "c-one") is None
        await add_week(connection, actor, "c-one", planned, 2)
        guide = await load_present_guide(connection, "c-one")
    assert guide is not None
    assert [(guide.version.number, each.planned) for each in guide.weeks] == [(1, planned)]
