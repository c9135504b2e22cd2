"""A portal on a real SQLite file and a real port, in this process."""

import shutil
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import create_engine

from portal.context import PORTAL, Portal
from portal.database import upgrade_to
from portal.server import open_portal
from portal.settings import PortalSettings
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


@pytest.fixture
def settings(tmp_path: Path, migrated: Path) -> PortalSettings:
    (tmp_path / "data").mkdir()
    shutil.copy(migrated, tmp_path / "data" / "portal.sqlite")
    return PortalSettings(data=tmp_path / "data", web_dist=make_build(tmp_path / "dist"), relay_port=9191)


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
