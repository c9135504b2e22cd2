"""SQLite for the event loop itself: statements run where they are awaited, without a thread in between.

The driver with a thread hands every statement over four times and back, and in a busy portal its two threads wait for
one another: lists of lessons took twice as long for it. That pays where a statement takes milliseconds, and not where
an index finds a few rows in microseconds. Connections of this kind only read.
"""

import sqlite3
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, Pool
from sqlalchemy.util import await_only

_DRIVER = "sqlite+inline"
# Hardly ever waited for: in WAL mode a reader is in nobody's way.
_BUSY_S = 1.0


async def _at_once() -> None:
    """Is done as soon as it is awaited."""


class _Cursor(sqlite3.Cursor):
    def execute(self, *statement: Any) -> Any:
        """As an asynchronous driver: SQLAlchemy takes one that awaits nothing for a mistake. `Any`: as the stubs."""
        await_only(_at_once())
        return super().execute(*statement)

    async def _async_soft_close(self) -> None:
        """What an asynchronous engine calls before rows are read without awaiting: nothing is left to be fetched."""


class _Connection(sqlite3.Connection):
    def cursor(self, factory: Any = None) -> Any:
        """`Any`: as the type stubs have it, whose callers choose a class. Here there is one."""
        return super().cursor(_Cursor)


class InlineSqlite(SQLiteDialect_pysqlite):
    """The standard dialect, called an asynchronous one: whoever awaits it never waits."""

    driver = "inline"
    is_async = True
    supports_statement_cache = True

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        """The pool that belongs to asynchronous engines."""
        return AsyncAdaptedQueuePool

    def do_begin(self, dbapi_connection: Any) -> None:
        """One consistent state for all that a look reads. `Any`: the DBAPI has no types of its own."""
        dbapi_connection.execute("BEGIN")


registry.register("sqlite.inline", __name__, InlineSqlite.__name__)


def inline_engine(path: str, connections: int) -> AsyncEngine:
    """An engine that reads a database file, which exists once the first connection is made."""
    return create_async_engine(
        URL.create(_DRIVER, database=path),
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        connect_args={"factory": _Connection, "isolation_level": None, "timeout": _BUSY_S},
    )
