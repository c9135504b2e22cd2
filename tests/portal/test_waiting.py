"""The waiting room, and what a school sets for its lesson rooms."""

import secrets
from collections.abc import Callable

from sqlalchemy import update

from portal.context import Portal
from portal.schema import lessons, schools
from tests.portal.world import LESSON, NOON_MS, Browser, FakeClock, rows
from whiteboard_crdt.ids import Capability
from whiteboard_crdt.keys import SessionKey, encode_base64url
from whiteboard_crdt.ticket import Ticket, read_ticket

HERE = f"/api/lessons/{LESSON}"


def wish() -> dict[str, object]:
    return {"key": encode_base64url(SessionKey.generate().public), "client": secrets.randbelow(2**32)}


async def ticket_of(browser: Browser) -> Ticket:
    answer = await (await browser.post(f"{HERE}/ticket", wish())).json()
    keyring = browser.portal.keyring
    return read_ticket(answer["ticket"], {keyring.kid: keyring.private_key.public_key()})


async def two(browser: Browser, open_browser: Callable[[], Browser]) -> tuple[Browser, Browser]:
    tutor, student = browser, open_browser()
    await tutor.log_in("tutor")
    await student.log_in("student")
    return tutor, student


async def wait_at(portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(schools).values(waiting_room=True))


async def test_student_waits_until_the_tutor_lets_them_in(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    tutor, student = await two(browser, open_browser)
    assert await (await student.post(f"{HERE}/knock")).json() == {"admitted": True}
    await wait_at(portal)
    refused = await student.post(f"{HERE}/ticket", wish())
    assert (refused.status, (await refused.json())["error"]) == (409, "waiting")
    for _ in range(2):
        assert await (await student.post(f"{HERE}/knock")).json() == {"admitted": False}
    assert (await tutor.post(f"{HERE}/ticket", wish())).status == 200
    door = await (await tutor.get(f"{HERE}/door")).json()
    assert door == {"waiting": [{"user": "student", "name": "student name"}], "removed": []}
    assert (await tutor.post(f"{HERE}/admit", {"user": "other-student"})).status == 409
    assert (await tutor.post(f"{HERE}/admit", {"user": "student"})).status == 200
    assert await (await student.post(f"{HERE}/knock")).json() == {"admitted": True}
    assert (await student.post(f"{HERE}/ticket", wish())).status == 200
    assert (await (await tutor.get(f"{HERE}/door")).json())["waiting"] == []
    assert [row["actor"] for row in await rows(portal, "audit_log") if row["action"] == "lesson.admit"] == ["tutor"]


async def test_start_of_the_lesson_lets_everybody_in(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    _, student = await two(browser, open_browser)
    await wait_at(portal)
    assert not (await (await student.post(f"{HERE}/knock")).json())["admitted"]
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values(state="live"))
    assert (await (await student.post(f"{HERE}/knock")).json())["admitted"]
    assert (await student.post(f"{HERE}/ticket", wish())).status == 200


async def test_whoever_has_gone_from_the_door_is_not_listed(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    tutor, student = await two(browser, open_browser)
    await wait_at(portal)
    await student.post(f"{HERE}/knock")
    clock.advance(11_000)
    assert (await (await tutor.get(f"{HERE}/door")).json())["waiting"] == []


async def test_whoever_was_put_out_stands_at_the_door_until_let_in_again(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    tutor, student = await two(browser, open_browser)
    assert (await student.post(f"{HERE}/ticket", wish())).status == 200
    assert (await tutor.post(f"{HERE}/remove", {"user": "student", "reason": "nonsense"})).status == 400
    assert (await tutor.post(f"{HERE}/remove", {"user": "student", "reason": "disruptive"})).status == 200
    (event,) = [row for row in await rows(portal, "audit_log") if row["action"] == "lesson.remove"]
    assert '"reason": "disruptive"' in event["detail"]
    door = await (await tutor.get(f"{HERE}/door")).json()
    assert door["removed"] == [{"user": "student", "name": "student name"}]
    assert (await student.post(f"{HERE}/knock")).status == 403
    assert (await tutor.post(f"{HERE}/readmit", {"user": "student"})).status == 200
    assert (await (await tutor.get(f"{HERE}/door")).json())["removed"] == []
    assert (await student.post(f"{HERE}/knock")).status == 200
    # The revocation names every ticket of that second (T5).
    assert (await ticket_of(student)).issued_ms == NOON_MS // 1000 * 1000 + 1000


async def test_desks_stand_in_tickets_where_the_school_wants_them_P7(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    tutor, student = await two(browser, open_browser)
    assert Capability.DESK not in (await ticket_of(tutor)).caps
    office, reviewer = open_browser(), open_browser()
    await office.log_in("coordinator")
    assert (await office.submit("/lesson-rooms", {"desks": "on"})).status == 303
    assert (
        'name="desks" value="on" aria-describedby="desks-hint" checked'
        in await (await office.get("/lesson-rooms")).text()
    )
    assert Capability.DESK in (await ticket_of(tutor)).caps
    assert Capability.DESK in (await ticket_of(student)).caps
    await reviewer.log_in("reviewer")
    assert (await ticket_of(reviewer)).caps == {Capability.PRESENCE}
    assert (await office.submit("/lesson-rooms", {})).status == 303
    assert Capability.DESK not in (await ticket_of(student)).caps
    assert [row["action"] for row in await rows(portal, "audit_log")].count("school.room_rules") == 2
