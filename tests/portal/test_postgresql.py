"""The portal on PostgreSQL: its schema, and a week of the service. `make test-postgresql` runs every test of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection

from portal.context import Portal
from portal.database import Database, database_url
from portal.ledger import audit, verify_audit
from portal.schema import metadata
from portal.settings import PortalSettings
from tests.portal.postgresql import Cluster
from tests.portal.service.test_service_week import test_a_week_of_the_service as a_week_of_the_service
from tests.portal.world import Browser, FakeClock


@pytest.fixture
def settings(postgresql_settings: PortalSettings) -> PortalSettings:
    return postgresql_settings


async def test_migrated_database_is_what_the_schema_says(postgresql: Cluster) -> None:
    url = await postgresql.new_database()
    database = Database(database_url(Path(), url))

    def differences(connection: Connection) -> list[object]:
        return list(compare_metadata(MigrationContext.configure(connection), metadata))

    async with database.read() as connection:
        assert await connection.run_sync(differences) == []
    await database.close()
    await postgresql.drop(url)


async def test_week_of_the_service(open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock) -> None:
    assert portal.database.engine.dialect.name == "postgresql"
    await a_week_of_the_service(open_browser, portal, clock)


async def test_writers_of_the_audit_chain_stand_in_line(portal: Portal) -> None:
    async def write(number: int) -> None:
        async with portal.database.write() as connection:
            await audit(connection, "a", "x", "y", str(number), number)

    await asyncio.gather(*(write(number) for number in range(12)))
    verdict = await verify_audit(portal.database)
    assert (verdict.rows, verdict.broken_at) == (12, None)
