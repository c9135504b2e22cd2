"""Captions of a recording: portal/captions.py, portal/routes/playback_captions.py."""

from collections.abc import Callable
from pathlib import Path

import pytest

from portal.context import Portal
from portal.recordings import RecordingState
from recorder.captions import FILE, Caption, save_captions
from tests.portal.world import LESSON, NOON_MS, Browser, rows
from tests.recorder.lesson import Lesson

API = f"/api/recordings/{LESSON}/captions"


@pytest.fixture
async def folder(portal: Portal) -> Path:
    """A recording with two captions."""
    lesson = Lesson(portal.settings.recordings / LESSON)
    lesson.live(1000)
    folder = lesson.finish(9000)
    (folder / "export").mkdir()
    heard = [Caption(1, 2000, 3000, "u1", "add the frictions"), Caption(2, 4000, 5000, "u2", "why")]
    save_captions(folder / "export" / FILE, heard, "test")
    await portal.desk.report(
        LESSON, RecordingState.RENDERED, detail="", duration_ms=8000, progress=None, now_ms=NOON_MS
    )
    return folder


async def shown(browser: Browser) -> list[tuple[str, str | None]]:
    answer = await browser.get(API)
    assert answer.status == 200
    return [(one["text"], one["heard"]) for one in (await answer.json())["captions"]]


async def test_staff_correct_what_the_machine_heard_and_it_is_kept(
    open_browser: Callable[[], Browser], portal: Portal, folder: Path
) -> None:
    tutor, student = open_browser(), open_browser()
    await tutor.log_in("tutor")
    await student.log_in("student")
    assert (await (await tutor.get(API)).json())["editable"] is True
    assert (await (await student.get(API)).json())["editable"] is False
    assert await shown(student) == [("add the frictions", None), ("why", None)]
    assert (await tutor.post(f"{API}/1", {"words": " add the  fractions "})).status == 200
    assert await shown(student) == [("add the fractions", "add the frictions"), ("why", None)]
    (edit,) = [row for row in await rows(portal, "audit_log") if row["action"] == "caption.change"]
    assert "fractions" not in edit["detail"]
    assert (await tutor.post(f"{API}/1", {"words": None})).status == 200
    assert await shown(student) == [("add the frictions", None), ("why", None)]


async def test_captions_that_are_not_there_cannot_be_changed(browser: Browser, folder: Path) -> None:
    await browser.log_in("tutor")
    for number in ("3", "0", "-1", "1.0", "x"):
        assert (await browser.post(f"{API}/{number}", {"words": "x"})).status == 404
    assert (await browser.post(f"{API}/1", {"words": "x" * 401})).status == 400


async def test_file_has_the_corrected_words_and_whose_they_are(browser: Browser, folder: Path) -> None:
    await browser.log_in("coordinator")
    await browser.post(f"{API}/1", {"words": "fractions"})
    await browser.post(f"{API}/2", {"words": ""})
    answer = await browser.get(f"{API}.vtt")
    assert answer.content_type == "text/vtt"
    assert await answer.text() == ("WEBVTT\n\n1\n00:00:01.000 --> 00:00:02.000\n<v Ada Tutor>fractions</v>\n")


async def test_recording_without_captions_has_none(browser: Browser, folder: Path) -> None:
    (folder / "export" / FILE).unlink()
    await browser.log_in("student")
    assert await shown(browser) == []
