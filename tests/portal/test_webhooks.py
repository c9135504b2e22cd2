"""Webhooks: portal/webhooks.py, portal/webhook_sender.py."""

import hashlib
import hmac
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from portal.authorize import Actor, Role
from portal.context import Portal
from portal.lessons import LessonState, move_lesson
from portal.program_schema import webhooks
from portal.recordings import RecordingState
from portal.settings import PortalSettings
from portal.webhook_sender import MOST_ATTEMPTS, SIGNATURE, OutsideOnly
from portal.webhooks import EVENTS, WebhookRefused, check_address, make_webhook, resume_webhook
from tests.portal.world import FOREIGN_LESSON, LESSON, NOON_MS, OTHER_LESSON, Browser, FakeClock, rows

OFFICE = Actor("coordinator", "here", Role.COORDINATOR, "login")


@dataclass
class Receiver:
    """A program that is told things, and does not always take them."""

    server: TestServer | None = None
    statuses: list[int] = field(default_factory=list)
    came: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def url(self) -> str:
        assert self.server is not None
        return str(self.server.make_url("/told"))

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(body["event"], body.get("lesson") or body["upload"]) for body in map(json.loads, self.bodies)]

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.came]

    async def take(self, request: web.Request) -> web.Response:
        status = self.statuses.pop(0) if self.statuses else 204
        if 200 <= status < 300:
            self.came.append((request.headers[SIGNATURE], await request.read()))
        return web.Response(status=status, headers={"Location": "/told"} if status == 302 else {})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    made = Receiver()
    app = web.Application()
    app.router.add_post("/told", made.take)
    made.server = TestServer(app)
    await made.server.start_server()
    yield made
    await made.server.close()


@pytest.fixture
def settings(settings: PortalSettings) -> PortalSettings:
    return replace(settings, webhooks_inside=True)


async def hook(portal: Portal, url: str, *events: str) -> None:
    async with portal.database.write() as connection:
        await make_webhook(connection, OFFICE, url, events or tuple(EVENTS), portal.clock())


async def end(portal: Portal, lesson: str) -> None:
    async with portal.database.write() as connection:
        assert await move_lesson(
            connection, lesson, LessonState.ENDED, (LessonState.SCHEDULED,), "tutor", portal.clock()
        )


async def test_each_event_of_the_own_school_is_told_in_order_and_signed(portal: Portal, receiver: Receiver) -> None:
    await end(portal, OTHER_LESSON)  # before there is a webhook
    await hook(portal, receiver.url)
    await end(portal, FOREIGN_LESSON)
    await end(portal, LESSON)
    for state in (RecordingState.SEALED, RecordingState.RENDERED, RecordingState.RENDERED):
        await portal.desk.report(LESSON, state, detail="", duration_ms=1, progress=None, now_ms=NOON_MS)
    assert await portal.webhooks.tell_due() == 3
    assert receiver.told == [("lesson.ended", LESSON), ("recording.sealed", LESSON), ("recording.rendered", LESSON)]
    assert await portal.webhooks.tell_due() == 0
    body = json.loads(receiver.bodies[0])
    (row,) = await rows(portal, "webhooks")
    assert body == {
        "id": f"{row['id']}.{body['id'].rpartition('.')[2]}",
        "event": "lesson.ended",
        "at": "2026-11-23T14:05:00Z",
        "school": "here",
        "lesson": LESSON,
    }


async def test_signature_is_made_with_the_secret_of_the_page(
    portal: Portal, receiver: Receiver, browser: Browser
) -> None:
    await browser.log_in("coordinator")
    made = await browser.submit("/programs/webhooks", {"url": receiver.url, "lesson.ended": "on"})
    assert made.status == 303
    page = await (await browser.get("/programs")).text()
    secret = page.split('id="secret-1" readonly value="')[1].split('"')[0]
    await end(portal, LESSON)
    await portal.webhooks.tell_due()
    ((signature, body),) = receiver.came
    parts = dict(part.split("=", 1) for part in signature.split(","))
    expected = hmac.digest(secret.encode(), parts["t"].encode() + b"." + body, hashlib.sha256).hex()
    assert (parts["t"], parts["v1"]) == (str(NOON_MS // 1000), expected)


async def test_what_a_receiver_did_not_take_is_told_again_first(
    portal: Portal, receiver: Receiver, clock: FakeClock
) -> None:
    await hook(portal, receiver.url, "lesson.ended")
    receiver.statuses = [500, 302]
    await end(portal, LESSON)
    await end(portal, OTHER_LESSON)
    assert await portal.webhooks.tell_due() == 0
    (row,) = await rows(portal, "webhooks")
    assert (row["attempts"], row["detail"], row["next_ms"]) == (1, "the receiver answered 500", NOON_MS + 10_000)
    assert await portal.webhooks.tell_due() == 0  # not due yet
    clock.advance(10_000)
    assert await portal.webhooks.tell_due() == 0  # a redirect is not followed
    clock.advance(60_000)
    assert await portal.webhooks.tell_due() == 2
    assert receiver.told == [("lesson.ended", LESSON), ("lesson.ended", OTHER_LESSON)]
    (row,) = await rows(portal, "webhooks")
    assert (row["attempts"], row["detail"]) == (0, "")


async def test_a_receiver_that_is_gone_is_paused_and_hears_of_all_when_it_goes_on(
    portal: Portal, receiver: Receiver, clock: FakeClock, browser: Browser
) -> None:
    await hook(portal, receiver.url, "lesson.ended")
    await end(portal, LESSON)
    async with portal.database.write() as connection:
        await connection.execute(update(webhooks).values(attempts=MOST_ATTEMPTS - 1))
    receiver.statuses = [410]
    await portal.webhooks.tell_due()
    (row,) = await rows(portal, "webhooks")
    assert row["paused_ms"] == NOON_MS
    clock.advance(24 * 3_600_000)
    assert await portal.webhooks.tell_due() == 0
    await browser.log_in("coordinator")
    assert "Paused" in await (await browser.get("/programs")).text()
    async with portal.database.write() as connection:
        await resume_webhook(connection, replace(OFFICE, school="far"), row["id"], clock())
        await resume_webhook(connection, OFFICE, row["id"], clock())
    assert await portal.webhooks.tell_due() == 1


async def test_nobody_who_is_away_holds_up_the_others(portal: Portal, receiver: Receiver) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    await hook(portal, f"http://127.0.0.1:{port}/", "lesson.ended")
    await hook(portal, receiver.url, "lesson.ended")
    await end(portal, LESSON)
    assert await portal.webhooks.tell_due() == 1
    assert {row["detail"] for row in await rows(portal, "webhooks")} == {
        "no connection (ClientConnectorError)",
        "",
    }


@pytest.mark.parametrize(
    "url",
    [
        "http://school.example/",
        "ftp://school.example/",
        "https://",
        "https://user:secret@school.example/",
        "https://school.example/#part",
        "https://school.example:99999/",
        "https://localhost/",
        "https://relay.internal/",
        "https://127.0.0.1/",
        "https://[::1]/",
        "https://[school.example]/",
        "https://10.0.0.7:8081/internal/rooms",
        "https://169.254.169.254/latest",
        "https://[::ffff:127.0.0.1]/",
        "https://[64:ff9b::a00:7]/",  # 10.0.0.7 through NAT64
        "https://[2002:7f00:1::]/",  # 127.0.0.1 through 6to4
        "https://[::127.0.0.1]/",
        "https://[64:ff9b:1::1]/",
        "https://[fec0::1]/",
        "https://[ff02::1]/",
        "https://224.0.0.1/",
        "https://localhost./",
        "https://127.1/",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://a..example/",
        f"https://{'a' * 64}.example/",
        "https://%31%32%37.0.0.1/",
        "https://school.example/\nx",
        "https://schoöl.example/",
        "https://school.example/" + "x" * 500,
    ],
)
def test_an_address_that_is_not_of_the_public_network_is_refused(url: str) -> None:
    with pytest.raises(WebhookRefused):
        check_address(url, inside=False)


@pytest.mark.parametrize("url", ["https://school.example:8443/a?b=c", "https://[2606:4700::1111]/", "https://8.8.8.8/"])
def test_an_address_of_the_public_network_is_taken(url: str) -> None:
    check_address(url, inside=False)


async def test_an_address_that_cannot_be_asked_for_holds_up_nobody(portal: Portal, receiver: Receiver) -> None:
    await hook(portal, "http://a..example/", "lesson.ended")  # as kept before such addresses were refused
    await hook(portal, receiver.url, "lesson.ended")
    await end(portal, LESSON)
    assert await portal.webhooks.tell_due() == 1
    assert receiver.told == [("lesson.ended", LESSON)]


async def test_a_name_that_leads_inside_leads_nowhere() -> None:
    resolver = OutsideOnly()
    with pytest.raises(OSError, match="private network"):
        await resolver.resolve("localhost", 443)
    await resolver.close()
