"""A student whose recording was declined: portal/consent.py, and what tickets and pages say of it."""

import json
from collections.abc import Callable

import pytest

from portal.context import Portal
from tests.portal.world import LESSON, Browser, fill_service, rows, session_key
from whiteboard_crdt.keys import load_jwks
from whiteboard_crdt.ticket import Ticket, read_ticket

RECORDING = "/students/student/recording"
DECLINE = {"recording_consent": "declined", "consent_reason": "guardian"}
FACTS = f"/api/lessons/{LESSON}"


async def ticket_of(browser: Browser, portal: Portal, client: int = 77) -> Ticket:
    answer = await (await browser.post(f"{FACTS}/ticket", {"key": session_key(), "client": client})).json()
    return read_ticket(answer["ticket"], load_jwks(portal.keyring.jwks))


async def renewed(browser: Browser, portal: Portal, session: str) -> Ticket:
    answer = await (await browser.post(f"{FACTS}/renew", {"session": session})).json()
    return read_ticket(answer["ticket"], load_jwks(portal.keyring.jwks))


@pytest.mark.parametrize("who", ["coordinator", "contact"])
async def test_office_declines_and_gives_again_and_each_stands_in_the_audit_log(
    browser: Browser, portal: Portal, who: str
) -> None:
    await browser.log_in(who)
    assert "Voice and picture of this student are recorded." in await (await browser.get("/students/student")).text()
    assert (await browser.submit(RECORDING, DECLINE)).status == 303
    page = await (await browser.get("/students/student")).text()
    assert "Kept. It holds from the next time the student enters a lesson." in page
    assert "are not recorded, and recordings do not show the name." in page
    assert "on the board or in the chat is part of the lesson either way" in page
    again = {"recording_consent": "given", "consent_reason": "school"}
    assert (await browser.submit(RECORDING, again)).status == 303
    told = [row for row in await rows(portal, "audit_log") if row["action"] == "student.consent"]
    assert [(row["actor"], row["object"], json.loads(row["detail"])) for row in told] == [
        (who, "student", {"consent": "declined", "reason": "guardian"}),
        (who, "student", {"consent": "given", "reason": "school"}),
    ]


@pytest.mark.parametrize("who", ["student", "guardian", "tutor", "far-coordinator"])
async def test_nobody_else_changes_it(browser: Browser, portal: Portal, who: str) -> None:
    await browser.log_in(who)
    assert (await browser.submit(RECORDING, DECLINE)).status in (403, 404)
    assert {row["recording_consent"] for row in await rows(portal, "users")} == {None}


@pytest.mark.parametrize("changed", [{"recording_consent": "maybe"}, {"consent_reason": "Ann's mother"}])
async def test_other_words_are_refused(browser: Browser, portal: Portal, changed: dict[str, str]) -> None:
    await browser.log_in("coordinator")
    assert (await browser.submit(RECORDING, DECLINE | changed)).status == 400
    assert {row["recording_consent"] for row in await rows(portal, "users")} == {None}


async def test_ticket_of_a_declined_student_says_so_also_when_renewed_T1(
    open_browser: Callable[[], Browser], portal: Portal
) -> None:
    student, office, tutor = open_browser(), open_browser(), open_browser()
    await student.log_in("student")
    await office.log_in("coordinator")
    await tutor.log_in("tutor")
    before = await ticket_of(student, portal)
    assert not before.unrecorded
    assert (await (await student.get(FACTS)).json())["unrecorded"] is False
    assert (await office.submit(RECORDING, DECLINE)).status == 303
    assert (await (await student.get(FACTS)).json())["unrecorded"] is True
    after = await ticket_of(student, portal, 78)
    assert after.unrecorded
    assert (await renewed(student, portal, after.session)).unrecorded
    # What a session began with holds for all of it.
    assert not (await renewed(student, portal, before.session)).unrecorded
    assert not (await ticket_of(tutor, portal, 79)).unrecorded
    assert (await (await tutor.get(FACTS)).json())["unrecorded"] is False


async def test_class_page_marks_who_is_not_recorded(browser: Browser, portal: Portal) -> None:
    await fill_service(portal)
    await browser.log_in("coordinator")
    assert "Not recorded" not in await (await browser.get("/classes/class-one")).text()
    await browser.submit(RECORDING, DECLINE)
    assert "Not recorded" in await (await browser.get("/classes/class-one")).text()
