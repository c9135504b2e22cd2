"""Migrations and connections: portal/database.py, portal/migrations."""

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import structlog
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, insert, select, text, update
from sqlalchemy.exc import IntegrityError, OperationalError, SQLAlchemyError

from portal.context import Portal
from portal.database import Database, database_url
from portal.logs import configure_logs, get_log
from portal.schema import counters, metadata, users
from whiteboard_crdt.errors import SetupError


async def test_migrated_database_is_what_the_schema_says(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()
    await database.upgrade()  # a second start changes nothing

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()


async def test_sqlite_is_durable_and_checked(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    async with database.read() as connection:
        settings = {
            name: (await connection.execute(text(f"PRAGMA {name}"))).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    await database.close()


@contextmanager
def logs() -> Iterator[None]:
    """The logs as they are when the portal serves, and then as they were."""
    handlers, level, ours = logging.root.handlers[:], logging.root.level, logging.getLogger("chalkmesh").level
    before = structlog.get_config()
    configure_logs()
    try:
        yield
    finally:
        structlog.configure(**before)
        logging.root.handlers[:] = handlers
        logging.root.setLevel(level)
        logging.getLogger("chalkmesh").setLevel(ours)


async def test_what_a_statement_was_given_is_in_no_error_and_so_in_no_log(
    portal: Portal, capfd: pytest.CaptureFixture[str]
) -> None:
    """SQLAlchemy quotes parameters in its errors, PostgreSQL the row that is in the way."""
    values = {"id": "tutor", "school": "here", "login": "tutor", "name": "Ada Lovelace", "role": "tutor"}
    with logs():
        try:
            async with portal.database.write() as connection:
                await connection.execute(insert(users).values(password_hash="x", created_ms=1, **values))
        except IntegrityError:
            get_log("test").exception("failed")
            logging.getLogger("chalkmesh.test").exception("failed")
        try:
            async with portal.database.glance() as connection:
                await connection.execute(text("select :name from nowhere"), {"name": values["name"]})
        except SQLAlchemyError:
            get_log("test").exception("failed")
    lines = capfd.readouterr().err
    assert lines.count('"exception": "Traceback') == 3
    assert "Lovelace" not in lines
    assert "DETAIL" not in lines


async def test_write_that_fails_leaves_nothing(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()

    async def fail_halfway() -> None:
        async with database.write() as connection:
            await connection.execute(insert(counters).values(name="x", value=1))
            raise LookupError

    with pytest.raises(LookupError):
        await fail_halfway()
    async with database.read() as connection:
        assert (await connection.execute(select(counters))).all() == []
    await database.close()


async def test_glance_sees_one_state_and_cannot_write(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()
    async with database.write() as connection:
        await connection.execute(insert(counters).values(name="x", value=1))
    async with database.glance() as first:
        assert (await first.execute(select(counters.c.value))).scalar_one() == 1
        async with database.write() as connection:
            await connection.execute(update(counters).values(value=2))
        assert (await first.execute(select(counters.c.value))).scalar_one() == 1
        async with database.glance() as second:
            assert (await second.execute(select(counters.c.value))).scalar_one() == 2
    async with database.glance() as connection:
        with pytest.raises(OperationalError, match="readonly"):
            await connection.execute(update(counters).values(value=3))
    await database.close()


async def test_many_writers_at_once_all_get_their_turn(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()

    async def raise_it(number: int) -> None:
        async with database.write() as connection:
            known = (await connection.execute(select(counters.c.value).where(counters.c.name == "x"))).scalar()
            if known is None:
                await connection.execute(insert(counters).values(name="x", value=1))
            else:
                await connection.execute(counters.update().values(value=known + 1))

    await asyncio.gather(*(raise_it(number) for number in range(40)))
    async with database.read() as connection:
        assert (await connection.execute(select(counters.c.value))).scalar_one() == 40
    await database.close()


async def test_file_that_is_no_database_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "portal.sqlite").write_bytes(b"this is not a database at all" * 40)
    database = Database(database_url(tmp_path, None))
    with pytest.raises(SetupError, match=r"portal\.sqlite cannot be used: file is not a database"):
        await database.upgrade()
    await database.close()


async def test_database_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    database = Database(database_url(tmp_path, None))
    await database.upgrade()
    async with database.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(SetupError, match="newer version"):
        await database.upgrade()
    await database.close()


@pytest.mark.parametrize(
    ("setting", "driver"),
    [
        ("sqlite:///x.db", "sqlite+aiosqlite"),
        ("postgresql://u:p@h/d", "postgresql+asyncpg"),
        ("postgres://u:p@h/d", "postgresql+asyncpg"),
    ],
)
def test_urls_get_an_async_driver(tmp_path: Path, setting: str, driver: str) -> None:
    assert database_url(tmp_path, setting).drivername == driver


@pytest.mark.parametrize("setting", ["mysql://h/d", "nonsense", ""])
def test_url_that_is_not_supported_is_one_sentence(tmp_path: Path, setting: str) -> None:
    with pytest.raises(SetupError):
        database_url(tmp_path, setting)


def test_password_of_a_database_is_not_in_its_name(tmp_path: Path) -> None:
    assert "secret" not in Database(database_url(tmp_path, "postgresql://u:secret@h/d")).name
