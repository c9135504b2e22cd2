"""What a school does without a coordinator at hand: roster links and enrolment: portal/roster/{links,enrolment}.py."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.authorize import Role
from portal.context import Portal
from portal.roster.links import LIFETIME_MS
from portal.schema import users
from tests.portal.service.rosters import plain
from tests.portal.world import Browser, FakeClock, rows

ROSTER = plain("s-1,Ada,Lovelace,7,ada@school.example,ada,Mathematics,1:4").encode()
PUPIL = {"given_name": "Nia", "family_name": "Quist", "grade": "07", "subject": "Art", "kind": "1:1"}


@pytest.fixture
async def office(open_browser: Callable[[], Browser], portal: Portal) -> Browser:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "contact").values(email="c@school.example"))
    browser = open_browser()
    await browser.log_in("coordinator")
    return browser


async def mailed_path(office: Browser, portal: Portal) -> str:
    assert (await office.submit("/roster/links", {"contact": "contact"})).status == 303
    mail = (await rows(portal, "outbox"))[-1]
    assert mail["link"] not in mail["body"]
    found = re.search(r"(/send-roster/\S+)", portal.post_office.body(mail["body"], mail["link"]))
    assert found is not None
    page = await (await office.get(f"/outbox/{mail['id']}")).text()
    assert "which only the recipient sees" in page
    assert "/send-roster/" not in page
    return found[1]


async def test_file_of_a_link_waits_for_the_coordinator_and_uses_the_link_up(
    office: Browser, browser: Browser, portal: Portal
) -> None:
    path = await mailed_path(office, portal)
    assert "School here" in await (await browser.get(path)).text()
    faulty = await browser.upload(path, "file", "r.csv", b"student_id,given_name\n1,A\n")
    assert faulty.status == 400
    assert "lacks the column" in await faulty.text()
    taken = await browser.upload(path, "file", "r.csv", ROSTER)
    assert taken.status == 200
    assert "The file with 1 student has arrived" in await taken.text()
    assert (await browser.get(path)).status == 404
    assert (await browser.upload(path, "file", "r.csv", ROSTER)).status == 404
    (upload,) = [row for row in await rows(portal, "roster_uploads") if row["state"] == "checked"]
    assert (upload["uploaded_by"], upload["school"]) == ("contact", "here")
    assert not [row for row in await rows(portal, "users") if row["external_id"]]  # nothing has changed yet
    assert f"/roster/uploads/{upload['id']}" in await (await office.get("/roster")).text()
    audited = [row["action"] for row in await rows(portal, "audit_log")]
    assert [audited.count(f"roster_link.{what}") for what in ("make", "use")] == [1, 1]


async def test_link_can_be_taken_back_expires_and_cannot_be_made_up(
    office: Browser, browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    path = await mailed_path(office, portal)
    assert (await browser.get(f"{path}x")).status == 404
    assert (await browser.get(path.replace("/send-roster/", "/welcome/"))).status == 404
    (link,) = await rows(portal, "roster_links")
    assert (await office.submit("/roster/links/revoke", {"link": link["id"]})).status == 303
    assert (await browser.get(path)).status == 404
    late = await mailed_path(office, portal)
    for role, status in ((Role.REVIEWER, 404), (Role.POINT_OF_CONTACT, 200)):
        async with portal.database.write() as connection:
            await connection.execute(update(users).where(users.c.id == "contact").values(role=role))
        assert (await browser.get(late)).status == status
    clock.advance(LIFETIME_MS)
    assert (await browser.get(late)).status == 404


async def test_large_body_is_not_taken_in_without_a_link(browser: Browser) -> None:
    await browser.get("/login")
    assert (await browser.upload("/send-roster/made-up", "file", "r.csv", b"x" * 500_000)).status == 404


async def test_links_go_to_points_of_contact_only(office: Browser) -> None:
    assert (await office.submit("/roster/links", {"contact": "student"})).status == 409


async def test_school_enrols_a_student_and_asks_for_more(
    office: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    contact = open_browser()
    await contact.log_in("contact")
    wrong = await contact.submit("/students/new", {**PUPIL, "grade": "?", "email": "nia"})
    assert wrong.status == 400
    text = await wrong.text()
    assert "This is not a grade" in text
    assert 'value="Nia"' in text
    made = await contact.submit("/students/new", {**PUPIL, "email": "nia@home.example", "external_id": "n-1"})
    assert made.status == 303
    assert (await contact.submit("/students/new", {**PUPIL, "external_id": "n-1"})).status == 400
    path = made.headers["Location"]
    assert (await contact.submit(f"{path}/requests", {"subject": "Art", "kind": "1:1"})).status == 400
    assert (await contact.submit(f"{path}/requests", {"subject": "Physics", "kind": "1:1"})).status == 303
    assert {(row["subject"], row["kind"]) for row in await rows(portal, "staffing_requests")} == {
        ("Art", "1:1"),
        ("Physics", "1:1"),
    }
    person = next(row for row in await rows(portal, "users") if row["external_id"] == "n-1")
    assert (person["role"], person["grade"], person["login"]) == ("student", "7", "nia.quist")
    assert [row["kind"] for row in await rows(portal, "outbox")] == ["credentials"]


async def test_coordinator_makes_accounts_for_staff(office: Browser, portal: Portal) -> None:
    fields = {"name": "Sam Tutor", "new_email": "Sam@school.example", "role": "tutor"}
    assert (await office.submit("/staff", {**fields, "role": "district_admin"})).status == 400
    assert (await office.submit("/staff", fields)).status == 303
    assert (await office.submit("/staff", fields)).status == 400
    person = next(row for row in await rows(portal, "users") if row["login"] == "sam@school.example")
    assert (person["role"], person["password_hash"]) == ("tutor", None)
