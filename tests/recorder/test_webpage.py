"""A lesson as one file: recorder/webpage.py."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from recorder.archive import LessonInfo, open_archive
from recorder.webpage import make_webpage
from tests.recorder.lesson import Lesson
from whiteboard_crdt.errors import SetupError


def data_of(page: Path) -> Any:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script id="lesson" type="application/json">(.*?)</script>', text, re.DOTALL)
    assert found
    return json.loads(found[1])


@pytest.fixture
def lesson(tmp_path: Path) -> Lesson:
    """Two people; the lesson begins at 1 s."""
    lesson = Lesson(tmp_path / "recording")
    lesson.live(1_000)
    return lesson


def test_shapes_stand_from_their_arrival_until_they_are_erased(lesson: Lesson, tmp_path: Path) -> None:
    ada, ben = lesson.people
    kept = ada.line([(10, 10), (200, 40)], colour="blue")
    lesson.did(ada, 2_000)
    gone = ben.line([(300, 300), (400, 300)])
    lesson.did(ben, 3_000)
    ben.board.erase([gone])
    lesson.did(ben, 9_000)
    make_webpage(lesson.finish(11_000), tmp_path / "lesson.html")
    data = data_of(tmp_path / "lesson.html")
    assert [version[:3] for version in data["shapes"]] == [[1_000, None, "main"], [2_000, 8_000, "main"]]
    assert all(version[4].startswith("<path ") for version in data["shapes"])
    assert (data["length_ms"], [person["name"] for person in data["people"]]) == (10_000, ["Ada Tutor", "Student 1"])
    assert kept != gone


def test_view_holds_what_lies_beyond_the_sheet(lesson: Lesson, tmp_path: Path) -> None:
    ada = lesson.people[0]
    ada.line([(-500, -200), (2_400, 1_500)])
    lesson.did(ada, 2_000)
    make_webpage(lesson.finish(5_000), tmp_path / "lesson.html")
    (page,) = data_of(tmp_path / "lesson.html")["pages"]
    left, top, width, height = page["box"]
    assert left < -500 and top < -200 and left + width > 2_400 and top + height > 1_500


def test_words_of_people_never_become_markup(lesson: Lesson, tmp_path: Path) -> None:
    ada = lesson.people[0]
    hostile = '</script><script>alert(1)</script><!-- "{script}" /*LESSON*/'
    ada.chat.post(hostile, 1_800_000_002_000)
    ada.board.add_text("main", 10, 10, hostile, "black", 24, 1_800_000_002_000)
    lesson.did(ada, 2_000)
    lesson.archive.meta("title", hostile)
    make_webpage(lesson.finish(5_000), tmp_path / "lesson.html")
    text = (tmp_path / "lesson.html").read_text(encoding="utf-8")
    assert text.count("<script") == 2
    assert "alert(1)</script>" not in text
    assert data_of(tmp_path / "lesson.html")["title"] == hostile
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", text)


def test_turned_pages_are_followed(lesson: Lesson, tmp_path: Path) -> None:
    ada = lesson.people[0]
    page = ada.board.add_page("Second")
    ada.stage.set(page=page)
    lesson.did(ada, 4_000)
    make_webpage(lesson.finish(5_000), tmp_path / "lesson.html")
    data = data_of(tmp_path / "lesson.html")
    assert data["turns"] == [[0, "main"], [3_000, page]]
    assert [each["title"] for each in data["pages"]] == ["", "Second"]


def test_lesson_without_anything_is_still_a_page(tmp_path: Path) -> None:
    open_archive(tmp_path / "r", LessonInfo("l", "room", "Empty", "s", "{}")).close()
    assert make_webpage(tmp_path / "r", tmp_path / "lesson.html") == []
    assert data_of(tmp_path / "lesson.html")["shapes"] == []


def test_folder_that_is_no_recording_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(SetupError, match="holds no recording"):
        make_webpage(tmp_path, tmp_path / "lesson.html")
