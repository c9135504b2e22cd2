"""Corrected captions in a film that is there, and the process that makes films to order: recaption.py, film.py."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import av
import pytest

from recorder import film as process
from recorder.captions import FILE, Caption, save_captions
from recorder.export import export
from recorder.film import make_film
from recorder.recaption import recaption
from recorder.schema import EXPORT_FOLDER, FILM
from tests.recorder.lesson import Lesson
from tests.recorder.media import colour_frames, film, tone_packets
from whiteboard_crdt.errors import SetupError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson of two seconds with a voice, a camera, two chapters and captions, and its film."""
    lesson = Lesson(tmp_path_factory.mktemp("recaption") / "lesson")
    lesson.live(0)
    tutor = lesson.people[0]
    tutor.line([(0, 0), (400, 400)])
    lesson.did(tutor, 300)
    lesson.archive.chapter("Beginning", "page", "main", 100)
    lesson.archive.chapter("End", "marker", "main", 1200)
    film(
        lesson.archive.media, lesson.archive, tutor.session, tone=tone_packets(440, 2.0),
        pictures=colour_frames([(0, (200, 30, 30)), (1, (30, 200, 30))], 2.0), start_s=0,
    )  # fmt: skip
    made = lesson.finish(2000)
    (made / EXPORT_FOLDER).mkdir()
    heard = [Caption(1, 200, 800, "u1", "frictions"), Caption(2, 1000, 1900, "u1", "are parts")]
    save_captions(made / EXPORT_FOLDER / FILE, heard, "test")
    export(made, made / EXPORT_FOLDER / FILM, lambda _: None)
    return made


def content(path: Path) -> dict[str, Any]:
    """What of a film must not change, and its captions."""
    with av.open(str(path), "r") as found:
        streams = {stream.index: stream.type for stream in found.streams}
        packets: dict[str, list[tuple[float, bytes]]] = {"video": [], "audio": [], "subtitle": []}
        for packet in found.demux():
            if packet.size and packet.pts is not None:
                packets[streams[packet.stream.index]].append((float(packet.pts * packet.time_base), bytes(packet)))
        words = [(at, data[2:].decode()) for at, data in packets.pop("subtitle") if len(data) > 2]
        chapters = [chapter["metadata"]["title"] for chapter in found.chapters()]
        return {"kept": packets, "chapters": chapters, "length": found.duration, "words": words}


def test_words_change_and_nothing_else(folder: Path) -> None:
    path = folder / EXPORT_FOLDER / FILM
    before = content(path)
    assert [words for _, words in before["words"]] == ["Ada Tutor: frictions", "Ada Tutor: are parts"]
    recaption(folder, path, {1: "fractions", 2: "are parts"})
    after = content(path)
    assert after["words"] == [(0.2, "Ada Tutor: fractions"), (1.0, "Ada Tutor: are parts")]
    assert (after["kept"], after["chapters"]) == (before["kept"], before["chapters"])
    assert abs(after["length"] - before["length"]) < 50_000
    recaption(folder, path, {1: "", 2: ""})
    assert content(path)["words"] == []
    recaption(folder, path, {})
    assert [words for _, words in content(path)["words"]] == ["Ada Tutor: frictions", "Ada Tutor: are parts"]
    assert list(folder.glob("export/*.part")) == []


@pytest.mark.parametrize(
    "job",
    [
        {},
        {"name": "../lesson.mp4", "layout": "tiles", "height": 720, "captions": "none", "words": {}},
        {"name": "film-abcd.mp4", "layout": "tiles", "height": 4000, "captions": "none", "words": {}},
        {"name": "film-abcd.mp4", "layout": "everything", "height": 720, "captions": "none", "words": {}},
        {"name": "film-abcd.mp4", "layout": "tiles", "height": 720, "captions": "none", "words": {"a": "b"}},
        {"words": [1]},
    ],
)
def test_jobs_that_make_no_sense_are_refused_and_leave_the_film(folder: Path, job: dict[str, Any]) -> None:
    before = sorted(path.name for path in (folder / EXPORT_FOLDER).iterdir())
    with pytest.raises(SetupError):
        make_film(folder, job)
    assert sorted(path.name for path in (folder / EXPORT_FOLDER).iterdir()) == before


def test_process_says_what_is_wrong_with_its_job(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(process, "become_idle", lambda: None)
    for text, code in (("{", 1), ("[]", 1), (json.dumps({"words": {"1": "fractions"}}), 0)):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert process.main([str(folder)]) == code
    assert "no job in JSON" in capsys.readouterr().err
    assert process.main([]) == 2
