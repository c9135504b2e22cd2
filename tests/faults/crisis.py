"""Crisis alerts while the mail server is slow: the time from a press to the page and the mail of whoever is on call."""

from __future__ import annotations

import asyncio
import secrets
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from aiohttp.test_utils import TestServer
from sqlalchemy import update

from portal.context import PORTAL, Portal
from portal.mails.outbox import Letter, enqueue
from portal.schema import users
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.mailbox import Inbox, mail_server
from tests.portal.world import CHEAP_HASHER, LESSON, NOON_MS, Browser, FakeClock, fill_schools, make_build
from whiteboard_crdt.alert import Alert, seal_alert
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.keys import SessionKey, decode_base64url, encode_base64url
from whiteboard_crdt.ticket import read_ticket

__all__ = ["Presses", "press_often"]

_ON_CALL: Final = "on-call@school.example"
_STALLED: Final = "slow@school.example"


@dataclass
class Presses:
    """Seconds of each press. `stalled`: whether the mail server held an ordinary mail all the while."""

    page_s: list[float] = field(default_factory=list)
    mail_s: list[float] = field(default_factory=list)
    stalled: bool = False


async def press_often(folder: Path, presses: int) -> Presses:
    """Presses one after the other: HTTP and SMTP on the loopback, with an ordinary mail that the server never takes."""
    result = Presses()
    async with mail_server() as (box, port):
        box.stalled = _STALLED
        settings = PortalSettings(
            data=folder / "data",
            web_dist=make_build(folder / "dist"),
            relay_port=9191,
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_security="none",
            mail_from="portal@school.example",
        )
        async with open_portal(settings, clock=FakeClock(), hasher=CHEAP_HASHER) as app:
            await fill_schools(app[PORTAL])
            await _prepare(app[PORTAL])
            server = TestServer(app)
            await server.start_server()
            try:
                await box.stalling.wait()
                await _press_each(server, app[PORTAL], box, presses, result)
                result.stalled = all(_STALLED not in taken.rcpt_tos for taken in box.taken)
            finally:
                box.go_on.set()
                await server.close()
    return result


async def _prepare(portal: Portal) -> None:
    """An address for who is on call, and ordinary mails."""
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "on-call").values(email=_ON_CALL))
        for number in range(2):
            letter = Letter(f"slow-{number}", "welcome", "here", "contact", "student", _STALLED, "About it", "Words\n")
            await enqueue(connection, [letter], NOON_MS)


async def _press_each(server: TestServer, portal: Portal, box: Inbox, presses: int, result: Presses) -> None:
    tutor, on_call = Browser(server, portal), Browser(server, portal)
    try:
        await tutor.log_in("tutor")
        await on_call.log_in("on-call")
        key = SessionKey.generate()
        asked = {"key": encode_base64url(key.public), "client": secrets.randbelow(2**32)}
        answer = await (await tutor.post(f"/api/lessons/{LESSON}/ticket", asked)).json()
        ticket = read_ticket(answer["ticket"], {portal.keyring.kid: portal.keyring.private_key.public_key()})
        recipient = decode_base64url(answer["alert_key"])
        for _ in range(presses):
            alert = Alert(
                RoomId(f"room-{LESSON}"), ticket.session, secrets.token_bytes(16), NOON_MS, "medical", bytes(16)
            )
            sealed = encode_base64url(seal_alert(alert, key.sign, recipient))
            version = (await (await on_call.get("/api/alerts")).json())["version"]
            already = len(box.taken)
            page = asyncio.create_task(_on_the_page(on_call, version, alert.id.hex()))
            mail = asyncio.create_task(_in_the_inbox(box, already))
            began_s = time.perf_counter()
            await tutor.post(f"/api/lessons/{LESSON}/alerts", {"id": alert.id.hex(), "sealed": sealed})
            result.page_s.append(await page - began_s)
            result.mail_s.append(await mail - began_s)
    finally:
        await tutor.client.session.close()
        await on_call.client.session.close()


async def _on_the_page(on_call: Browser, version: int, alert: str) -> float:
    """When the page of alerts has the alert: its script waits for news, then asks for the page again."""
    await (await on_call.get(f"/api/alerts?since={version}&wait_s=25")).json()
    shown = await (await on_call.get("/alerts")).text()
    if alert not in shown:
        raise AssertionError("news came, and the alert was not on the page")
    return time.perf_counter()


async def _in_the_inbox(box: Inbox, already: int) -> float:
    """When the mail server has taken one more mail."""
    async with box.arrived:
        await box.arrived.wait_for(lambda: len(box.taken) > already)
    return time.perf_counter()
