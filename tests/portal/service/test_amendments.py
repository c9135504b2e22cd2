"""Requests to amend a record, and access to one for a time: portal/{amendments,grants}.py."""

import io
import zipfile
from collections.abc import Callable
from datetime import date

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.schema import users
from tests.portal.world import MINUTE_MS, Browser, FakeClock, fill_service, rows

DAY_MS = 24 * 60 * MINUTE_MS
ASK = {"part": "Minutes on 20 November", "words": "I was there\nuntil <b>four</b>."}


@pytest.fixture
async def people(open_browser: Callable[[], Browser], portal: Portal) -> dict[str, Browser]:
    """The guardian, the contact and the tutor of the student, each at a browser of their own."""
    await fill_service(portal)
    async with portal.database.write() as connection:
        for user in ("contact", "guardian"):
            await connection.execute(update(users).where(users.c.id == user).values(email=f"{user}@example.org"))
    found = {who: open_browser() for who in ("guardian", "contact", "other-tutor")}
    for who, browser in found.items():
        await browser.log_in(who)
    return found


async def mine(portal: Portal) -> dict[str, object]:
    return next(row for row in await rows(portal, "amendments") if row["asked_by"] == "guardian")


async def test_refusal_leaves_a_statement_beside_the_record(people: dict[str, Browser], portal: Portal) -> None:
    guardian, contact = people["guardian"], people["contact"]
    assert "Something is wrong" in await (await guardian.get("/students/student/report")).text()
    empty = await guardian.submit("/students/student/amendments", {"part": "Minutes", "words": ""})
    assert (empty.status, 'value="Minutes"' in await empty.text()) == (400, True)
    assert (await guardian.submit("/students/student/amendments", ASK)).status == 303
    asked = await mine(portal)
    assert asked["due_day"] == date(2027, 1, 7)
    path = f"/students/student/amendments/{asked['id']}"
    mails = [mail for mail in await rows(portal, "outbox") if mail["kind"] == "amendment"]
    assert [mail["address"] for mail in mails] == ["contact@example.org"]
    assert "four" not in mails[0]["body"]
    assert "student name</a>: Minutes on 20 November" in await (await contact.get("/privacy")).text()
    assert (await guardian.submit(f"{path}/decide", {"decision": "granted", "reason": "r"})).status == 403
    assert (await guardian.submit(f"{path}/statement", {"statement": "Too early"})).status == 400
    unsaid = await contact.submit(f"{path}/decide", {"decision": "refused", "reason": " "})
    assert (unsaid.status, "checked" in await unsaid.text()) == (400, True)
    assert (await contact.submit(f"{path}/decide", {"decision": "refused", "reason": "The relay says"})).status == 303
    assert (await contact.submit(f"{path}/decide", {"decision": "granted", "reason": "r"})).status == 400
    told = [mail["address"] for mail in await rows(portal, "outbox") if mail["kind"] == "amendment"]
    assert sorted(told) == ["contact@example.org", "guardian@example.org"]
    page = await (await guardian.get("/students/student/amendments")).text()
    assert "The relay says" in page
    assert "&lt;b&gt;four" in page
    assert (await guardian.submit(f"{path}/statement", {"statement": "We disagree."})).status == 303
    assert (await guardian.submit(f"{path}/statement", {"statement": "Again"})).status == 400
    for who, where in (("contact", "/students/student"), ("guardian", "/students/student/report")):
        text = await (await people[who].get(where)).text()
        assert "We disagree." in text
        assert "is disputed" in text
    assert (await guardian.get("/students/student/report.pdf")).content_type == "application/pdf"
    export = await contact.submit("/students/student/export", {})
    with zipfile.ZipFile(io.BytesIO(await export.read())) as bundle:
        assert "We disagree." in bundle.read("amendments.csv").decode()
    audited = [row["action"] for row in await rows(portal, "audit_log") if row["action"].startswith("amendment")]
    assert audited == ["amendment.ask", "amendment.decide", "amendment.state"]


async def test_request_of_another_student_is_not_decided_here(people: dict[str, Browser], portal: Portal) -> None:
    path = "/students/other-student/amendments/amendment-one/decide"
    assert (await people["contact"].submit(path, {"decision": "granted", "reason": "r"})).status == 400
    assert all(row["granted"] is None for row in await rows(portal, "amendments"))


async def test_undecided_request_is_overdue_after_its_days(people: dict[str, Browser], clock: FakeClock) -> None:
    contact = people["contact"]
    assert "to be decided until 7 January 2027" in await (await contact.get("/students/student/amendments")).text()
    clock.advance(46 * DAY_MS)
    await contact.log_in("contact")
    assert "overdue since 7 January 2027" in await (await contact.get("/students/student/amendments")).text()
    assert "overdue since 7 January 2027" in await (await contact.get("/privacy")).text()


async def test_requests_wait_in_bounded_number(people: dict[str, Browser]) -> None:
    guardian = people["guardian"]
    statuses = [(await guardian.submit("/students/student/amendments", ASK)).status for _ in range(10)]
    assert statuses == [303] * 9 + [400]  # one waits already


async def test_access_for_a_time_opens_one_record_and_ends_by_itself(
    people: dict[str, Browser], portal: Portal, clock: FakeClock
) -> None:
    contact, tutor = people["contact"], people["other-tutor"]
    assert (await tutor.get("/students/student")).status == 403
    form = {"access_user": "other-tutor", "access_reason": "Stands in", "access_until": "2026-11-24"}
    for wrong in ({"access_until": "2026-11-22"}, {"access_user": "student"}, {"access_reason": ""}):
        refused = await contact.submit("/students/student/access", {**form, **wrong})
        assert refused.status == 400
        assert "field__error" in await refused.text()
    assert (await contact.submit("/students/student/access", form)).status == 303
    assert (await tutor.get("/students/student")).status == 200
    assert (await tutor.get("/students/student/report")).status == 200
    assert (await tutor.get("/students/student/disclosures")).status == 403
    log = [row for row in await rows(portal, "disclosure_log") if row["actor"] == "other-tutor"]
    assert {row["reason"] for row in log if row["object"] == "student"} == {"access for a time"}
    for page in ("/students/student", "/privacy", "/privacy/access"):
        assert "Stands in" in await (await contact.get(page)).text()
    clock.advance(2 * DAY_MS)
    await tutor.log_in("other-tutor")
    assert (await tutor.get("/students/student")).status == 403


async def test_access_for_a_time_is_ended_before_its_day(people: dict[str, Browser], portal: Portal) -> None:
    contact, tutor = people["contact"], people["other-tutor"]
    form = {"access_user": "other-tutor", "access_reason": "Stands in", "access_until": "2026-12-24"}
    await contact.submit("/students/student/access", form)
    (grant,) = await rows(portal, "access_grants")
    assert (await contact.submit("/students/other-student/access/end", {"grant": grant["id"]})).status == 404
    assert (await contact.submit("/students/student/access/end", {"grant": grant["id"]})).status == 303
    assert (await tutor.get("/students/student")).status == 403
    audited = [row["action"] for row in await rows(portal, "audit_log") if row["action"].startswith("grant")]
    assert audited == ["grant.give", "grant.end"]
