"""The pages, their headers and their errors: portal/{pages,headers,refusals,assets}.py."""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import TestServer

from portal.assets import Assets, NotBuilt, inside
from portal.context import PORTAL, Portal
from portal.headers import content_security_policy
from portal.pages import initials
from portal.recordings import RecordingState
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, LESSON, MINUTE_MS, NOON_MS, Browser, FakeClock, fill_schools, make_build

PAGES = ["/", "/recordings", "/login", f"/lessons/{LESSON}/room", "/nowhere", "/healthz", "/mark.svg"]


def directives(policy: str) -> dict[str, list[str]]:
    return {words[0]: words[1:] for words in (part.split() for part in policy.split(";"))}


@pytest.mark.parametrize("path", [*PAGES, "/static/assets/main-abc.js", "/static/nothing", "/api/lessons/nothing"])
@pytest.mark.parametrize("signed_in", [True, False])
async def test_every_answer_carries_the_security_headers(browser: Browser, path: str, signed_in: bool) -> None:
    if signed_in:
        await browser.log_in("tutor")
    headers = (await browser.get(path)).headers
    policy = directives(headers["Content-Security-Policy"])
    assert policy["default-src"] == ["'none'"]
    assert policy["script-src"] == policy["style-src"] == ["'self'"]
    assert policy["connect-src"] == ["'self'", f"ws://{browser.server.host}:9191", f"http://{browser.server.host}:9191"]
    assert policy["frame-ancestors"] == policy["base-uri"] == ["'none'"]
    assert policy["worker-src"] == ["'self'", "blob:"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Permissions-Policy"].startswith("camera=(self), microphone=(self)")
    assert "Strict-Transport-Security" not in headers
    assert headers["Server"] == "chalkmesh"


@pytest.mark.parametrize("path", PAGES[:5])
async def test_pages_hold_no_inline_script_style_or_foreign_address(browser: Browser, path: str) -> None:
    if path != "/login":
        await browser.log_in("tutor")
    answer = await browser.get(path)
    text = await answer.text()
    assert answer.headers["Cache-Control"] == "no-store"
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert not re.search(r"\son[a-z]+=|\sstyle=|<style", text)
    for address in re.findall(r'(?:src|href|action)="([^"]+)"', text):
        assert address.startswith(("/", "#")), address
    assert text.count("<h1") == 1
    assert '<html lang="en"' in text


async def test_policy_follows_the_host_and_refuses_what_is_none(browser: Browser) -> None:
    good = await browser.get("/login", headers={"Host": "school.example:8080"})
    assert "ws://school.example:9191" in good.headers["Content-Security-Policy"]
    bad = await browser.get("/login", headers={"Host": "a;script-src *"})
    assert "script-src *" not in bad.headers["Content-Security-Policy"]
    assert (
        "ws://[::1]:9191"
        in (await browser.get("/login", headers={"Host": "[::1]:80"})).headers["Content-Security-Policy"]
    )


def test_relay_of_another_host_is_allowed_by_origin_only() -> None:
    policy = directives(content_security_policy("wss://relay.example:444/v1/session"))
    assert policy["connect-src"] == ["'self'", "wss://relay.example:444", "https://relay.example:444"]


async def test_behind_tls_cookies_are_secure_and_bound_to_the_host(settings: PortalSettings, clock: FakeClock) -> None:
    async with open_portal(replace(settings, behind_tls=True), clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        try:
            answer = await Browser(server, app[PORTAL]).get("/login")
            cookie = answer.cookies["__Host-chalkmesh-visit"]
            assert (cookie["secure"], cookie["path"], cookie["domain"]) == (True, "/", "")
            assert answer.headers["Strict-Transport-Security"].startswith("max-age=")
            assert "wss://" in answer.headers["Content-Security-Policy"]
        finally:
            await server.close()


async def test_errors_are_pages_for_people_and_json_for_programs(browser: Browser) -> None:
    await browser.log_in("other-tutor")
    for path, status, words in (
        ("/nowhere", 404, "There is nothing here"),
        (f"/lessons/{LESSON}/room", 403, "This is not open to you"),
        ("/lessons/nothing/room", 404, "There is nothing here"),
    ):
        page = await browser.get(path)
        assert (page.status, page.content_type) == (status, "text/html")
        assert words in await page.text()
        assert "other-tutor name" in await page.text()
    answer = await browser.get("/api/nowhere")
    assert (answer.status, (await answer.json())["error"]) == (404, "not_found")
    refused = await browser.client.put("/login")
    assert refused.status == 405
    assert set(refused.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_body_that_is_too_large_is_refused_with_its_own_status(browser: Browser) -> None:
    await browser.get("/login")
    assert (await browser.submit("/login", {"login": "x" * 300_000})).status == 413
    await browser.log_in("tutor")
    body = {"key": "x" * 70_000, "client": 1}
    refused = await browser.post(f"/api/lessons/{LESSON}/ticket", body)
    assert (refused.status, (await refused.json())["error"]) == (400, "too_long")


async def test_our_own_failure_is_a_page_without_its_reason(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def broken(*arguments: object) -> None:
        raise RuntimeError("Maya Torres")

    await browser.log_in("tutor")
    monkeypatch.setattr("portal.routes.schedule.build_agenda", broken)
    page = await browser.get("/")
    assert page.status == 500
    assert "Something broke on our side" in await page.text()
    assert "Maya" not in await page.text()


async def test_room_page_loads_the_hashed_client(browser: Browser) -> None:
    await browser.log_in("student")
    text = await (await browser.get(f"/lessons/{LESSON}/room")).text()
    assert f'<div id="app" data-lesson="{LESSON}">' in text
    assert '<script type="module" src="/static/assets/main-abc.js"></script>' in text
    assert '<link rel="modulepreload" href="/static/assets/shared-abc.js">' in text
    assert '<link rel="stylesheet" href="/static/assets/main-abc.css">' in text
    assert "<noscript>" in text
    file = await browser.get("/static/assets/main-abc.js")
    assert file.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert file.content_type in ("text/javascript", "application/javascript")


async def test_client_that_was_never_built_is_said_clearly(settings: PortalSettings, clock: FakeClock) -> None:
    unbuilt = replace(settings, web_dist=settings.data / "no-dist")
    async with open_portal(unbuilt, clock=clock, hasher=CHEAP_HASHER) as app:
        await fill_schools(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        try:
            browser = Browser(server, app[PORTAL])
            await browser.log_in("tutor")
            page = await browser.get(f"/lessons/{LESSON}/room")
            assert page.status == 503
            assert "npm run build" in await page.text()
            assert '<link rel="stylesheet" href="/styles/main.css">' in await page.text()
            sheet = await browser.get("/styles/tokens.css")
            assert (sheet.status, sheet.content_type) == (200, "text/css")
            assert (await browser.get("/styles/..%2Fclassroom")).status == 404
        finally:
            await server.close()


async def test_closed_door_is_a_page_not_the_application(browser: Browser, clock: FakeClock) -> None:
    await browser.log_in("tutor")
    clock.advance(-60 * MINUTE_MS)
    page = await browser.get(f"/lessons/{LESSON}/room")
    assert page.status == 409
    assert "15 minutes before it starts" in await page.text()


async def test_today_lists_own_lessons_in_school_time(open_browser: Callable[[], Browser]) -> None:
    student, coordinator, outsider = open_browser(), open_browser(), open_browser()
    await student.log_in("student")
    text = await (await student.get("/")).text()
    assert "Monday, 23 November" in text
    assert '<time class="row__time" datetime="2026-11-23T14:05:00Z">09:05</time>' in text
    assert "EST" in text
    assert f"Title of {LESSON}" in text
    assert "Title of lesson-two" not in text
    assert f'href="/lessons/{LESSON}/room"' in text
    await coordinator.log_in("coordinator")
    seen = await (await coordinator.get("/")).text()
    assert f"Title of {LESSON}" in seen
    assert "Title of lesson-two" in seen
    assert "Title of lesson-far" not in seen
    await outsider.log_in("guardian")
    assert "Nothing waits for you" in await (await outsider.get("/")).text()


async def test_lessons_of_the_next_days_stand_under_their_day(browser: Browser, clock: FakeClock) -> None:
    clock.advance(-24 * 60 * MINUTE_MS)
    await browser.log_in("student")
    text = await (await browser.get("/")).text()
    assert "No lessons today" in text
    assert '<h2 id="day-1">Monday, 23 November</h2>' in text
    assert "/room" not in text


@pytest.mark.parametrize(
    ("reports", "badge", "watch", "download"),
    [
        ([("recording", None)], "Recording", True, False),
        ([("recording", None), ("sealed", None)], "Watchable", True, False),
        ([("sealed", None), ("rendering", 0.42)], "Rendering 42 %", True, False),
        ([("sealed", None), ("rendered", None)], "Ready", True, True),
        ([("sealed", None), ("failed", None)], "Watchable, no MP4", True, False),
        ([("failed", None)], "Recording failed", True, False),
    ],
)
async def test_recordings_list_says_how_far_each_is(
    browser: Browser,
    portal: Portal,
    reports: list[tuple[str, float | None]],
    badge: str,
    watch: bool,
    download: bool,
) -> None:
    await browser.log_in("tutor")
    await portal.desk.report(LESSON, RecordingState.JOINED, detail="", duration_ms=None, progress=None, now_ms=NOON_MS)
    await browser.post(f"/api/lessons/{LESSON}/start")
    await browser.post(f"/api/lessons/{LESSON}/end")
    for state, progress in reports:
        await portal.desk.report(
            LESSON, RecordingState(state), detail="", duration_ms=65_000, progress=progress, now_ms=NOON_MS
        )
    text = re.sub(r"\s+", " ", await (await browser.get("/recordings")).text())
    assert re.search(rf"> ?{badge} ?</span>", text), text
    assert "1:05</span>" in text
    assert (f'href="/recordings/{LESSON}"' in text) == watch
    assert ("export.mp4" in text) == download


async def test_theme_is_kept_without_script_and_comes_back_to_the_page(browser: Browser) -> None:
    await browser.log_in("tutor")
    assert 'data-theme="' not in await (await browser.get("/")).text()
    chosen = await browser.submit("/theme", {"theme": "dark", "next": "/recordings"})
    assert (chosen.status, chosen.headers["Location"]) == (303, "/recordings")
    assert '<html lang="en" data-theme="dark">' in await (await browser.get("/")).text()
    await browser.submit("/theme", {"theme": "", "next": "//evil.example"})
    assert 'data-theme="' not in await (await browser.get("/")).text()


async def test_names_are_escaped(browser: Browser, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.exec_driver_sql("""UPDATE users SET name = '<b>"x' WHERE id = 'student'""")
    await browser.log_in("student")
    for path in ("/", f"/lessons/{LESSON}/room"):
        assert "<b>" not in await (await browser.get(path)).text()


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Maya Torres", "MT"), ("leo", "L"), ("Ana de la Cruz", "AC"), ("", "?"), ("- -", "?"), ("Ørsted ß", "ØSS")],
)
def test_initials(name: str, letters: str) -> None:
    assert initials(name) == letters


@pytest.mark.parametrize(
    "path", ["../x", "a/../../x", "/etc/passwd", ".hidden", "a//b", "", "a/.b", "link", "a\\b", "a\x00b", "folder"]
)
def test_only_regular_files_inside_the_folder_are_found(tmp_path: Path, path: str) -> None:
    folder = tmp_path / "folder"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "x").write_text("outside")
    (folder / ".hidden").write_text("hidden")
    (folder / "link").symlink_to(tmp_path / "x")
    (folder / "good").write_text("good")
    assert inside(folder, "good") == folder / "good"
    assert inside(folder, path) is None


def test_manifest_is_read_again_after_a_new_build(tmp_path: Path) -> None:
    dist = make_build(tmp_path / "dist")
    assets = Assets(dist, tmp_path)
    assert assets.bundle("src/player/main.tsx").script == "/static/assets/main-abc.js"
    manifest = dist / "manifest.json"
    manifest.write_text(manifest.read_text().replace("main-abc.js", "main-def.js"))
    stat = manifest.stat()
    os.utime(manifest, ns=(stat.st_atime_ns, stat.st_mtime_ns + 1_000_000_000))
    assert assets.bundle("src/player/main.tsx").script == "/static/assets/main-def.js"
    manifest.write_text("{")
    os.utime(manifest, ns=(stat.st_atime_ns, stat.st_mtime_ns + 2_000_000_000))
    with pytest.raises(NotBuilt):
        assets.bundle("src/player/main.tsx")


@pytest.mark.parametrize("page", ["9" * 5000, "0", "-1", "x", "99999999"])
async def test_page_of_students_that_is_no_number_is_the_first(browser: Browser, page: str) -> None:
    await browser.log_in("coordinator")
    answer = await browser.get(f"/students?page={page}")
    assert answer.status == 200
    assert "other-student name" in await answer.text()
