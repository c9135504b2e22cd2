"""Roles that change and accounts that close: portal/{staff,staff_roles}.py, portal/routes/staff.py."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.schema import users
from tests.portal.authenticator import options_of
from tests.portal.test_passkeys import add as add_passkey
from tests.portal.world import NOON_MS, Browser, fill_service, rows


@pytest.fixture
async def office(browser: Browser, portal: Portal) -> Browser:
    await fill_service(portal)
    await browser.log_in("coordinator")
    return browser


async def person(portal: Portal, name: str) -> dict[str, object]:
    return next(row for row in await rows(portal, "users") if row["id"] == name)


async def test_other_role_signs_out_and_is_audited(
    office: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    reviewer = open_browser()
    await reviewer.log_in("reviewer")
    assert (await office.submit("/staff/reviewer/role", {"role": "on_call"})).status == 303
    assert (await person(portal, "reviewer"))["role"] == "on_call"
    assert (await reviewer.get("/")).status == 303
    (row,) = [row for row in await rows(portal, "audit_log") if row["action"] == "staff.role"]
    assert (row["object"], row["detail"]) == ("reviewer", '{"from": "reviewer", "to": "on_call"}')


@pytest.mark.parametrize(
    ("member", "role", "status", "words"),
    [
        ("coordinator", "tutor", 409, "nobody changes what they are themselves"),
        ("tutor", "reviewer", 409, "a class that needs another tutor first"),
        ("district", "tutor", 409, "not the school&#39;s to change"),
        ("reviewer", "district_admin", 400, "Choose what they do."),
        ("reviewer", "student", 400, "Choose what they do."),
    ],
)
async def test_role_that_may_not_change_says_why(
    office: Browser, member: str, role: str, status: int, words: str
) -> None:
    refused = await office.submit(f"/staff/{member}/role", {"role": role})
    assert refused.status == status
    if member != "district" and member != "coordinator":
        assert words in await refused.text()


async def test_nothing_that_opened_an_account_opens_it_for_whoever_has_it_next(
    office: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    before = open_browser()
    await before.log_in("reviewer")
    key, _ = await add_passkey(before)
    assert (await before.submit("/calendar/feeds", {})).status == 303
    grant = {"access_user": "reviewer", "access_reason": "A look", "access_until": "2026-12-01"}
    assert (await office.submit("/students/student/access", grant)).status == 303
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "reviewer").values(login="desk@example.org"))
    assert (await office.submit("/staff/reviewer/close", {})).status == 303
    again = {"name": "Somebody Else", "new_email": "desk@example.org", "role": "tutor"}
    assert (await office.submit("/staff", again)).status == 303
    assert (await person(portal, "reviewer"))["disabled_ms"] is None
    options = options_of(await (await before.get("/login")).text())
    assert (await before.submit("/login/passkey", {"credential": key.get(options)})).status == 401
    assert await rows(portal, "passkeys") == await rows(portal, "recovery_codes") == []
    (feed,) = await rows(portal, "calendar_feeds")
    (granted,) = await rows(portal, "access_grants")
    assert (feed["revoked_ms"], granted["ended_ms"], granted["ended_by"]) == (NOON_MS, NOON_MS, "coordinator")


async def test_closed_account_ends_and_comes_back_without_its_password(
    office: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    reviewer = open_browser()
    await reviewer.log_in("reviewer")
    assert (await office.submit("/staff/reviewer/close", {})).status == 303
    assert (await reviewer.get("/")).status == 303
    assert (await open_browser().log_in("reviewer")).status == 401
    assert "reviewer name" not in await (await office.get("/staff")).text()
    assert (await office.submit("/staff/tutor/close", {})).status == 409
    form = {"name": "Rae", "new_email": "rae@example.org", "role": "reviewer"}
    assert (await office.submit("/staff", form)).status == 303
    again = {"name": "Rae Two", "new_email": "rae@example.org", "role": "tutor"}
    assert (await office.submit("/staff", again)).status == 400  # the account is open
    (rae,) = [row for row in await rows(portal, "users") if row["login"] == "rae@example.org"]
    assert (await office.submit(f"/staff/{rae['id']}/close", {})).status == 303
    assert (await office.submit("/staff", again)).status == 303
    back = await person(portal, rae["id"])
    assert (back["name"], back["role"], back["disabled_ms"], back["password_hash"]) == ("Rae Two", "tutor", None, None)
