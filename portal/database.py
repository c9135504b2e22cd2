"""The portal's database: an async SQLAlchemy Core engine on SQLite (WAL) or PostgreSQL, migrated at start."""

import asyncio
import errno
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from portal.sqlite_inline import inline_engine
from whiteboard_crdt.errors import SetupError

_MIGRATIONS = Path(__file__).resolve().parent / "migrations"
_DRIVERS = {"sqlite": "sqlite+aiosqlite", "postgresql": "postgresql+asyncpg", "postgres": "postgresql+asyncpg"}

# As many as by default, but all of them kept: those over the pool's size would be opened anew for each request, with
# a thread and the schema read again, just when there are many.
_POOL = {"pool_size": 15, "max_overflow": 0}
# What a statement was given, names and words among it, would stand in its errors, and so in the log.
_QUIET = {"hide_parameters": True}


def database_url(data: Path, setting: str | None) -> URL:
    """The engine's URL: the setting with an async driver, or DATA/portal.sqlite. Raises SetupError."""
    if setting is None:
        return URL.create("sqlite+aiosqlite", database=str(data / "portal.sqlite"))
    try:
        url = make_url(setting)
    except ArgumentError as error:
        raise SetupError("The database URL is not understood; write sqlite:///… or postgresql://….") from error
    if url.drivername in _DRIVERS:
        url = url.set(drivername=_DRIVERS[url.drivername])
    if url.drivername not in _DRIVERS.values():
        raise SetupError(f"The database {url.drivername!r} is not supported; use sqlite or postgresql.")
    return url


_DISK_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)
_DISK_SQLITE = ("SQLITE_FULL", "SQLITE_READONLY", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE")
_DISK_POSTGRESQL = ("53100", "25006")


class Database:
    """Connections in three kinds, each one transaction.

    `read()` sees one consistent state, `glance()` too, for a few rows that an index finds, and `write()` commits at its
    end or rolls back.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self._sqlite = url.get_backend_name() == "sqlite"
        # SQLite has one writer; waiting in a queue of our own is fair and costs no busy retries.
        self._one_writer = asyncio.Lock()
        self.engine: AsyncEngine = create_async_engine(url, pool_pre_ping=not self._sqlite, **_QUIET, **_POOL)
        if self._sqlite:
            event.listen(self.engine.sync_engine, "connect", _on_sqlite_connect)
            event.listen(self.engine.sync_engine, "begin", _on_sqlite_begin)
        self._inline: AsyncEngine | None = None
        if self._sqlite and url.database not in (None, "", ":memory:"):
            self._inline = inline_engine(str(url.database), _POOL["pool_size"])
            event.listen(self._inline.sync_engine, "connect", _on_inline_connect)

    async def upgrade(self) -> None:
        """Runs the migrations that are missing. Raises SetupError when the database cannot be opened or is newer."""
        try:
            async with self.write() as connection:
                await connection.run_sync(upgrade_to)
        except (DBAPIError, SQLAlchemyError, OSError, UnicodeDecodeError) as error:
            # UnicodeDecodeError: what SQLite says of a damaged schema quotes its bytes.
            cause = getattr(error, "orig", None) or error
            raise SetupError(f"The database {self.name} cannot be used: {cause}.") from error

    @property
    def name(self) -> str:
        """The database as an operator knows it, without its password."""
        return str(self.url.database) if self._sqlite else self.url.render_as_string(hide_password=True)

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading, in one transaction."""
        async with self.engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading what an index finds, in one transaction. It must not walk a table.

        On SQLite the event loop itself reads, and waits for it; writing is refused. Elsewhere it is as `read()`.
        """
        async with (self._inline or self.engine).connect() as connection:
            yield connection

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncConnection]:
        """A connection for writing, in one transaction that commits when the block ends well."""
        if not self._sqlite:
            async with self.engine.begin() as connection:
                yield connection
            return
        async with self._one_writer, self.engine.connect() as connection:
            await connection.execution_options(chalkmesh_write=True)
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Closes every connection."""
        if self._inline is not None:
            await self._inline.dispose()
        await self.engine.dispose()


def is_disk_refusing(error: BaseException) -> bool:
    """Whether the database, or a file, could not be written because the disk is full or may not be written."""
    if isinstance(error, OSError):
        return error.errno in _DISK_ERRNOS
    cause = getattr(error, "orig", None)
    name = getattr(cause, "sqlite_errorname", "")
    return name.startswith(_DISK_SQLITE) or getattr(cause, "sqlstate", "") in _DISK_POSTGRESQL


def _on_sqlite_connect(connection: Any, record: Any) -> None:
    """Per-connection settings. `Any`: the DBAPI has no types of its own."""
    # Without this the driver opens transactions by itself, and too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=5000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_inline_connect(connection: Any, record: Any) -> None:
    """`Any`: as above."""
    connection.execute("PRAGMA query_only=ON")


def _on_sqlite_begin(connection: Connection) -> None:
    # IMMEDIATE: a reader that becomes a writer half-way would fail with SQLITE_BUSY instead of waiting.
    writes = connection.get_execution_options().get("chalkmesh_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def upgrade_to(connection: Connection, revision: str = "head") -> None:
    """Runs the migrations up to a revision. Raises SetupError for a database of a newer version."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise SetupError(
            "The database was written by a newer version of chalkmesh. Install that version or restore a backup."
        )
    command.upgrade(config, revision)
