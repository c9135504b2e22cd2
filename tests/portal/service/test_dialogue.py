"""The dialogue about a student: portal/dialogue.py, portal/routes/dialogue.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import insert, update

from portal.context import Portal
from portal.dialogue import students_with_news
from portal.learning_schema import guardians
from portal.schema import users
from tests.portal.world import MINUTE_MS, Browser, FakeClock, fill_service, rows

THREAD = "/students/student/dialogue"


@pytest.fixture
async def tutor(browser: Browser, portal: Portal) -> Browser:
    """The tutor of the student, who has a guardian; both have addresses."""
    await fill_service(portal)
    async with portal.database.write() as connection:
        for user in ("tutor", "guardian", "contact"):
            await connection.execute(update(users).where(users.c.id == user).values(email=f"{user}@school.example"))
        if not await rows(portal, "guardians"):
            await connection.execute(insert(guardians).values(guardian="guardian", student="student", since_ms=0))
    await browser.log_in("tutor")
    return browser


async def letters(portal: Portal) -> list[str]:
    """To whom the mails of the dialogue go, in order."""
    return [row["user"] for row in await rows(portal, "outbox") if row["kind"] == "dialogue"]


async def test_message_is_there_for_all_and_its_mail_says_nothing_of_it(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    assert (await tutor.submit(THREAD, {"words": "Fractions went well.\n<b>Bold</b>"})).status == 303
    parent = open_browser()
    await parent.log_in("guardian")
    text = await (await parent.get(THREAD)).text()
    assert "Fractions went well.\n&lt;b&gt;Bold&lt;/b&gt;" in text
    assert ">New<" in text
    mails = [row for row in await rows(portal, "outbox") if row["kind"] == "dialogue"]
    assert {row["user"] for row in mails} == {"guardian", "contact"}
    assert all("Fractions" not in row["body"] + row["subject"] for row in mails)
    assert all("student name" not in row["body"] + row["subject"] for row in mails)
    (kept,) = await rows(portal, "dialogue_messages")
    (entry,) = [row for row in await rows(portal, "audit_log") if row["action"] == "dialogue.write"]
    assert (entry["actor"], entry["object"]) == ("tutor", "student")
    assert kept["id"] in entry["detail"]
    assert "Fractions" not in entry["detail"]


async def test_one_mail_until_somebody_has_looked(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    for words in ("One", "Two"):
        clock.advance(MINUTE_MS)
        await tutor.submit(THREAD, {"words": words})
    assert sorted(await letters(portal)) == ["contact", "guardian"]
    parent = open_browser()
    await parent.log_in("guardian")
    assert (await (await parent.get(THREAD)).text()).count(">New<") == 2
    clock.advance(MINUTE_MS)
    assert ">New<" not in await (await parent.get(THREAD)).text()
    async with portal.database.read() as connection:
        assert await students_with_news(connection, "guardian", ["student", "other-student"]) == set()
        assert await students_with_news(connection, "contact", ["student", "other-student"]) == {"student"}
    await tutor.submit(THREAD, {"words": "Three"})
    assert sorted(await letters(portal)) == ["contact", "guardian", "guardian"]
    clock.advance(MINUTE_MS)
    await parent.submit(THREAD, {"words": "Thank you"})
    assert "tutor" in await letters(portal)


async def test_student_neither_reads_nor_writes_and_what_was_typed_stays(
    tutor: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    child = open_browser()
    await child.log_in("student")
    assert (await child.get(THREAD)).status == 403
    assert (await child.submit(THREAD, {"words": "Hi"})).status == 403
    refused = await tutor.submit(THREAD, {"words": "x" * 4001})
    assert refused.status == 400
    assert "x" * 4001 in await refused.text()
    assert (await tutor.submit(THREAD, {"words": " "})).status == 400
    assert await rows(portal, "dialogue_messages") == []


async def test_erasure_takes_the_dialogue(tutor: Browser, open_browser: Callable[[], Browser], portal: Portal) -> None:
    await tutor.submit(THREAD, {"words": "Fractions"})
    office = open_browser()
    await office.log_in("coordinator")
    done = await office.submit("/students/student/erase", {"reason": "Asked by the parents", "confirm": "ERASE"})
    assert done.status in (200, 303)
    assert await rows(portal, "dialogue_messages") == []
    assert await rows(portal, "dialogue_looks") == []
