"""Signing in and out: portal/accounts.py, portal/passwords.py, portal/routes/account.py."""

import re
from collections.abc import Callable

import pytest
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict
from sqlalchemy import update

from portal.accounts import hash_token
from portal.context import Portal
from portal.passwords import Passwords
from portal.routes.account import client_address
from portal.schema import logins, users
from portal.way_on import local_path
from tests.portal.world import CHEAP_HASHER, PASSWORD, Browser, FakeClock, rows

HOUR_MS = 3_600_000


async def test_right_password_leads_to_the_page_that_was_asked_for(browser: Browser) -> None:
    asked = await browser.get("/recordings")
    assert asked.status == 303
    assert asked.headers["Location"] == "/login?next=%2Frecordings"
    form = await browser.get(asked.headers["Location"])
    assert '<input type="hidden" name="next" value="/recordings">' in await form.text()
    done = await browser.submit("/login", {"login": " Tutor ", "password": PASSWORD, "next": "/recordings"})
    assert (done.status, done.headers["Location"]) == (303, "/recordings")
    page = await browser.get("/")
    assert page.status == 200
    assert "tutor name" in await page.text()


async def test_login_cookie_is_for_this_host_only_and_stored_as_a_hash(browser: Browser, portal: Portal) -> None:
    done = await browser.log_in("tutor")
    cookie = done.cookies["chalkmesh-login"]
    assert (cookie["httponly"], cookie["samesite"], cookie["path"], cookie["domain"]) == (True, "Lax", "/", "")
    (stored,) = await rows(portal, "logins")
    assert stored["token_hash"] == hash_token(cookie.value)
    assert cookie.value not in str(stored)


async def test_unknown_wrong_and_disabled_look_the_same(browser: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "reviewer").values(disabled_ms=1))
    answers = []
    for login, password in (("nobody", "x"), ("tutor", "wrong"), ("reviewer", PASSWORD)):
        refused = await browser.log_in(login, password)
        text = (await refused.text()).replace(f'value="{login}"', 'value="…"')
        fresh = r'value="[\w-]{43}"|content="[\w-]{43}"|data-options="[^"]*"'
        answers.append((refused.status, re.sub(fresh, "", text)))
    assert answers[0] == answers[1] == answers[2]
    assert answers[0][0] == 401


async def test_unknown_account_costs_one_check_like_a_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    passwords = Passwords(CHEAP_HASHER)
    original = passwords._verify

    def counting(encoded: str, password: str) -> bool:
        checked.append(encoded)
        return original(encoded, password)

    monkeypatch.setattr(passwords, "_verify", counting)
    known = await passwords.hash("secret")
    assert await passwords.check("secret", known)
    assert not await passwords.check("nobody has this password", None)
    assert len(checked) == 2
    assert checked[0].split("$")[1:4] == checked[1].split("$")[1:4]  # algorithm, version, costs
    passwords.close()


async def test_login_rotates_the_session_and_ends_the_old_one(browser: Browser) -> None:
    first = (await browser.log_in("tutor")).cookies["chalkmesh-login"].value
    first_csrf = browser.csrf
    # The form of somebody who is signed in carries the token of that log-in.
    second = await browser.submit("/login", {"login": "tutor", "password": PASSWORD})
    assert second.cookies["chalkmesh-login"].value != first
    browser.client.session.cookie_jar.clear()
    old = await browser.get("/", headers={"Cookie": f"chalkmesh-login={first}"})
    assert old.status == 303
    await browser.get("/", headers={"Cookie": f"chalkmesh-login={second.cookies['chalkmesh-login'].value}"})
    assert browser.csrf != first_csrf


async def test_form_without_its_token_is_refused(browser: Browser) -> None:
    await browser.get("/login")
    for csrf in ("", "x" * 43, "é"):
        refused = await browser.submit("/login", {"login": "tutor", "password": PASSWORD, "csrf": csrf})
        assert refused.status == 403
        assert "chalkmesh-login" not in refused.cookies


async def test_api_without_csrf_header_is_refused(browser: Browser) -> None:
    await browser.log_in("tutor")
    browser.csrf = "wrong"
    refused = await browser.post("/api/lessons/lesson-one/end")
    assert (refused.status, (await refused.json())["error"]) == (403, "csrf")


async def test_log_out_revokes_on_the_server(browser: Browser, portal: Portal) -> None:
    token = (await browser.log_in("tutor")).cookies["chalkmesh-login"].value
    done = await browser.submit("/logout", {})
    assert (done.status, done.headers["Location"]) == (303, "/login")
    assert (await rows(portal, "logins"))[0]["revoked_ms"] is not None
    again = await browser.get("/", headers={"Cookie": f"chalkmesh-login={token}"})
    assert again.status == 303


async def test_login_ends_after_idle_time_and_after_its_whole_time(browser: Browser, clock: FakeClock) -> None:
    await browser.log_in("tutor")
    for _ in range(3):
        clock.advance(3 * HOUR_MS)
        assert (await browser.get("/")).status == 200
    clock.advance(3 * HOUR_MS)
    assert (await browser.get("/")).status == 303  # twelve hours
    await browser.log_in("tutor")
    clock.advance(4 * HOUR_MS)
    assert (await browser.get("/")).status == 303  # four hours without a request


async def test_every_login_of_a_person_can_be_revoked(
    open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    two = [open_browser(), open_browser()]
    for each in two:
        await each.log_in("tutor")
    await portal.accounts.revoke_user("tutor", clock())
    for each in two:
        assert (await each.get("/")).status == 303


async def test_guessing_is_slowed_but_the_account_is_not_locked(browser: Browser, clock: FakeClock) -> None:
    statuses = [(await browser.log_in("tutor", "wrong")).status for _ in range(8)]
    assert statuses == [401] * 6 + [429] * 2
    slowed = await browser.log_in("tutor")
    assert slowed.status == 429
    assert 1 <= int(slowed.headers["Retry-After"]) <= 10
    assert "not locked" in await slowed.text()
    assert (await browser.log_in("student")).status == 303  # others on the same address go on
    await browser.submit("/logout", {})
    clock.advance(10_000)
    assert (await browser.log_in("tutor")).status == 303


async def test_empty_fields_are_named_beside_them_and_what_was_typed_stays(browser: Browser) -> None:
    await browser.get("/login")
    refused = await browser.submit("/login", {"login": "maya <i>", "password": ""})
    text = await refused.text()
    assert refused.status == 400
    assert 'value="maya &lt;i&gt;"' in text
    assert 'aria-describedby="password-error"' in text
    assert "Enter your password." in text
    assert "Enter your user name." not in text


async def test_hash_with_old_costs_is_renewed_at_login(browser: Browser, portal: Portal) -> None:
    cheaper = CHEAP_HASHER.__class__(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "tutor").values(password_hash=cheaper))
    assert (await browser.log_in("tutor")).status == 303
    stored = {row["id"]: row["password_hash"] for row in await rows(portal, "users")}
    assert "m=64," in stored["tutor"]


async def test_login_of_a_disabled_person_ends_at_once(browser: Browser, portal: Portal) -> None:
    await browser.log_in("tutor")
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "tutor").values(disabled_ms=1))
    assert (await browser.get("/")).status == 303
    assert len(await rows(portal, logins.name)) == 1


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "/\\evil.example", "evil", "", "/a b", "/a\n", "javascript:1"]
)
def test_way_on_never_leads_to_another_site(wanted: str) -> None:
    assert local_path(wanted) == "/"


def test_forwarded_addresses_are_believed_only_as_far_as_configured() -> None:
    request = make_mocked_request("GET", "/", headers={"X-Forwarded-For": "6.6.6.6, 10.0.0.7, 10.0.0.1"})
    assert client_address(request, 0) == (request.remote or "unknown")
    assert client_address(request, 1) == "10.0.0.1"
    assert client_address(request, 2) == "10.0.0.7"


def test_line_that_a_proxy_added_counts_before_one_that_the_client_sent() -> None:
    lines = CIMultiDict([("X-Forwarded-For", "6.6.6.6"), ("X-Forwarded-For", "10.0.0.1")])
    assert client_address(make_mocked_request("GET", "/", headers=lines), 1) == "10.0.0.1"


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:10.0.0.7", "10.0.0.7"),
        ("unknown", "unknown"),
    ],
)
def test_addresses_that_one_person_can_take_are_slowed_down_as_one(given: str, address: str) -> None:
    assert client_address(make_mocked_request("GET", "/", headers={"X-Forwarded-For": given}), 1) == address
