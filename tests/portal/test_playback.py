"""Recordings through the portal, from real archives: portal/playback.py, portal/routes/recording_api.py."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from portal.context import Portal
from portal.recordings import RecordingState
from recorder.archive import LessonInfo, open_archive
from recorder.ciphered import encrypt_recording, is_encrypted
from recorder.custody import destroy_key
from recorder.seal import write_hashes
from tests.portal.world import LESSON, NOON_MS, Browser

BASE = f"/api/recordings/{LESSON}"
MEDIA = "0123456789abcdef-audio-1.webm"
TRACK = bytes(range(250)) * 800
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(1000)
SVG = b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"


@pytest.fixture
async def folder(portal: Portal) -> Path:
    """A sealed archive with one track, a film and a poster."""
    folder = portal.settings.recordings / LESSON
    folder.mkdir(parents=True)
    info = LessonInfo(LESSON, f"room-{LESSON}", "Fractions", "School here", portal.keyring.jwks.decode())
    archive = open_archive(folder, info)
    (folder / "media" / MEDIA).write_bytes(bytes(range(256)))
    archive.close()
    (folder / "export").mkdir()
    (folder / "export" / "lesson.mp4").write_bytes(b"film")
    (folder / "export" / "poster.jpg").write_bytes(b"poster")
    await portal.desk.report(
        LESSON, RecordingState.RENDERED, detail="", duration_ms=1000, progress=None, now_ms=NOON_MS
    )
    return folder


async def test_manifest_names_addresses_under_the_api(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    manifest = await (await browser.get(BASE)).json()
    assert (manifest["lesson"], manifest["title"]) == (LESSON, "Fractions")
    assert manifest["timeline"] == f"{BASE}/timeline"
    assert manifest["export"] == f"{BASE}/export.mp4"


async def test_timeline_streams_and_goes_on_after_its_token(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    answer = await browser.get(f"{BASE}/timeline")
    assert (answer.status, answer.content_type) == (200, "application/octet-stream")
    assert (await answer.read()).startswith(b"CMTL\x01")
    refused = await browser.get(f"{BASE}/timeline?after=nonsense")
    assert (refused.status, (await refused.json())["error"]) == (400, "bad_token")


async def test_player_page_is_the_application(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    text = await (await browser.get(f"/recordings/{LESSON}")).text()
    assert f'data-lesson="{LESSON}"' in text
    assert "/static/assets/main-abc.js" in text


async def test_media_is_served_by_range(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    whole = await browser.get(f"{BASE}/media/{MEDIA}")
    assert (whole.status, whole.content_type, len(await whole.read())) == (200, "video/webm", 256)
    assert whole.headers["Accept-Ranges"] == "bytes"
    assert whole.headers["Cache-Control"].startswith("private")
    part = await browser.get(f"{BASE}/media/{MEDIA}", headers={"Range": "bytes=10-19"})
    assert (part.status, part.headers["Content-Range"]) == (206, "bytes 10-19/256")
    assert await part.read() == bytes(range(10, 20))
    beyond = await browser.get(f"{BASE}/media/{MEDIA}", headers={"Range": "bytes=900-"})
    assert beyond.status == 416


@pytest.mark.parametrize(
    "name",
    [
        "..%2Flesson.sqlite",
        "..%2F..%2F..%2Fportal.sqlite",
        "%2Fetc%2Fpasswd",
        ".hidden.webm",
        "x.sqlite",
        "lesson.sqlite",
        "a%00.webm",
        "sub%2Fx.webm",
        "link.webm",
        "missing.webm",
    ],
)
async def test_nothing_but_tracks_of_the_lesson_is_served(browser: Browser, folder: Path, name: str) -> None:
    (folder / "media" / "link.webm").symlink_to(folder / "lesson.sqlite")
    (folder / "media" / ".hidden.webm").write_bytes(b"x")
    await browser.log_in("student")
    assert (await browser.get(f"{BASE}/media/{name}")).status == 404


async def test_film_and_poster(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    film, poster = await browser.get(f"{BASE}/export.mp4"), await browser.get(f"{BASE}/poster.jpg")
    assert (film.content_type, await film.read()) == ("video/mp4", b"film")
    assert (poster.content_type, await poster.read()) == ("image/jpeg", b"poster")
    (folder / "export" / "lesson.mp4").unlink()
    assert (await browser.get(f"{BASE}/export.mp4")).status == 404


async def test_page_is_a_file_to_keep_and_never_opens_under_our_own_name(browser: Browser, folder: Path) -> None:
    await browser.log_in("student")
    assert (await (await browser.get(BASE)).json())["page"] is None
    assert (await browser.get(f"{BASE}/export.html")).status == 404
    (folder / "export" / "lesson.html").write_text("<!doctype html>")
    assert (await (await browser.get(BASE)).json())["page"] == f"{BASE}/export.html"
    page = await browser.get(f"{BASE}/export.html")
    assert (page.content_type, page.headers["Content-Disposition"]) == (
        "application/octet-stream",
        'attachment; filename="Title of lesson-one 2026-11-23.html"',
    )


async def test_manifest_says_what_its_viewer_may_do(open_browser: Callable[[], Browser], folder: Path) -> None:
    for who, continues, reads_boards, reviews, reads_review, redacts in (
        ("student", True, True, False, False, False),
        ("tutor", True, True, False, True, False),
        ("coordinator", False, True, False, True, True),
        ("reviewer", False, False, True, True, True),
    ):
        browser = open_browser()
        await browser.log_in(who)
        assert (await (await browser.get(BASE)).json())["viewer"] == {
            "user": who,
            "continues": continues,
            "reads_boards": reads_boards,
            "reviews": reviews,
            "reads_review": reads_review,
            "redacts": redacts,
        }


async def test_lesson_without_a_recording_is_404_and_with_nothing_yet_409(browser: Browser, portal: Portal) -> None:
    await browser.log_in("student")
    assert (await browser.get(BASE)).status == 404
    for state in (RecordingState.JOINED, RecordingState.RECORDING):
        await portal.desk.report(LESSON, state, detail="", duration_ms=None, progress=None, now_ms=NOON_MS)
        for path in (BASE, f"{BASE}/timeline"):
            refused = await browser.get(path)
            assert (refused.status, (await refused.json())["error"]) == (409, "recording_not_ready")


async def test_archive_that_is_no_database_is_not_our_failure(browser: Browser, folder: Path) -> None:
    (folder / "lesson.sqlite").write_bytes(b"no database at all, and long enough to be read as a header of one......")
    await browser.log_in("student")
    assert (await browser.get(BASE)).status == 409


@pytest.fixture
def encrypted(portal: Portal, folder: Path) -> Path:
    """The same folder, encrypted, with a track of several chunks."""
    (folder / "media" / MEDIA).write_bytes(TRACK)
    (folder / "assets").mkdir()
    for content in (PICTURE, SVG):
        (folder / "assets" / hashlib.sha256(content).hexdigest()).write_bytes(content)
    with closing(sqlite3.connect(folder / "lesson.sqlite")) as conn:
        conn.execute("pragma journal_mode = delete")
    write_hashes(folder, LESSON)
    encrypt_recording(folder)
    assert is_encrypted(folder)
    return folder


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-", 0, len(TRACK)),
        ("bytes=65530-65545", 65530, 65546),
        ("bytes=131072-131072", 131072, 131073),
        ("bytes=-7", len(TRACK) - 7, len(TRACK)),
        ("bytes=199990-999999", 199990, len(TRACK)),
    ],
)
async def test_encrypted_media_is_served_by_range_as_plain_bytes(
    browser: Browser, encrypted: Path, asked: str, first: int, end: int
) -> None:
    await browser.log_in("student")
    part = await browser.get(f"{BASE}/media/{MEDIA}", headers={"Range": asked})
    assert (part.status, part.headers["Content-Range"]) == (206, f"bytes {first}-{end - 1}/{len(TRACK)}")
    assert await part.read() == TRACK[first:end]


async def test_pictures_on_the_board_are_served_by_their_hash_and_to_nobody_else(
    open_browser: Callable[[], Browser], encrypted: Path
) -> None:
    student, stranger = open_browser(), open_browser()
    await student.log_in("student")
    name = hashlib.sha256(PICTURE).hexdigest()
    answer = await student.get(f"{BASE}/assets/{name}")
    assert (answer.status, answer.content_type, await answer.read()) == (200, "image/png", PICTURE)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    # What is no picture is never shown as one.
    svg = await student.get(f"{BASE}/assets/{hashlib.sha256(SVG).hexdigest()}")
    assert (svg.status, svg.content_type) == (200, "application/octet-stream")
    for other in ("0" * 64, name.upper(), name[:-1], "..%2Flesson.sqlite", "lesson.sqlite", f"{name}.png"):
        assert (await student.get(f"{BASE}/assets/{other}")).status == 404
    await stranger.log_in("other-student")
    assert (await stranger.get(f"{BASE}/assets/{name}")).status == 403


async def test_encrypted_recording_is_watched_and_downloaded_like_a_plain_one(
    browser: Browser, encrypted: Path
) -> None:
    await browser.log_in("student")
    assert (await (await browser.get(BASE)).json())["title"] == "Fractions"
    assert (await (await browser.get(f"{BASE}/timeline")).read()).startswith(b"CMTL\x01")
    film = await browser.get(f"{BASE}/export.mp4")
    assert (film.status, film.content_type, await film.read()) == (200, "video/mp4", b"film")
    again = await browser.get(f"{BASE}/export.mp4", headers={"If-None-Match": film.headers["ETag"]})
    assert (again.status, await again.read()) == (304, b"")
    other = await browser.get(f"{BASE}/export.mp4", headers={"Range": "bytes=1-2", "If-Range": '"another"'})
    assert (other.status, await other.read()) == (200, b"film")
    none = await browser.get(f"{BASE}/export.mp4", headers={"Range": "bytes=9-"})
    assert (none.status, none.headers["Content-Range"]) == (416, "bytes */4")


async def test_recording_whose_key_is_gone_is_not_served(portal: Portal, browser: Browser, encrypted: Path) -> None:
    destroy_key(portal.settings.data / "keys", LESSON)
    await browser.log_in("student")
    assert (await browser.get(f"{BASE}/export.mp4")).status == 404
    assert (await browser.get(BASE)).status == 409
