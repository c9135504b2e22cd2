"""The outbox and what sends it, against a real mail server in this process: portal/mails."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from sqlalchemy import Update, update

from portal.context import PORTAL, Portal
from portal.mails.crisis_letter import crisis_letter
from portal.mails.letters import Recipient, credentials_letter, welcome_letter
from portal.mails.links import LIFETIME_MS, find_link, new_links, token_of, use_link
from portal.mails.outbox import Letter, claim, enqueue
from portal.mails.sender import PostOffice
from portal.server import open_portal
from portal.service_schema import outbox
from portal.settings import PortalSettings
from tests.portal.mailbox import Inbox, mail_server
from tests.portal.world import CHEAP_HASHER, MINUTE_MS, Browser, FakeClock, fill_schools, fill_service, rows


@pytest.fixture
async def inbox() -> AsyncIterator[tuple[Inbox, int]]:
    async with mail_server() as found:
        yield found


def mail_settings(settings: PortalSettings, port: int) -> PortalSettings:
    return replace(settings, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none", mail_from="c@school.example")


@pytest.fixture
async def office(portal: Portal, settings: PortalSettings, clock: FakeClock, inbox: tuple[Inbox, int]) -> PostOffice:
    """Sends only when it is told to: the portal's own task has no server."""
    return PostOffice(portal.database, clock, mail_settings(settings, inbox[1]), portal.keyring.link_secret)


def letter(key: str, address: str = "a@school.example") -> Letter:
    return Letter(key, "welcome", "here", "contact", "student", address, f"About {key}", "Grüße, 李\n")


async def put(portal: Portal, *letters: Letter) -> list[str]:
    async with portal.database.write() as connection:
        return await enqueue(connection, letters, portal.clock())


async def states(portal: Portal) -> dict[str, str]:
    return {row["dedupe_key"]: row["state"] for row in await rows(portal, "outbox")}


async def test_mail_arrives_whole_and_once(portal: Portal, office: PostOffice, inbox: tuple[Inbox, int]) -> None:
    box, _ = inbox
    assert await put(portal, letter("one"), letter("one")) == ["one"]
    assert await put(portal, letter("one")) == []
    assert await office.send_due() == 1
    assert await office.send_due() == 0
    (taken,) = box.taken
    assert taken.rcpt_tos == ["a@school.example"]
    (message,) = box.mails()
    assert message["Subject"] == "About one"
    assert message.get_content().splitlines() == ["Grüße, 李"]
    assert await states(portal) == {"one": "sent"}


async def test_refused_for_now_is_tried_later_and_for_good_never(
    portal: Portal, office: PostOffice, inbox: tuple[Inbox, int], clock: FakeClock
) -> None:
    box, _ = inbox
    box.answers = ["451 busy"]
    await put(portal, letter("later"))
    assert await office.send_due() == 0
    assert await states(portal) == {"later": "queued"}
    assert await office.send_due() == 0  # not before its time
    clock.advance(MINUTE_MS)
    assert await office.send_due() == 1
    box.answers = ["554 no"]
    await put(portal, letter("spam"), letter("nobody", "unknown@school.example"))
    await office.send_due()
    clock.advance(100 * MINUTE_MS)
    await office.send_due()
    assert await states(portal) == {"later": "sent", "spam": "failed", "nobody": "failed"}
    assert len(box.taken) == 1


async def test_server_that_is_not_there_costs_a_try_and_the_mail_waits(
    portal: Portal, settings: PortalSettings, clock: FakeClock
) -> None:
    office = PostOffice(portal.database, clock, mail_settings(settings, 1), portal.keyring.link_secret)
    await put(portal, letter("one"))
    assert await office.send_due() == 0
    (row,) = await rows(portal, "outbox")
    assert (row["state"], row["attempts"], row["detail"][:13]) == ("queued", 1, "no connection")


async def test_answer_that_never_came_is_left_to_a_person(
    portal: Portal, office: PostOffice, inbox: tuple[Inbox, int], clock: FakeClock, browser: Browser
) -> None:
    box, _ = inbox
    box.answers = ["hang up"]
    await put(portal, letter("one"))
    await office.send_due()
    clock.advance(1000 * MINUTE_MS)
    await office.send_due()
    assert await states(portal) == {"one": "unsure"}
    assert len(box.taken) == 1
    await browser.log_in("coordinator")
    assert "Perhaps sent" in await (await browser.get("/outbox")).text()
    (row,) = await rows(portal, "outbox")
    assert (await browser.submit(f"/outbox/{row['id']}/again", {})).status == 303
    assert await office.send_due() == 1
    assert (await browser.submit(f"/outbox/{row['id']}/again", {})).status == 409


async def test_crisis_letter_does_not_wait_behind_a_mail_that_the_server_is_slow_with(
    portal: Portal, office: PostOffice, inbox: tuple[Inbox, int]
) -> None:
    box, _ = inbox
    box.stalled = "slow@school.example"
    ada = Recipient("tutor", "Ada", "ada@school.example")
    sending = asyncio.create_task(office.run())
    try:
        await put(portal, letter("slow", "slow@school.example"))
        office.wake()
        await box.stalling.wait()
        await put(portal, letter("behind", "behind@school.example"))
        await put(portal, crisis_letter("here", "School", ada, "alert", 1, "Maths", "http://p.example/"))
        office.wake()
        await box.wait("ada@school.example", "Crisis alert")
        assert [mail["To"] for mail in box.mails()] == ["ada@school.example"]
        box.go_on.set()
        await box.wait("behind@school.example", "About behind")
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_crisis_letters_do_not_wait_for_each_other(
    portal: Portal, office: PostOffice, inbox: tuple[Inbox, int]
) -> None:
    box, _ = inbox
    box.stalled = "slow@school.example"
    slow, quick = (Recipient("tutor", "Ada", f"{name}@school.example") for name in ("slow", "quick"))
    sending = asyncio.create_task(office.run())
    try:
        await put(portal, crisis_letter("here", "School", slow, "alert", 1, "Maths", "http://p.example/"))
        office.wake()
        await box.stalling.wait()
        await put(portal, crisis_letter("here", "School", quick, "alert", 2, "Maths", "http://p.example/"))
        office.wake()
        await box.wait("quick@school.example", "Crisis alert")
    finally:
        box.go_on.set()
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)


async def test_nothing_is_sent_twice_across_a_restart(
    settings: PortalSettings, clock: FakeClock, inbox: tuple[Inbox, int]
) -> None:
    box, port = inbox
    configured = mail_settings(settings, port)
    async with open_portal(configured, clock=clock, hasher=CHEAP_HASHER) as app:
        portal = app[PORTAL]
        await fill_schools(portal)
        await put(portal, letter("sent"), letter("half"))
        async with portal.database.write() as connection:
            # The process dies while this one is on its way.
            assert await claim(connection, clock(), crisis=False) is not None
            await connection.execute(update_state("sending", "half"))
            await connection.execute(update_state("queued", "sent"))
        assert await portal.post_office.send_due() == 1
    clock.advance(1000 * MINUTE_MS)
    async with open_portal(configured, clock=clock, hasher=CHEAP_HASHER) as app:
        portal = app[PORTAL]
        await portal.post_office.start()
        await put(portal, letter("sent"), letter("half"))
        assert await portal.post_office.send_due() == 0
        assert await states(portal) == {"sent": "sent", "half": "unsure"}
    assert len(box.taken) == 1


def update_state(state: str, key: str) -> Update:
    return update(outbox).where(outbox.c.dedupe_key == key).values(state=state)


def test_credentials_mail_holds_no_password_and_its_link_only_when_sent(portal: Portal) -> None:
    made = credentials_letter("here", "School", Recipient("u", "Ada", "a@x.example"), "ada", "link-id")
    assert "link-id" not in made.body
    sent = portal.post_office.body(made.body, made.link)
    assert f"http://localhost:8080/welcome/{token_of(portal.keyring.link_secret, 'link-id')}" in sent


def test_welcome_letter_opens_no_account() -> None:
    ada = Recipient("u", "Ada", "a@x.example")
    made = welcome_letter(
        "here",
        "School",
        ada,
        ada,
        "Maths",
        "c",
        "Maya",
        ["Mondays 15:30"],
        "https://p.example/",
        "https://film.example",
    )
    assert made.link is None
    assert "/welcome/" not in made.body
    for words in ("Maths, with Maya", "Mondays 15:30", "https://p.example/", "https://film.example", "How to join"):
        assert words in made.body


async def test_link_works_once_for_two_weeks_and_cannot_be_made_up(portal: Portal, clock: FakeClock) -> None:
    secret = portal.keyring.link_secret
    async with portal.database.write() as connection:
        first, second = [(await new_links(connection, ["student"], clock()))["student"] for _ in range(2)]
        good = token_of(secret, first)
        assert await find_link(connection, secret, good, clock() + LIFETIME_MS) is None
        for forged in (good[:-1] + ("A" if good[-1] != "A" else "B"), first, f"{second}.{good.split('.')[1]}", "", "é"):
            assert await find_link(connection, secret, forged, clock()) is None
        link = await find_link(connection, secret, good, clock())
        assert link is not None
        assert await use_link(connection, link, clock())
        assert not await use_link(connection, link, clock())
        # With one the others go too: whoever chose a password needs no older mail.
        assert await find_link(connection, secret, token_of(secret, second), clock()) is None


async def test_choosing_a_password_keeps_to_the_rules_and_never_shows_it(browser: Browser, portal: Portal) -> None:
    path = f"/welcome/{await fill_service(portal)}"
    await browser.get(path)
    for password, again, words in (
        ("short", "short", "at least 10 characters"),
        ("student name", "student name", "other than your own name"),
        ("Password1234", "Password1234", "guessed first"),
        ("abababababab", "abababababab", "guessed first"),
        ("three blue boats", "three blue goats", "The two are not the same"),
    ):
        page = await browser.submit(path, {"password": password, "again": again})
        text = await page.text()
        assert page.status == 400
        assert words in text
        assert f'value="{password}"' not in text
    await browser.submit(path, {"password": "three blue boats", "again": "three blue boats"})
    await browser.get("/")
    await browser.submit("/logout", {})
    assert (await browser.log_in("student", "three blue boats")).status == 303


async def test_link_of_a_mail_is_hidden_outside_the_demo(browser: Browser, portal: Portal, clock: FakeClock) -> None:
    async with portal.database.write() as connection:
        link = (await new_links(connection, ["student"], clock()))["student"]
        made = credentials_letter("here", "School", Recipient("student", "S", "s@x.example"), "student", link)
        await enqueue(connection, [made], clock())
    (row,) = await rows(portal, "outbox")
    await browser.log_in("coordinator")
    page = await (await browser.get(f"/outbox/{row['id']}")).text()
    assert "which only the recipient sees" in page
    assert not re.search(r"/welcome/\S", page)
