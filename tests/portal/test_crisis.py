"""Crisis alerts at the portal: taken once, believed by their signature, told on until somebody answers."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.schema import users
from tests.portal.world import (
    FOREIGN_LESSON,
    LESSON,
    MINUTE_MS,
    NOON_MS,
    OTHER_LESSON,
    Browser,
    FakeClock,
    rows,
)
from whiteboard_crdt.alert import Alert, seal_alert
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import SessionKey, decode_base64url, encode_base64url
from whiteboard_crdt.ticket import read_ticket

ALERTS = f"/api/lessons/{LESSON}/alerts"
INTERNAL = f"/internal/lessons/{LESSON}/alerts"


@dataclass
class Page:
    """A page in the lesson: its session, its key, and what alerts are sealed for."""

    browser: Browser
    key: SessionKey
    session: SessionId
    recipient: bytes

    def press(self, reason: str = "medical", *, sign_with: SessionKey | None = None, room: str = "") -> dict[str, str]:
        alert = Alert(
            RoomId(room or f"room-{LESSON}"), self.session, secrets.token_bytes(16), NOON_MS, reason, bytes(range(16))
        )
        sealed = seal_alert(alert, (sign_with or self.key).sign, self.recipient)
        return {"id": alert.id.hex(), "sealed": encode_base64url(sealed)}


async def open_page(browser: Browser, who: str, lesson: str = LESSON) -> Page:
    await browser.log_in(who)
    key = SessionKey.generate()
    asked = {"key": encode_base64url(key.public), "client": secrets.randbelow(2**32)}
    answer = await (await browser.post(f"/api/lessons/{lesson}/ticket", asked)).json()
    ticket = read_ticket(
        answer["ticket"], {browser.portal.keyring.kid: browser.portal.keyring.private_key.public_key()}
    )
    return Page(browser, key, ticket.session, decode_base64url(answer["alert_key"]))


@pytest.fixture
async def addresses(portal: Portal) -> None:
    async with portal.database.write() as connection:
        for who in ("on-call", "coordinator"):
            await connection.execute(update(users).where(users.c.id == who).values(email=f"{who}@school.example"))


async def test_pressed_alert_is_stored_once_and_calls_the_on_call_person_by_page_and_mail(
    browser: Browser, portal: Portal, addresses: None
) -> None:
    page = await open_page(browser, "tutor")
    version = await portal.crisis.wait(-1, 0)
    waiting = asyncio.create_task(portal.crisis.wait(version, 5))
    pressed = page.press()
    for _ in range(2):
        answer = await browser.post(ALERTS, pressed)
        assert answer.status == 200
        assert await answer.json() == {"receipt": encode_base64url(bytes(range(16))), "acknowledged": False}
    assert await waiting != version
    (stored,) = await rows(portal, "crisis_alerts")
    assert (stored["pressed_by"], stored["reason"], stored["carried_by"]) == ("tutor", "medical", "tutor")
    (mail,) = await rows(portal, "outbox")
    assert (mail["user"], mail["address"], mail["next_ms"]) == ("on-call", "on-call@school.example", 0)
    assert f"Title of {LESSON}" in mail["body"]
    assert "School here" in mail["body"]
    assert "student name" not in mail["body"]
    told = [row["action"] for row in await rows(portal, "audit_log") if row["object_kind"] == "alert"]
    assert told == ["crisis.press", "crisis.call"]


async def test_alert_is_told_on_until_somebody_has_it_in_hand(
    browser: Browser,
    open_browser: Callable[[], Browser],
    portal: Portal,
    clock: FakeClock,
    addresses: None,
) -> None:
    page = await open_page(browser, "tutor")
    pressed = page.press()
    await browser.post(ALERTS, pressed)
    for _ in range(3):
        assert await portal.crisis.call_due() == 0
        clock.advance(3 * MINUTE_MS)
        assert await portal.crisis.call_due() == 1
    called = [row["user"] for row in await rows(portal, "crisis_calls")]
    assert called == ["on-call", "coordinator", "on-call", "coordinator"]
    assert len(await rows(portal, "outbox")) == 4
    helper = open_browser()
    await helper.log_in("on-call")
    assert "Nobody has it yet" in await (await helper.get("/alerts")).text()
    # An alert is not closed before somebody answered for it, nor without a word.
    assert (await helper.submit(f"/alerts/{pressed['id']}/close", {"note": "x"})).status == 400
    assert (await helper.submit(f"/alerts/{pressed['id']}/acknowledge", {})).status == 303
    clock.advance(60 * MINUTE_MS)
    assert await portal.crisis.call_due() == 0
    assert (await (await browser.post(ALERTS, pressed)).json())["acknowledged"]
    refused = await helper.submit(f"/alerts/{pressed['id']}/close", {"note": "  "})
    assert refused.status == 400
    assert "Enter what was done." in await refused.text()
    assert (await helper.submit(f"/alerts/{pressed['id']}/close", {"note": "Called the parents."})).status == 303
    assert "Called the parents." in await (await helper.get("/alerts")).text()
    told = [row for row in await rows(portal, "audit_log") if row["object_kind"] == "alert"]
    assert [row["action"] for row in told][-2:] == ["crisis.acknowledge", "crisis.close"]
    assert all("parents" not in row["detail"] for row in told)


async def test_whoever_has_no_address_is_passed_on_at_once(browser: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "coordinator").values(email="c@school.example"))
    await browser.post(ALERTS, (await open_page(browser, "tutor")).press())
    assert [row["user"] for row in await rows(portal, "crisis_calls")] == ["on-call", "coordinator"]
    assert [row["user"] for row in await rows(portal, "outbox")] == ["coordinator"]


async def test_alert_of_the_tutor_is_believed_whoever_carries_it(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    page = await open_page(browser, "tutor")
    student = open_browser()
    await open_page(student, "student")
    by_student, by_recorder = page.press(), page.press("danger")
    answer = await student.post(ALERTS, by_student)
    assert answer.status == 200
    assert (await browser.internal("POST", INTERNAL, by_recorder)).status == 200
    stored = {row["id"]: row for row in await rows(portal, "crisis_alerts")}
    assert stored[by_student["id"]]["carried_by"] == "student"
    assert stored[by_recorder["id"]]["carried_by"] == "recorder"
    assert {row["pressed_by"] for row in stored.values()} == {"tutor"}
    # Whoever carried it is shown nothing.
    assert (await student.get("/alerts")).status == 403


async def test_alert_that_nobody_of_the_staff_made_is_refused(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    tutor = await open_page(browser, "tutor")
    student = await open_page(open_browser(), "student")
    good = tutor.press()
    refused = (
        student.press(),
        tutor.press(sign_with=student.key),
        replace(tutor, session=SessionId("ffffffffffffffff")).press(),
        tutor.press(room=f"room-{OTHER_LESSON}"),
        {**good, "id": "0" * 32},
        {**good, "sealed": encode_base64url(bytes(200))},
        {**good, "sealed": good["sealed"][:-4] + "AAAA"},
    )
    for alert in refused:
        answer = await browser.post(ALERTS, alert)
        assert (answer.status, (await answer.json())["error"]) == (400, "bad_alert")
    assert await rows(portal, "crisis_alerts") == []
    assert (await browser.post(f"/api/lessons/{FOREIGN_LESSON}/alerts", good)).status == 404
    assert (await browser.internal("POST", "/internal/lessons/no-such/alerts", good)).status == 404


async def test_page_of_the_on_call_people_waits_for_news(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    page = await open_page(browser, "tutor")
    helper = open_browser()
    await helper.log_in("on-call")
    version = (await (await helper.get("/api/alerts")).json())["version"]
    news = asyncio.create_task(helper.get(f"/api/alerts?since={version}&wait_s=20"))
    await browser.post(ALERTS, page.press())
    async with asyncio.timeout(2):
        answer = await (await news).json()
    assert answer["version"] != version
    assert [alert["open"] for alert in answer["alerts"]] == [True]
    assert "name" not in str(answer["alerts"])
    assert (await helper.get("/api/alerts?since=x")).status == 400


async def test_nobody_on_call_leaves_the_alert_due(browser: Browser, portal: Portal, clock: FakeClock) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            update(users).where(users.c.id.in_(("on-call", "coordinator"))).values(disabled_ms=NOON_MS)
        )
    assert (await browser.post(ALERTS, (await open_page(browser, "tutor")).press())).status == 200
    assert await rows(portal, "crisis_calls") == []
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "on-call").values(disabled_ms=None))
    clock.advance(3 * MINUTE_MS)
    assert await portal.crisis.call_due() == 1
    assert [row["user"] for row in await rows(portal, "crisis_calls")] == ["on-call"]
