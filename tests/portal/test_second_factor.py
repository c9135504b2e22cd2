"""Authenticator apps, recovery codes and the list of one's log-ins: portal/{totp,second_factor,accounts}.py."""

import base64
import re
from collections.abc import Callable

import pytest

from portal.context import Portal
from portal.routes.account import describe_device
from portal.totp import STEP_MS, app_address, code_at, fitting_step, format_secret
from tests.portal.world import MINUTE_MS, PASSWORD, Browser, FakeClock, rows

# RFC 6238, appendix B: the secret, and times with the last six of the eight digits.
SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (20000000000, "353130")],
)
def test_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    assert code_at(SECRET, second // 30) == code


def test_code_fits_within_a_step_and_never_twice() -> None:
    now_ms = 1_000 * STEP_MS + 5
    for step, fits in ((998, False), (999, True), (1000, True), (1001, True), (1002, False)):
        assert (fitting_step(SECRET, code_at(SECRET, step), now_ms, 0) == step) is fits
    assert fitting_step(SECRET, code_at(SECRET, 1000), now_ms, 1000) is None
    assert fitting_step(SECRET, "", now_ms, 0) is None
    assert fitting_step(SECRET, "é" * 6, now_ms, 0) is None


def test_secret_is_shown_as_an_app_takes_it() -> None:
    assert format_secret(SECRET).replace(" ", "") == base64.b32encode(SECRET).decode()
    assert app_address(SECRET, "a b").startswith("otpauth://totp/Chalkmesh:a%20b?secret=GEZD")


@pytest.mark.parametrize(
    ("agent", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; CrOS x86_64) AppleWebKit/537 Chrome/140.0 Safari/537", "Chrome on ChromeOS"),
        ("Mozilla/5.0 (iPad; CPU OS 18) AppleWebKit/605 Version/18 Safari/604", "Safari on iPad"),
        ("curl/8", "A browser"),
    ],
)
def test_device_is_known_again_by_a_few_words(agent: str, words: str) -> None:
    assert describe_device(agent) == words


async def set_up(browser: Browser, clock: FakeClock) -> tuple[bytes, list[str]]:
    """Switches the second step on; returns the secret and the recovery codes."""
    await browser.log_in("coordinator")
    text = await (await browser.submit("/security/factor", {})).text()
    shown = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', text)
    assert shown is not None
    picture = text.partition('class="qr"')[2].partition("</div>")[0]
    assert "<svg" in picture
    assert not re.search("style=|<style|<script|href", picture)  # our own policy would withhold it
    secret = base64.b32decode(shown[1].replace(" ", ""))
    again = await (await browser.submit("/security/factor", {})).text()
    assert shown[1] in again  # a second look shows the same, or the app would have the wrong one
    assert (await browser.submit("/security/factor/confirm", {"code": "000000"})).status == 400
    page = await browser.submit("/security/factor/confirm", {"code": code_at(secret, clock() // STEP_MS)})
    codes = re.findall(r"<code>([a-z0-9-]+)</code>", await page.text())
    assert len(codes) == 10
    return secret, codes


async def test_whoever_finds_a_browser_signed_in_adds_no_app(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    await browser.log_in("coordinator")
    clock.advance(10 * MINUTE_MS)
    # A code that does not fit used to be answered with the secret of the app.
    refused = await browser.submit("/security/factor/confirm", {"code": "000000"})
    text = await refused.text()
    assert (refused.status, "Show that it is you" in text) == (403, True)
    assert 'class="key"' not in text
    assert await rows(portal, "second_factors") == []


async def test_password_alone_is_not_enough_any_more(
    browser: Browser, open_browser: Callable[[], Browser], portal: Portal, clock: FakeClock
) -> None:
    secret, codes = await set_up(browser, clock)
    assert secret not in (await rows(portal, "second_factors"))[0]["secret"]
    other = open_browser()
    await other.get("/login")
    step = await other.submit("/login", {"login": "coordinator", "password": PASSWORD, "next": "/students"})
    assert (step.status, step.headers["Location"]) == (303, "/login/code?next=%2Fstudents")
    assert (await other.get("/students")).status == 303  # still nobody
    await other.get("/login/code?next=/students")
    used = {"code": code_at(secret, clock() // STEP_MS), "next": "/students"}
    assert (await other.submit("/login/code", used)).status == 401  # it has switched the step on, and works once
    clock.advance(STEP_MS)
    fresh = {"code": code_at(secret, clock() // STEP_MS), "next": "/students"}
    done = await other.submit("/login/code", fresh)
    assert (done.status, done.headers["Location"]) == (303, "/students")
    assert (await other.get("/students")).status == 200
    third = open_browser()
    await third.get("/login")
    await third.submit("/login", {"login": "coordinator", "password": PASSWORD})
    await third.get("/login/code")
    assert (await third.submit("/login/code", fresh)).status == 401
    assert (await third.submit("/login/code", {"code": f" {codes[0].upper()} "})).status == 303
    assert (await third.get("/students")).status == 200
    assert "9 recovery codes are left" in await (await third.get("/security")).text()
    assert (await third.submit("/security/factor/remove", {"code": codes[0]})).status == 400
    assert (await third.submit("/security/factor/remove", {"code": codes[1]})).status == 303
    assert await rows(portal, "second_factors") == await rows(portal, "recovery_codes") == []
    audited = [row["action"] for row in await rows(portal, "audit_log")]
    assert [what for what in audited if what.startswith("second_factor")] == [
        "second_factor.confirm",
        "second_factor.recover",
        "second_factor.recover",
        "second_factor.remove",
    ]


async def test_codes_cannot_be_tried_at_will_nor_for_long(
    browser: Browser, open_browser: Callable[[], Browser], clock: FakeClock
) -> None:
    await set_up(browser, clock)
    other = open_browser()
    await other.get("/login")
    await other.submit("/login", {"login": "coordinator", "password": PASSWORD})
    await other.get("/login/code")
    statuses = [(await other.submit("/login/code", {"code": "123456"})).status for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    clock.advance(5 * 60_000)
    assert (await other.submit("/login/code", {"code": "123456"})).headers["Location"] == "/login"
    assert (await other.get("/login/code")).headers["Location"] == "/login"


async def test_second_step_cannot_be_taken_off_by_trying(browser: Browser, clock: FakeClock) -> None:
    await set_up(browser, clock)
    statuses = [(await browser.submit("/security/factor/remove", {"code": "123456"})).status for _ in range(6)]
    assert statuses == [400] * 5 + [429]


async def test_coordinator_takes_the_second_step_off_for_who_lost_it(
    open_browser: Callable[[], Browser], clock: FakeClock
) -> None:
    tutor, office = open_browser(), open_browser()
    await office.log_in("coordinator")
    await tutor.log_in("tutor")
    text = await (await tutor.submit("/security/factor", {})).text()
    found = re.search(r'<code class="key">([A-Z2-7 ]+)</code>', text)
    assert found is not None
    code = code_at(base64.b32decode(found[1].replace(" ", "")), clock() // STEP_MS)
    assert (await tutor.submit("/security/factor/confirm", {"code": code})).status == 200
    assert "Take the second step off" in await (await office.get("/staff")).text()
    assert (await office.submit("/staff/tutor/second-factor/remove", {})).status == 303
    assert (await tutor.get("/security")).status == 303
    assert (await open_browser().log_in("tutor")).headers["Location"] == "/"


async def test_log_ins_are_listed_and_ended_one_by_one_or_all(open_browser: Callable[[], Browser]) -> None:
    here, there, other = open_browser(), open_browser(), open_browser()
    for each in (here, there):
        await each.log_in("student")
    await other.log_in("other-student")
    text = await (await here.get("/security")).text()
    assert text.count("since Monday") == 2
    assert "Second step" not in text
    (session,) = re.findall(r'name="session" value="(\w+)"', text)
    await other.submit("/security/sessions/end", {"session": session})
    assert (await there.get("/security")).status == 200  # nobody else's to end
    assert (await here.submit("/security/sessions/end", {"session": session})).status == 303
    assert (await there.get("/security")).status == 303
    assert (await here.submit("/security/sessions/end-all", {})).status == 303
    assert (await here.get("/security")).status == 303
