"""Tickets and the life of a lesson: portal/routes/lesson_api.py, portal/tickets.py, portal/classroom.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.schema import schools
from tests.portal.world import FOREIGN_LESSON, LESSON, MINUTE_MS, NOON_MS, Browser, FakeClock, rows, session_key
from whiteboard_crdt.errors import TicketError
from whiteboard_crdt.ids import Capability, Role, RoomId
from whiteboard_crdt.keys import decode_base64url, load_jwks
from whiteboard_crdt.ticket import check_admission, read_ticket

TICKET = f"/api/lessons/{LESSON}/ticket"


async def test_ticket_binds_room_person_key_and_client_T1(browser: Browser, portal: Portal) -> None:
    await browser.log_in("student")
    key = session_key()
    answer = await (await browser.post(TICKET, {"key": key, "client": 77})).json()
    ticket = read_ticket(answer["ticket"], load_jwks(portal.keyring.jwks))
    check_admission(ticket, RoomId(answer["room"]), NOON_MS)
    assert (ticket.user, ticket.role, ticket.name) == ("student", Role.STUDENT, "student name")
    assert (ticket.key, ticket.client) == (decode_base64url(key), 77)
    assert ticket.caps == frozenset(Capability) - {Capability.STAGE, Capability.DESK}
    assert ticket.expires_ms - ticket.issued_ms == 300_000
    assert answer["expires_ms"] == ticket.expires_ms
    host = f"{browser.server.host}"
    assert answer["relay_url"] == f"ws://{host}:9191/v1/session"
    assert (answer["ice_servers"], answer["ice_policy"]) == ([], "all")
    assert answer["jwks"]["keys"][0]["kid"] == portal.keyring.kid
    (stored,) = await rows(portal, "room_sessions")
    assert (stored["session"], stored["user"], stored["client"]) == (ticket.session, "student", 77)


async def school_policy(portal: Portal, ice_policy: str) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(schools).where(schools.c.id == "here").values(ice_policy=ice_policy))


async def test_a_relay_only_school_says_so_in_answer_and_ticket_also_when_renewed_M10(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    await school_policy(portal, "relay")
    await browser.log_in("student")
    answers = [await (await browser.post(TICKET, {"key": session_key(), "client": 77})).json()]
    session = read_ticket(answers[0]["ticket"], load_jwks(portal.keyring.jwks)).session
    clock.advance(200_000)
    answers.append(await (await browser.post(f"/api/lessons/{LESSON}/renew", {"session": session})).json())
    for answer in answers:
        assert answer["ice_policy"] == "relay"
        assert read_ticket(answer["ticket"], load_jwks(portal.keyring.jwks)).relay_only


@pytest.mark.parametrize(
    ("who", "role", "caps"),
    [
        ("tutor", Role.TUTOR, frozenset(Capability) - {Capability.DESK}),
        ("coordinator", Role.COORDINATOR, frozenset(Capability) - {Capability.DESK}),
        ("reviewer", Role.REVIEWER, frozenset({Capability.PRESENCE})),
    ],
)
async def test_role_and_capabilities_follow_the_part_in_the_lesson(
    browser: Browser, portal: Portal, who: str, role: Role, caps: frozenset[Capability]
) -> None:
    await browser.log_in(who)
    answer = await (await browser.post(TICKET, {"key": session_key(), "client": 1})).json()
    ticket = read_ticket(answer["ticket"], load_jwks(portal.keyring.jwks))
    assert (ticket.role, ticket.caps) == (role, caps)


async def test_a_person_keeps_one_colour_in_a_room_whoever_comes_and_goes(browser: Browser, portal: Portal) -> None:
    keys = load_jwks(portal.keyring.jwks)
    seen: dict[str, list[int | None]] = {}
    for client, who in enumerate(["student", "tutor", "student", "reviewer", "tutor", "student"]):
        await browser.log_in(who)
        answer = await (await browser.post(TICKET, {"key": session_key(), "client": client})).json()
        ticket = read_ticket(answer["ticket"], keys)
        renewed = await (await browser.post(f"/api/lessons/{LESSON}/renew", {"session": ticket.session})).json()
        seen.setdefault(who, []).extend([ticket.colour, read_ticket(renewed["ticket"], keys).colour])
    assert seen == {"student": [0] * 6, "tutor": [1] * 4, "reviewer": [2] * 2}


async def test_client_id_is_taken_once_in_a_room_T4(browser: Browser) -> None:
    await browser.log_in("student")
    assert (await browser.post(TICKET, {"key": session_key(), "client": 5})).status == 200
    again = await browser.post(TICKET, {"key": session_key(), "client": 5})
    assert (again.status, (await again.json())["error"]) == (409, "client_taken")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        {"key": "x", "client": 1},
        {"key": "A" * 87, "client": 1},
        {"key": "é", "client": 1},
        {"key": session_key(), "client": -1},
        {"key": session_key(), "client": 2**32},
        {"key": session_key(), "client": 1.5},
        {"key": session_key(), "client": 1, "role": "tutor"},
    ],
)
async def test_wrong_body_is_refused_in_words_and_opens_nothing(browser: Browser, body: object) -> None:
    await browser.log_in("student")
    refused = await browser.post(TICKET, body)
    answer = await refused.json()
    assert refused.status == 400
    assert answer["error"] in ("bad_shape", "bad_key")
    assert answer["message"]
    facts = await (await browser.get(f"/api/lessons/{LESSON}")).json()
    assert facts["state"] == "scheduled"


async def test_first_ticket_opens_the_lesson_and_calls_a_recorder(browser: Browser) -> None:
    await browser.log_in("student")
    before = await (await browser.internal("GET", "/internal/recordings")).json()
    assert before["lessons"] == []
    await browser.post(TICKET, {"key": session_key(), "client": 1})
    after = await (await browser.internal("GET", "/internal/recordings")).json()
    assert after["version"] > before["version"]
    assert after["lessons"] == [
        {
            "lesson": LESSON,
            "room": f"room-{LESSON}",
            "title": f"Title of {LESSON}",
            "state": "open",
            "school": "School here",
        }
    ]


async def test_renewal_keeps_session_key_and_client_with_fresh_times(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    await browser.log_in("student")
    first = await (await browser.post(TICKET, {"key": session_key(), "client": 9})).json()
    keys = load_jwks(portal.keyring.jwks)
    old = read_ticket(first["ticket"], keys)
    clock.advance(4 * MINUTE_MS)
    again = await browser.post(f"/api/lessons/{LESSON}/renew", {"session": old.session})
    new = read_ticket((await again.json())["ticket"], keys)
    assert (new.session, new.key, new.client) == (old.session, old.key, old.client)
    assert new.expires_ms == old.expires_ms + 4 * MINUTE_MS
    clock.advance(2 * MINUTE_MS)
    with pytest.raises(TicketError):
        check_admission(old, old.room, clock())
    check_admission(new, new.room, clock())


async def test_session_of_somebody_else_is_not_renewed(open_browser: Callable[[], Browser], portal: Portal) -> None:
    student, tutor = open_browser(), open_browser()
    await student.log_in("student")
    await tutor.log_in("tutor")
    await student.post(TICKET, {"key": session_key(), "client": 9})
    (stored,) = await rows(portal, "room_sessions")
    for session in (stored["session"], "0" * 16):
        refused = await tutor.post(f"/api/lessons/{LESSON}/renew", {"session": session})
        assert (refused.status, (await refused.json())["error"]) == (403, "unknown_session")


async def test_lesson_of_another_school_gives_no_ticket(browser: Browser) -> None:
    await browser.log_in("tutor")
    refused = await browser.post(f"/api/lessons/{FOREIGN_LESSON}/ticket", {"key": session_key(), "client": 1})
    assert refused.status == 404


async def test_facts_of_a_lesson(browser: Browser) -> None:
    await browser.log_in("student")
    facts = await (await browser.get(f"/api/lessons/{LESSON}")).json()
    assert facts == {
        "lesson": LESSON,
        "title": f"Title of {LESSON}",
        "subject": "Mathematics",
        "room": f"room-{LESSON}",
        "state": "scheduled",
        "starts_at": "2026-11-23T14:05:00Z",
        "ends_at": "2026-11-23T15:05:00Z",
        "time_zone": "America/New_York",
        "me": {"user": "student", "name": "student name", "role": "student"},
        "school": "School here",
        "demo": False,
        "recording": "required",
        "unrecorded": False,
        "notice": "This lesson is recorded.",
        "notice_acknowledged": False,
    }


async def test_notice_is_stored_once_with_the_words_that_were_shown(browser: Browser, portal: Portal) -> None:
    await browser.log_in("student")
    for _ in range(2):
        assert (await browser.post(f"/api/lessons/{LESSON}/notice")).status == 200
    (stored,) = await rows(portal, "notices")
    assert (stored["user"], stored["lesson"], len(stored["text_hash"])) == ("student", LESSON, 64)
    assert (await (await browser.get(f"/api/lessons/{LESSON}")).json())["notice_acknowledged"] is True


async def test_lesson_goes_live_only_while_a_recorder_is_heard(browser: Browser, clock: FakeClock) -> None:
    await browser.log_in("tutor")
    await browser.post(TICKET, {"key": session_key(), "client": 1})
    start, status = f"/api/lessons/{LESSON}/start", f"/internal/recordings/{LESSON}/status"
    missing = await browser.post(start)
    assert (missing.status, (await missing.json())["error"]) == (409, "recorder_missing")
    assert "recorder" in (await missing.json())["message"]
    await browser.internal("POST", status, {"state": "joined"})
    clock.advance(5_001)
    assert (await browser.post(start)).status == 409
    await browser.internal("POST", status, {"state": "joined"})
    clock.advance(5_000)
    live = await browser.post(start)
    assert (live.status, await live.json()) == (200, {"state": "live"})
    clock.advance(60_000)
    assert (await browser.post(start)).status == 200  # already live: no question any more
    assert [row["action"] for row in await rows(browser.portal, "audit_log")] == ["lesson.open", "lesson.live"]


async def test_failed_recorder_does_not_count_as_recording(browser: Browser) -> None:
    await browser.log_in("tutor")
    await browser.internal("POST", f"/internal/recordings/{LESSON}/status", {"state": "failed", "detail": "disk full"})
    assert (await browser.post(f"/api/lessons/{LESSON}/start")).status == 409


async def test_ended_lesson_admits_nobody_and_ends_only_once(browser: Browser) -> None:
    await browser.log_in("tutor")
    for _ in range(2):
        ended = await browser.post(f"/api/lessons/{LESSON}/end")
        assert (ended.status, await ended.json()) == (200, {"state": "ended"})
    refused = await browser.post(TICKET, {"key": session_key(), "client": 1})
    assert (refused.status, (await refused.json())["error"]) == (409, "lesson_ended")
    assert (await browser.post(f"/api/lessons/{LESSON}/start")).status == 409
    assert len(await rows(browser.portal, "audit_log")) == 1


async def test_door_opens_a_quarter_of_an_hour_before(browser: Browser, clock: FakeClock) -> None:
    clock.advance(-16 * MINUTE_MS)
    await browser.log_in("student")
    early = await browser.post(TICKET, {"key": session_key(), "client": 1})
    assert (early.status, (await early.json())["error"]) == (409, "too_early")
    page = await browser.get("/")
    assert "Opens at" in await page.text()
    clock.advance(MINUTE_MS)
    assert (await browser.post(TICKET, {"key": session_key(), "client": 1})).status == 200


async def test_forgotten_lesson_ends_by_itself(browser: Browser, portal: Portal, clock: FakeClock) -> None:
    await browser.log_in("tutor")
    await browser.post(TICKET, {"key": session_key(), "client": 1})
    clock.advance(3 * 60 * MINUTE_MS)
    await portal.classrooms.sweep()
    assert (await (await browser.get(f"/api/lessons/{LESSON}")).json())["state"] == "open"
    clock.advance(1)
    await portal.classrooms.sweep()
    assert (await (await browser.get(f"/api/lessons/{LESSON}")).json())["state"] == "ended"
    assert (await rows(portal, "audit_log"))[-1]["actor"] == "clock"
