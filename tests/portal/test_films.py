"""Films as people want them, and corrected words in them: portal/films.py, film_maker.py, routes/recording_films.py."""

from collections.abc import Callable
from pathlib import Path

import av
import pytest
from sqlalchemy import update

from portal.authorize import Actor, Role
from portal.captions import change_caption
from portal.context import Portal
from portal.destruction import destroy_files
from portal.film_schema import films
from portal.films import FilmWish, ask_film, end_old_films, load_films
from portal.orders import OrderRefused
from portal.recordings import RecordingState
from portal.schema import lessons
from recorder.captions import FILE, Caption, save_captions
from recorder.ciphered import encrypt_recording, is_ciphered, is_encrypted, open_plain
from recorder.seal import write_hashes
from recorder.worker import finish_lesson
from tests.portal.world import LESSON, NOON_MS, Browser, FakeClock, rows
from tests.recorder.lesson import Lesson

PAGE = f"/recordings/{LESSON}/films"
API = f"/api/recordings/{LESSON}"
TUTOR = Actor("tutor", "here", Role.TUTOR, "login")
STUDENT = Actor("student", "here", Role.STUDENT, "login")
WISH = {"layout": "board", "height": 720, "format": "mp4", "captions": "soft"}
DAY_MS = 24 * 60 * 60 * 1000


@pytest.fixture
async def folder(portal: Portal) -> Path:
    """An encrypted recording of a second with two captions and its own film."""
    lesson = Lesson(portal.settings.recordings / LESSON)
    tutor, _ = lesson.people
    lesson.live(0)
    tutor.line([(0, 0), (100, 100)])
    lesson.did(tutor, 100)
    folder = lesson.finish(1000)
    (folder / "export").mkdir()
    heard = [Caption(1, 100, 400, "u1", "add the frictions"), Caption(2, 500, 800, "u2", "why")]
    save_captions(folder / "export" / FILE, heard, "test")
    finish_lesson(folder)
    write_hashes(folder, LESSON)
    encrypt_recording(folder)
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values(state="ended", ended_ms=NOON_MS))
    await portal.desk.report(LESSON, RecordingState.RENDERED, detail="", duration_ms=999, progress=None, now_ms=NOON_MS)
    return folder


async def ask(portal: Portal, wish: FilmWish, actor: Actor = TUTOR) -> str:
    async with portal.database.write() as connection:
        return await ask_film(connection, actor, LESSON, wish, {}, portal.clock())


def texts(path: Path) -> list[str]:
    """The captions of a film, in order."""
    with open_plain(path) as file, av.open(file, "r") as film:
        packets = film.demux(film.streams.subtitles[0])
        return [bytes(packet)[2:].decode() for packet in packets if packet.size > 2]


def pictures(path: Path) -> list[tuple[int | None, bytes]]:
    with open_plain(path) as file, av.open(file, "r") as film:
        return [(packet.pts, bytes(packet)) for packet in film.demux(film.streams.video[0]) if packet.size]


async def test_from_the_wish_to_the_file_with_peoples_words(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    tutor, student = open_browser(), open_browser()
    await tutor.log_in("tutor")
    await student.log_in("student")
    assert (await tutor.post(f"{API}/captions/1", {"words": "add the fractions"})).status == 200
    answer = await student.post(f"{API}/films", WISH)
    assert answer.status == 200
    (film,) = (await answer.json())["films"]
    assert (film["state"], film["file"], film["removable"]) == ("asked", None, True)
    await portal.films.settled()
    listed = await (await tutor.get(f"{API}/films")).json()
    (film,) = listed["films"]
    assert (film["state"], film["progress"], listed["own"]) == ("done", 1.0, f"{API}/export.mp4")
    made = folder / "export" / f"film-{film['id']}.mp4"
    assert is_ciphered(made)
    assert texts(made) == ["Ada Tutor: add the fractions", "Student 1: why"]
    taken = await student.get(film["file"])
    with open_plain(made) as file:
        assert (taken.status, taken.content_type, await taken.read()) == (200, "video/mp4", file.read())
    assert film["bytes"] == len(await taken.read())
    assert "attachment" in taken.headers["Content-Disposition"]
    # Somebody else's wish for the same is for what is there.
    assert [one["id"] for one in (await (await tutor.post(f"{API}/films", WISH)).json())["films"]] == [film["id"]]
    assert {"recording.film"} <= {row["action"] for row in await rows(portal, "audit_log")}
    told = [(row["actor"], row["action"]) for row in await rows(portal, "disclosure_log")]
    assert ("student", "recording.download") in told
    # Who asked, or whoever leads the lesson, takes it away again; then its file is gone.
    assert (await tutor.post(f"{film['file']}/remove", {})).status == 200
    await portal.films.settled()
    assert (made.exists(), await rows(portal, "films")) == (False, [])


async def test_corrections_get_into_the_film_that_is_there_and_change_no_picture(
    portal: Portal, folder: Path, clock: FakeClock
) -> None:
    film = folder / "export" / "lesson.mp4"
    before, seen = pictures(film), film.stat().st_mtime_ns
    assert texts(film) == ["Ada Tutor: add the frictions", "Student 1: why"]
    async with portal.database.write() as connection:
        await change_caption(connection, TUTOR, LESSON, 1, "add the fractions", clock())
        await change_caption(connection, TUTOR, LESSON, 2, "", clock())
    assert await portal.films.put_words() is True  # Somebody may still be at it.
    assert film.stat().st_mtime_ns == seen
    clock.advance(31_000)
    assert await portal.films.put_words() is False
    assert texts(film) == ["Ada Tutor: add the fractions"]
    assert (pictures(film), is_encrypted(folder)) == (before, True)
    assert film.stat().st_mtime_ns > seen
    # And back to what the machine heard.
    async with portal.database.write() as connection:
        await change_caption(connection, TUTOR, LESSON, 1, None, clock())
    clock.advance(31_000)
    await portal.films.put_words()
    assert texts(film) == ["Ada Tutor: add the frictions"]


async def test_page_works_without_script(browser: Browser, portal: Portal, folder: Path) -> None:
    await browser.log_in("student")
    assert "Every lesson has this one" in await (await browser.get(PAGE)).text()
    form = {"layout": "speaker", "height": "720", "format": "webm", "captions": "burnt"}
    assert (await browser.submit(PAGE, {**form, "height": "4000"})).status == 409
    assert (await browser.submit(PAGE, {**form, "layout": "tiles", "format": "mp4", "captions": "soft"})).status == 409
    assert (await browser.submit(PAGE, form)).status == 303
    page = await browser.get(PAGE)
    assert (page.headers["Refresh"], "Under way" in await page.text()) == ("3", True)
    await portal.films.settled()
    page = await browser.get(PAGE)
    assert "Board and speaker, 720p WebM, captions in picture" in await page.text()
    assert "Refresh" not in page.headers
    (row,) = await rows(portal, "films")
    assert (await browser.get(f"{API}/films/{row['id']}")).content_type == "video/webm"
    assert (await browser.submit(f"{PAGE}/{row['id']}/remove", {})).status == 303


async def test_nobody_fills_the_queue_or_the_disk(portal: Portal, folder: Path, clock: FakeClock) -> None:
    wishes = [FilmWish(layout, height, "mp4", "none") for layout in ("board", "speaker") for height in (720, 1080)]
    for wish in wishes[:3]:
        await ask(portal, wish, STUDENT)
    with pytest.raises(OrderRefused, match="still to be made"):
        await ask(portal, wishes[3], STUDENT)
    async with portal.database.write() as connection:
        await connection.execute(update(films).values(state="done", done_ms=clock()))
        clock.advance(15 * DAY_MS)
        await end_old_films(connection, clock())
        assert await load_films(connection, LESSON, LESSON) == []


async def test_nothing_is_made_of_a_recording_that_is_gone(portal: Portal, folder: Path) -> None:
    await ask(portal, FilmWish("board", 720, "mp4", "none"))
    destroy_files(portal.settings.recordings, LESSON)
    portal.films.wake()
    await portal.films.settled()
    (row,) = await rows(portal, "films")
    assert (row["state"], folder.exists()) == ("failed", False)
