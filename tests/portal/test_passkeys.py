"""Passkeys of the staff: portal/{passkeys,ceremonies}.py, portal/routes/passkeys.py."""

import html
import json
import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from portal.context import Portal
from portal.schema import users
from tests.portal.authenticator import Authenticator, options_of
from tests.portal.world import MINUTE_MS, PASSWORD, Browser, FakeClock, rows

LATER_MS = 10 * MINUTE_MS


def origin_of(browser: Browser) -> str:
    return str(browser.client.make_url("/")).rstrip("/")


async def add(browser: Browser, name: str = "Blue key") -> tuple[Authenticator, list[str]]:
    """Makes a passkey for whoever is signed in; returns it with the recovery codes that were shown."""
    key = Authenticator(origin_of(browser))
    page = await (await browser.submit("/security/passkeys/new", {})).text()
    made = await browser.submit("/security/passkeys", {"name": name, "credential": key.create(options_of(page))})
    assert made.status in (200, 303), await made.text()
    return key, re.findall(r"<code>([a-z0-9-]+)</code>", await made.text())


@pytest.fixture
async def key(browser: Browser) -> Authenticator:
    await browser.log_in("coordinator")
    made, _ = await add(browser)
    return made


async def test_passkey_alone_signs_in_and_is_listed_with_its_name(
    browser: Browser, open_browser: Callable[[], Browser], key: Authenticator, portal: Portal
) -> None:
    assert "Blue key" in await (await browser.get("/security")).text()
    other = open_browser()
    options = options_of(await (await other.get("/login?next=/students")).text())
    assert options.get("allowCredentials", []) == []  # nothing about anybody before somebody has signed in
    done = await other.submit("/login/passkey", {"credential": key.get(options), "next": "/students"})
    assert (done.status, done.headers["Location"]) == (303, "/students")
    assert (await other.get("/students")).status == 200
    (row,) = await rows(portal, "passkeys")
    assert (row["sign_count"], row["used_ms"]) == (1, portal.clock())
    audited = [row["action"] for row in await rows(portal, "audit_log")]
    assert audited == ["passkey.add"]


async def test_whoever_finds_a_browser_signed_in_adds_no_passkey(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    await browser.log_in("coordinator")
    clock.advance(LATER_MS)
    # A form that lacks something used to be answered with options for another try.
    refused = await browser.submit("/security/passkeys", {"name": ""})
    assert refused.status == 403
    text = await refused.text()
    assert "Show that it is you" in text
    assert '"pubKeyCredParams"' not in html.unescape(text)
    assert await rows(portal, "passkeys") == []


async def test_passkey_is_made_right_after_a_proof(browser: Browser, portal: Portal, clock: FakeClock) -> None:
    await browser.log_in("coordinator")
    clock.advance(LATER_MS)
    key = Authenticator(origin_of(browser))
    page = await (await browser.submit("/security/passkeys/new", {"proof-password": PASSWORD})).text()
    answer = key.create(options_of(page))
    clock.advance(4 * MINUTE_MS)
    assert (await browser.submit("/security/passkeys", {"name": "Key", "credential": answer})).status == 200
    late = Authenticator(origin_of(browser))
    page = await (await browser.submit("/security/passkeys/new", {})).text()
    clock.advance(4 * MINUTE_MS)
    answer = late.create(options_of(page))
    clock.advance(3 * MINUTE_MS)  # the proof is too old by now, and what was made too
    again = {"name": "Late", "credential": answer, "proof-password": PASSWORD}
    page = await (await browser.submit("/security/passkeys", again)).text()
    assert "That took too long" in page
    answer = late.create(options_of(page))
    assert (await browser.submit("/security/passkeys", {"name": "Late", "credential": answer})).status == 303


async def test_passkey_is_the_second_step_after_a_password(
    open_browser: Callable[[], Browser], key: Authenticator
) -> None:
    other = open_browser()
    asked = await other.log_in("coordinator")
    assert asked.headers["Location"].startswith("/login/code")
    assert (await other.get("/students")).status == 303
    options = options_of(await (await other.get("/login/code?next=/students")).text())
    assert len(options["allowCredentials"]) == 1
    answer = key.get(options)
    done = await other.submit("/login/code", {"credential": answer, "next": "/students"})
    assert (done.status, done.headers["Location"]) == (303, "/students")
    assert (await other.submit("/login/code", {"credential": answer})).status != 200
    third = open_browser()
    await third.log_in("coordinator")
    await third.get("/login/code")
    assert (await third.submit("/login/code", {"credential": answer})).status == 401  # of another log-in


async def test_passkey_proves_before_an_export(browser: Browser, key: Authenticator, clock: FakeClock) -> None:
    clock.advance(LATER_MS)
    options = options_of(await (await browser.submit("/staff", {})).text())
    answer = key.get(options)
    assert (await browser.submit("/staff", {"proof-passkey": answer})).status == 400  # proved; the form is empty
    clock.advance(LATER_MS)
    assert (await browser.submit("/staff", {"proof-passkey": answer})).status == 403


async def test_recovery_codes_come_with_the_first_passkey_and_work(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal
) -> None:
    await browser.log_in("coordinator")
    _, codes = await add(browser)
    assert len(codes) == 10
    assert (await add(browser, "Red key"))[1] == []
    other = open_browser()
    await other.log_in("coordinator")
    await other.get("/login/code")
    assert (await other.submit("/login/code", {"code": codes[0]})).status == 303
    assert "9 recovery codes are left" in await (await other.get("/security")).text()
    for row in await rows(portal, "passkeys"):
        assert (await browser.submit("/security/passkeys/remove", {"passkey": row["id"]})).status == 303
    assert await rows(portal, "recovery_codes") == []
    assert (await open_browser().log_in("coordinator")).headers["Location"] == "/"


async def test_passkey_is_renamed_and_removed_by_its_owner_alone(
    browser: Browser, open_browser: Callable[[], Browser], key: Authenticator, portal: Portal
) -> None:
    (row,) = await rows(portal, "passkeys")
    tutor = open_browser()
    await tutor.log_in("tutor")
    for path, fields in (("rename", {"name": "Mine"}), ("remove", {})):
        assert (await tutor.submit(f"/security/passkeys/{path}", {"passkey": row["id"], **fields})).status == 404
    assert (await browser.submit("/security/passkeys/rename", {"passkey": row["id"], "name": "Work"})).status == 303
    assert (await rows(portal, "passkeys"))[0]["name"] == "Work"


@pytest.mark.parametrize(
    "changed",
    [{"origin": "https://evil.example"}, {"type": "webauthn.create"}, {"challenge": "AAAA"}, {"challenge": "A" * 75}],
)
async def test_answer_for_something_else_signs_nobody_in(
    open_browser: Callable[[], Browser], key: Authenticator, changed: dict[str, object]
) -> None:
    other = open_browser()
    options = options_of(await (await other.get("/login")).text())
    assert (await other.submit("/login/passkey", {"credential": key.get(options, **changed)})).status == 401


async def test_flood_of_passkeys_is_slowed_and_hides_no_guessing(
    open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    other = open_browser()
    await other.get("/login")
    statuses = [(await other.submit("/login/passkey", {"credential": "{}"})).status for _ in range(61)]
    assert statuses == [401] * 60 + [429]
    assert len(await rows(portal, "failed_logins")) == 60
    clock.advance(5_000)
    assert (await other.submit("/login/passkey", {"credential": "{}"})).status == 401


async def test_unknown_forged_late_unverified_and_closed_look_the_same(
    open_browser: Callable[[], Browser], key: Authenticator, portal: Portal, clock: FakeClock
) -> None:
    other = open_browser()

    async def answer(given: str) -> tuple[int, str]:
        refused = await other.submit("/login/passkey", {"credential": given})
        text = re.sub(r'data-options="[^"]*"|value="[\w-]{43}"|content="[\w-]{43}"', "", await refused.text())
        return refused.status, text

    options = options_of(await (await other.get("/login")).text())
    stranger = Authenticator(key.origin)
    forged = Authenticator(key.origin, id=key.id)
    unverified = Authenticator(key.origin, verifies=False, key=key.key, id=key.id, count=key.count)
    seen = [await answer(each.get(options)) for each in (stranger, forged, unverified)]
    seen += [await answer(given) for given in ("{", "[]", json.dumps({"id": "x"}), "x" * 9000)]
    clock.advance(6 * MINUTE_MS)
    seen.append(await answer(key.get(options)))
    options = options_of(await (await other.get("/login")).text())
    async with portal.database.write() as connection:
        await connection.execute(update(users).where(users.c.id == "coordinator").values(disabled_ms=1))
    seen.append(await answer(key.get(options)))
    assert {each[0] for each in seen} == {401}
    assert len({each[1] for each in seen}) == 1


async def test_copied_key_whose_count_goes_back_is_refused(
    open_browser: Callable[[], Browser], key: Authenticator
) -> None:
    key.count = 5
    other = open_browser()
    options = options_of(await (await other.get("/login")).text())
    assert (await other.submit("/login/passkey", {"credential": key.get(options)})).status == 303
    key.count = 2
    third = open_browser()
    options = options_of(await (await third.get("/login")).text())
    assert (await third.submit("/login/passkey", {"credential": key.get(options)})).status == 401


async def test_making_one_needs_a_name_a_fresh_proof_and_an_account_of_the_staff(
    browser: Browser, open_browser: Callable[[], Browser], clock: FakeClock, portal: Portal
) -> None:
    student = open_browser()
    await student.log_in("student")
    assert (await student.submit("/security/passkeys/new", {})).status == 403
    assert "Passkeys" not in await (await student.get("/security")).text()
    await browser.log_in("tutor")
    key = Authenticator(origin_of(browser))
    options = options_of(await (await browser.submit("/security/passkeys/new", {})).text())
    made = key.create(options)
    unnamed = await browser.submit("/security/passkeys", {"name": " ", "credential": made})
    assert (unnamed.status, "Enter a name." in await unnamed.text()) == (400, True)
    unverified = Authenticator(key.origin, verifies=False).create(options)
    for bad in (unverified, key.create(options, origin="https://evil.example"), "", "{}", made[:-20]):
        assert (await browser.submit("/security/passkeys", {"name": "Key", "credential": bad})).status == 400
    assert (await browser.submit("/security/passkeys", {"name": "Key", "credential": made})).status == 200
    assert (await browser.submit("/security/passkeys", {"name": "Key", "credential": made})).status == 400
    clock.advance(LATER_MS)
    assert (await browser.submit("/security/passkeys/new", {})).status == 403
    assert len(await rows(portal, "passkeys")) == 1


async def test_coordinator_takes_lost_passkeys_off(
    open_browser: Callable[[], Browser], browser: Browser, portal: Portal
) -> None:
    tutor = open_browser()
    await tutor.log_in("tutor")
    await add(tutor)
    await browser.log_in("coordinator")
    assert (await browser.submit("/staff/tutor/second-factor/remove", {})).status == 303
    assert await rows(portal, "passkeys") == await rows(portal, "recovery_codes") == []
    assert (await open_browser().log_in("tutor", PASSWORD)).headers["Location"] == "/"
