"""/readyz and /metrics of the portal: portal/routes/health.py, portal/metrics.py."""

import re
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import event, insert, select

from portal.context import Portal
from portal.metrics import Held, look
from portal.recordings import RecordingState
from portal.schema import users
from portal.service_schema import outbox
from portal.settings import PortalSettings
from signaling.disk_room import too_full
from tests.portal.world import LESSON, Browser, FakeClock, session_key


async def metrics(browser: Browser) -> str:
    token = (browser.portal.settings.data / "keys" / "metrics.secret").read_text().strip()
    answer = await browser.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status == 200
    return await answer.text()


def value(text: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", text, re.MULTILINE)
    return 0.0 if found is None else float(found[1])


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer "}, {"Authorization": "Bearer wrong"}])
async def test_metrics_without_their_token_are_refused(browser: Browser, headers: dict[str, str]) -> None:
    assert (await browser.client.get("/metrics", headers=headers)).status == 403


async def test_internal_secret_is_no_metrics_token(browser: Browser) -> None:
    assert (await browser.internal("GET", "/metrics")).status == 403


async def test_requests_are_counted_by_route_and_never_by_path(browser: Browser) -> None:
    await browser.log_in("tutor")
    before = await metrics(browser)
    name = 'chalkmesh_portal_requests_total{method="GET",route="/api/lessons/{lesson}",status="200"}'
    for _ in range(3):
        assert (await browser.get(f"/api/lessons/{LESSON}")).status == 200
    await browser.get("/calendar/a-secret-of-somebody")
    await browser.get("/no/such/page")
    after = await metrics(browser)
    assert value(after, name) - value(before, name) == 3
    assert value(after, 'chalkmesh_portal_requests_total{method="any",route="none",status="404"}') > 0
    assert LESSON not in after
    assert "a-secret-of-somebody" not in after


async def test_coverage_is_the_share_of_live_lessons_with_a_fresh_heartbeat(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    async def held() -> Held:
        return await look(portal.database, clock(), portal.settings.heartbeat_limit_s, recorder_follows=True)

    await browser.log_in("tutor")
    await browser.post(f"/api/lessons/{LESSON}/ticket", {"key": session_key(), "client": 1})
    report = {"state": RecordingState.JOINED.value}
    assert (await browser.internal("POST", f"/internal/recordings/{LESSON}/status", report)).status == 200
    assert (await browser.post(f"/api/lessons/{LESSON}/start")).status == 200
    assert (await held()).coverage == 0
    report = {"state": RecordingState.RECORDING.value}
    await browser.internal("POST", f"/internal/recordings/{LESSON}/status", report)
    assert (await held()).coverage == 1
    assert value(await metrics(browser), 'chalkmesh_portal_lessons{state="live"}') == 1
    clock.now_ms += 60_000
    assert (await held()).coverage == 0


async def test_portal_is_ready_only_with_recorder_and_relay(
    browser: Browser, settings: PortalSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = 200

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(status=status)

    app = web.Application()
    app.router.add_get("/readyz", answer)
    async with TestServer(app) as relay:
        monkeypatch.setattr(PortalSettings, "relay_beside", str(relay.make_url("")).rstrip("/"))
        assert (await browser.get("/readyz")).status == 503
        await browser.internal("GET", "/internal/recordings")
        assert (await browser.get("/readyz")).status == 200
        status = 503
        assert (await browser.get("/readyz")).status == 503
    assert (await browser.get("/readyz")).status == 503
    assert (await browser.get("/healthz")).status == 200


@pytest.fixture
async def lessons_can_begin(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """A portal that knows no relay of its own, with a recorder."""
    monkeypatch.setattr(PortalSettings, "relay_beside", None)
    await browser.internal("GET", "/internal/recordings")
    assert (await browser.get("/readyz")).status == 200


@pytest.mark.usefixtures("lessons_can_begin")
async def test_portal_whose_disk_is_nearly_full_is_not_ready(browser: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("portal.routes.health.too_full", lambda folder, least_mb: too_full(folder, 10**9))
    answer = await browser.get("/readyz")
    assert answer.status == 503
    assert "nearly full" in await answer.text()
    assert (await browser.get("/healthz")).status == 200


@pytest.mark.usefixtures("lessons_can_begin")
async def test_portal_whose_database_may_not_be_written_is_not_ready(browser: Browser) -> None:
    engine = browser.portal.database.engine.sync_engine
    read_only = "PRAGMA query_only=ON" if engine.dialect.name == "sqlite" else "SET TRANSACTION READ ONLY"

    # `Any`: the DBAPI's connection has no types of its own.
    def refuse(connection: Any, *_: object) -> None:
        cursor = connection.cursor()
        cursor.execute(read_only)
        cursor.close()

    event.listen(engine, "checkout", refuse)
    answer = await browser.get("/readyz")
    assert answer.status == 503
    assert "database cannot be written" in await answer.text()


@pytest.mark.usefixtures("lessons_can_begin")
async def test_mails_that_nobody_takes_are_told_below_a_ready(browser: Browser, clock: FakeClock) -> None:
    assert await (await browser.get("/readyz")).text() == "ready"
    waiting = {
        "id": "m1", "dedupe_key": "m1", "kind": "notice", "about": "", "address": "a@example.org", "subject": "",
        "body": "", "state": "queued", "attempts": 9, "detail": "", "created_ms": clock() - 20 * 60_000,
        "next_ms": clock() + 60_000,
    }  # fmt: skip
    async with browser.portal.database.write() as connection:
        user = (await connection.execute(select(users.c.id, users.c.school).limit(1))).one()
        await connection.execute(insert(outbox).values(user=user.id, school=user.school, **waiting))
    answer = await browser.get("/readyz")
    assert answer.status == 200
    assert await answer.text() == "ready\nmail: the oldest that waits has waited 20 minutes"
