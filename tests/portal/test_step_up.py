"""A fresh proof before what may do lasting harm: portal/{step_up,proofs}.py."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import portal as portal_package
from portal.answers import to_keep
from portal.context import Portal
from portal.routes import ALL_ROUTES
from portal.routing import ACCESS_BOOK, Fresh
from portal.totp import STEP_MS, code_at
from tests.portal.test_second_factor import set_up
from tests.portal.world import LESSON, MINUTE_MS, PASSWORD, Browser, FakeClock, fill_service, rows

LATER_MS = 10 * MINUTE_MS
DISPOSITION = "Content-Disposition"
ERASE = {"reason": 'Asked by the "parents" <b>', "confirm": "ERASE"}


@pytest.fixture
async def office(browser: Browser, portal: Portal, clock: FakeClock) -> Browser:
    """A coordinator whose proof has just become too old."""
    await fill_service(portal)
    await browser.log_in("coordinator")
    clock.advance(LATER_MS)
    return browser


def carried(text: str) -> dict[str, str]:
    """The hidden fields of the page's form."""
    found = re.findall(r'<input type="hidden" name="([\w-]+)" value="([^"]*)"', text.partition("<main")[2])
    return {name: value.replace("&#34;", '"').replace("&lt;", "<").replace("&gt;", ">") for name, value in found}


async def test_form_after_ten_minutes_is_kept_and_goes_on_with_the_proof(office: Browser, portal: Portal) -> None:
    asked = await office.submit("/students/student/erase", ERASE)
    text = await asked.text()
    assert asked.status == 403
    assert "Show that it is you" in text
    assert 'action="/students/student/erase"' in text
    fields = carried(text)
    assert {name: fields[name] for name in ERASE} == ERASE
    # Nothing was shown beside the start page, and nothing done.
    assert {row["object_kind"] for row in await rows(portal, "disclosure_log")} == {"list"}
    assert len(await rows(portal, "erasures")) == 2
    wrong = await office.submit("/students/student/erase", {**fields, "proof-password": "wrong"})
    assert (wrong.status, carried(await wrong.text())["reason"]) == (403, ERASE["reason"])
    done = await office.submit("/students/student/erase", {**fields, "proof-password": PASSWORD})
    assert (done.status, done.headers["Location"][:10]) == (303, "/erasures/")
    certificate = next(row for row in await rows(portal, "erasures") if row["student"] == "student")
    assert certificate["reason"] == ERASE["reason"]


async def test_proof_rotates_the_session_and_holds_for_what_follows(
    office: Browser, portal: Portal, clock: FakeClock
) -> None:
    before = next(row for row in await rows(portal, "logins"))
    done = await office.submit("/roster/links", {"contact": "contact", "proof-password": PASSWORD})
    assert "Show that it is you" not in await done.text()
    assert "chalkmesh-login" in done.cookies  # also where the form itself was refused
    (after,) = await rows(portal, "logins")
    assert after["id"] == before["id"]
    assert after["token_hash"] != before["token_hash"]
    assert after["proved_ms"] == clock()
    assert (await office.submit("/students/student/export", {})).content_type == "application/zip"
    clock.advance(LATER_MS)
    assert (await office.submit("/students/student/export", {})).status == 403


async def test_old_cookie_is_worth_nothing_after_a_proof(office: Browser) -> None:
    cookies = office.client.session.cookie_jar.filter_cookies(office.client.make_url("/"))
    old = cookies["chalkmesh-login"].value
    await office.submit("/staff", {"proof-password": PASSWORD})
    office.client.session.cookie_jar.clear()
    assert (await office.get("/students", headers={"Cookie": f"chalkmesh-login={old}"})).status == 303


@pytest.mark.parametrize(
    "path", ["/attendance.csv?week=2026-11-23", "/attendance.pdf", "/classes/class-one/grades.zip"]
)
async def test_file_by_its_address_is_offered_after_the_proof(office: Browser, path: str) -> None:
    asked = await office.get(path)
    fields = carried(await asked.text())
    assert (asked.status, fields["next"]) == (403, path)
    offered = await office.submit("/prove", {**fields, "proof-password": PASSWORD})
    assert offered.status == 200
    assert f'href="{path}"' in await offered.text()
    assert (await office.get(path)).status == 200


async def test_file_of_a_form_takes_one_more_press(office: Browser) -> None:
    offered = await office.submit("/students/student/export", {"proof-password": PASSWORD})
    assert offered.content_type == "text/html"
    assert (await office.submit("/students/student/export", {})).content_type == "application/zip"


async def test_code_of_the_app_proves_too_and_works_once(browser: Browser, clock: FakeClock) -> None:
    secret, _ = await set_up(browser, clock)
    clock.advance(LATER_MS)
    assert "Or a code of your app" in await (await browser.submit("/staff", {})).text()
    code = {"proof-code": code_at(secret, clock() // STEP_MS)}
    assert (await browser.submit("/staff", code)).status == 400  # proved, and the form says what is missing
    clock.advance(LATER_MS)
    assert (await browser.submit("/staff", code)).status == 403


async def test_left_browser_is_no_place_to_guess_at(office: Browser, clock: FakeClock) -> None:
    statuses = [(await office.submit("/staff", {"proof-password": "guess"})).status for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    clock.advance(20_000)
    assert (await office.submit("/staff", {"proof-password": PASSWORD})).status == 400


async def test_program_is_told_in_json_and_another_school_learns_nothing(office: Browser) -> None:
    assert (await office.post("/students/student/export")).status == 403
    assert (await office.submit("/students/far-student/export", {})).status == 404
    assert (await office.submit("/students/nobody/export", {})).status == 404


async def test_way_on_after_a_proof_is_of_this_site(office: Browser) -> None:
    fields = {"next": "https://evil.example/", "proof-back": "//evil.example", "proof-password": PASSWORD}
    assert "evil" not in await (await office.submit("/prove", fields)).text()


async def test_proof_needs_the_token_of_the_form(office: Browser) -> None:
    office.csrf = "x" * 43
    refused = await office.submit("/prove", {"next": "/attendance.csv", "proof-password": PASSWORD})
    assert refused.status == 403
    assert "no longer valid" in await refused.text()


# What hands records out as files, takes them away for good, or lets somebody in for long.
PROVED = {
    ("POST", "/students/{student}/export"): Fresh.FILE,
    ("POST", "/students/{student}/erase"): Fresh.CHANGE,
    ("GET", "/attendance.csv"): Fresh.FILE,
    ("GET", "/attendance.pdf"): Fresh.FILE,
    ("GET", "/classes/{group}/grades.zip"): Fresh.FILE,
    ("GET", "/students/{student}/report.pdf"): Fresh.FILE_OF_OTHERS,
    ("GET", "/api/recordings/{lesson}/export.mp4"): Fresh.FILE_OF_OTHERS,
    ("GET", "/api/recordings/{lesson}/export.html"): Fresh.FILE_OF_OTHERS,
    ("GET", "/api/recordings/{lesson}/captions.vtt"): Fresh.FILE_OF_OTHERS,
    ("GET", "/api/recordings/{lesson}/films/{film}"): Fresh.FILE_OF_OTHERS,
    ("GET", "/recordings/{lesson}/redactions/{redaction}/film.mp4"): Fresh.FILE,
    ("GET", "/recordings/{lesson}/redactions/{redaction}/page.html"): Fresh.FILE,
    ("POST", "/recordings/{lesson}/redactions"): Fresh.CHANGE,
    ("POST", "/retention"): Fresh.CHANGE,
    ("POST", "/lessons/{lesson}/retention/day"): Fresh.CHANGE,
    ("POST", "/lessons/{lesson}/retention/release"): Fresh.CHANGE,
    ("POST", "/programs"): Fresh.CHANGE,
    ("POST", "/programs/webhooks"): Fresh.CHANGE,
    ("POST", "/staff"): Fresh.CHANGE,
    ("POST", "/staff/{staff}"): Fresh.CHANGE,
    ("POST", "/staff/{staff}/second-factor/remove"): Fresh.CHANGE,
    ("POST", "/staff/{staff}/role"): Fresh.CHANGE,
    ("POST", "/staff/{staff}/close"): Fresh.CHANGE,
    ("POST", "/students/{student}/link"): Fresh.CHANGE,
    ("POST", "/students/{student}/guardians"): Fresh.CHANGE,
    ("POST", "/students/{student}/access"): Fresh.CHANGE,
    ("POST", "/roster/links"): Fresh.CHANGE,
    ("POST", "/calendar/feeds"): Fresh.CHANGE,
    ("POST", "/security/factor"): Fresh.CHANGE,
    ("POST", "/security/factor/confirm"): Fresh.CHANGE,
    ("POST", "/security/passkeys/new"): Fresh.CHANGE,
    ("POST", "/security/passkeys"): Fresh.CHANGE,
    ("POST", "/security/passkeys/remove"): Fresh.CHANGE,
}


# Files that hold nothing about a student: sums of contracts, plans and material of a class.
NO_RECORDS = {
    ("GET", "/hours.csv"),
    ("GET", "/classes/{group}/pacing.csv"),
    ("GET", "/classes/{group}/materials/{material}"),
}
_FILE_ANSWERS = ("download(", "to_keep(", " _file(request", "Content-Disposition")


async def test_exactly_these_routes_ask_for_it(portal: Portal, open_browser: Callable[[], Browser]) -> None:
    book = open_browser().server.app[ACCESS_BOOK].entries()
    assert {route: access.fresh for route, access in book.items() if access.fresh and route[0] != "HEAD"} == PROVED


def test_every_file_asks_for_it_or_says_why_not() -> None:
    """What a handler answers with is read from its source: a new file cannot be forgotten here."""
    files = {
        (route.method, route.path)
        for table in ALL_ROUTES
        for route in table.routes
        if any(word in inspect.getsource(route.handler) for word in _FILE_ANSWERS)
    }
    asking = {route for route, fresh in PROVED.items() if fresh is not Fresh.CHANGE}
    assert files == asking | NO_RECORDS


def test_no_link_to_such_a_file_says_download() -> None:
    """With that attribute a browser takes the page that asks for a file that failed."""
    ends = {path.rpartition("/")[2] for (method, path), fresh in PROVED.items() if method == "GET"} - {"{film}"}
    templates = Path(portal_package.__file__).parent / "templates"
    links = [link for page in templates.glob("*.html") for link in re.findall(r"<a [^>]*>", page.read_text())]
    assert [link for link in links if " download" in link and any(end in link for end in ends)] == []


async def test_family_takes_its_own_without_being_asked_and_the_staff_is_asked(
    browser: Browser, portal: Portal, clock: FakeClock
) -> None:
    await fill_service(portal)
    folder = portal.settings.recordings / LESSON / "export"
    folder.mkdir(parents=True)
    (folder / "lesson.mp4").write_bytes(b"film")
    film, card = f"/api/recordings/{LESSON}/export.mp4", "/students/student/report.pdf"
    for who, paths, expected in (
        ("student", (film, card), 200),
        ("guardian", (card,), 200),
        ("tutor", (film, card), 403),
        ("coordinator", (film, card), 403),
    ):
        await browser.log_in(who)
        clock.advance(LATER_MS)
        for path in paths:
            answer = await browser.get(path)
            assert (who, path, answer.status) == (who, path, expected)
            assert (
                answer.content_type == "text/html" if expected == 403 else "attachment" in answer.headers[DISPOSITION]
            )


@pytest.mark.parametrize(
    ("name", "header"),
    [
        ("week 1.csv", 'attachment; filename="week 1.csv"'),
        ('Álgebra "2".mp4', "attachment; filename=\"lgebra 2.mp4\"; filename*=UTF-8''%C3%81lgebra%20%222%22.mp4"),
        ("a\r\nb.csv", "attachment; filename=\"ab.csv\"; filename*=UTF-8''a%0D%0Ab.csv"),
    ],
)
def test_name_of_a_file_breaks_no_header(name: str, header: str) -> None:
    assert to_keep(name) == {DISPOSITION: header}
