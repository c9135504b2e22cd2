"""A portal on a real database and a real port, in this process.

The database is a SQLite file; with CHALKMESH_TEST_DATABASE=postgresql it is one of a PostgreSQL server that the tests
start and stop (tests/portal/postgresql.py).
"""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import create_engine

from portal.context import PORTAL, Portal
from portal.database import Database, database_url, upgrade_to
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.postgresql import Cluster, cluster
from tests.portal.world import CHEAP_HASHER, Browser, FakeClock, fill_schools, make_build


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database that has gone through every migration, once: each test starts from a copy."""
    path = tmp_path_factory.mktemp("migrated") / "portal.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade_to(connection)
    engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server with a database that has gone through every migration."""
    with cluster() as server:

        async def migrate() -> None:
            database = Database(database_url(Path(), await server.make_template()))
            await database.upgrade()
            await database.close()

        asyncio.run(migrate())
        yield server


@pytest.fixture
def sqlite_settings(tmp_path: Path, migrated: Path) -> PortalSettings:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data" / "portal.sqlite")
    return PortalSettings(data=tmp_path / "data", web_dist=make_build(tmp_path / "dist"), relay_port=9191)


@pytest.fixture
async def postgresql_settings(sqlite_settings: PortalSettings, postgresql: Cluster) -> AsyncIterator[PortalSettings]:
    url = await postgresql.new_database()
    yield replace(sqlite_settings, database_url=url)
    await postgresql.drop(url)


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> PortalSettings:
    kind = os.environ.get("CHALKMESH_TEST_DATABASE", "sqlite")
    found = request.getfixturevalue(f"{kind}_settings")
    assert isinstance(found, PortalSettings)
    return found


@pytest.fixture
async def server(settings: PortalSettings, clock: FakeClock) -> AsyncIterator[TestServer]:
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        yield server
        await server.close()


@pytest.fixture
def portal(server: TestServer) -> Portal:
    return server.app[PORTAL]


@pytest.fixture
async def open_browser(server: TestServer, portal: Portal) -> AsyncIterator[Callable[[], Browser]]:
    opened: list[Browser] = []

    def open_one() -> Browser:
        opened.append(Browser(server, portal))
        return opened[-1]

    yield open_one
    for browser in opened:
        await browser.client.session.close()


@pytest.fixture
async def browser(open_browser: Callable[[], Browser]) -> Browser:
    return open_browser()
