"""From frames to files: `recorder.tracks`."""

from __future__ import annotations

from pathlib import Path

import pytest

from recorder.clock import SenderClock
from recorder.frames import Kind, vp8_is_keyframe
from recorder.matroska_read import scan
from recorder.tracks import TrackRecorder, TrackState
from tests.recorder.media import (
    BLUE,
    RED,
    Camera,
    colour_frames,
    decode_audio,
    decode_video,
    finish,
    near,
    room_clock,
    tone_packets,
    tone_starts_s,
)


class Journal:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.states: dict[str, TrackState] = {}
        self.holes: list[tuple[str, float, float]] = []
        self.epochs = 0

    def next_epoch(self, session: str, kind: Kind) -> int:
        self.epochs += 1
        return self.epochs

    def hole(self, session: str, kind: Kind, from_ms: float, to_ms: float, cause: str) -> None:
        self.holes.append((cause, from_ms, to_ms))

    def track(self, session: str, state: TrackState) -> None:
        self.states[state.file] = state


def make(tmp_path: Path, kind: Kind, asked: list[int] | None = None) -> tuple[TrackRecorder, Journal]:
    journal = Journal()
    recorder = TrackRecorder(
        session="00000000000000aa",
        kind=kind,
        media=tmp_path,
        journal=journal,
        room=room_clock(),
        sender=SenderClock(),
        ask_keyframe=lambda: asked.append(1) if asked is not None else None,
    )
    return recorder, journal


@pytest.fixture(scope="module")
def tone() -> list[bytes]:
    return tone_packets(440, 8, on_s=3)


@pytest.fixture(scope="module")
def pictures() -> list[bytes]:
    return colour_frames([(0, RED), (4, BLUE)], 8)


def test_nothing_is_kept_before_the_lesson_is_live(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    camera = Camera(recorder)
    for index, packet in enumerate(tone[:50]):
        camera.send(packet, index * 0.02)
    finish(recorder.take())
    assert list(tmp_path.iterdir()) == []
    recorder.start()
    for index, packet in enumerate(tone[50:], 50):
        camera.send(packet, index * 0.02)
    finish(recorder.take_end())
    (state,) = journal.states.values()
    assert state.start_ms == pytest.approx(1000 + 20, abs=16)
    assert state.closed
    assert state.frames == len(tone) - 50


def test_line_of_a_file_puts_a_tone_at_its_room_time(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    recorder.start()
    camera = Camera(recorder, skew=100e-6)
    for index, packet in enumerate(tone):
        camera.send(packet, 100 + index * 0.02)
    finish(recorder.take_end())
    (state,) = journal.states.values()
    samples, first_s = decode_audio(tmp_path / state.file)
    t_ms = (first_s + tone_starts_s(samples, 440)) * 1000
    # The camera's network takes 20 ms at least, which nobody can tell from an offset.
    assert state.start_ms + state.rate * t_ms - 20 == pytest.approx(103_000, abs=15)


def test_lost_audio_is_filled_so_that_the_rest_stays_in_place(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    recorder.start()
    camera = Camera(recorder)
    for index, packet in enumerate(tone):
        if not 20 <= index < 60:
            camera.send(packet, index * 0.02, gap=index == 60)
    finish(recorder.take_end())
    (state,) = journal.states.values()
    assert state.frames == len(tone)
    samples, first_s = decode_audio(tmp_path / state.file)
    assert first_s + tone_starts_s(samples, 440) == pytest.approx(3.0, abs=0.015)
    ((cause, from_ms, to_ms),) = journal.holes
    assert cause == "lost"
    assert to_ms - from_ms == pytest.approx(800, abs=5)


def test_silent_sender_begins_a_new_file_and_the_pause_is_noted(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    recorder.start()
    camera = Camera(recorder)
    for index, packet in enumerate(tone):
        camera.send(packet, index * 0.02 + (10 if index >= 100 else 0))
    finish(recorder.take_end())
    first, second = journal.states.values()
    assert second.start_ms - first.start_ms == pytest.approx(12_000, abs=1)
    assert [hole[0] for hole in journal.holes] == ["paused"]
    assert journal.holes[0][2] - journal.holes[0][1] == pytest.approx(10_000, abs=25)


def test_video_file_begins_with_a_keyframe_that_was_asked_for(tmp_path: Path, pictures: list[bytes]) -> None:
    asked: list[int] = []
    recorder, journal = make(tmp_path, "video", asked)
    camera = Camera(recorder)
    recorder.start()
    for index, frame in enumerate(pictures[5:], 5):
        camera.send(frame, index / 15, key=vp8_is_keyframe(frame))
    finish(recorder.take_end())
    assert asked
    (state,) = journal.states.values()
    assert (state.width, state.height) == (320, 180)
    shown = list(decode_video(tmp_path / state.file))
    assert len(shown) == state.frames == scan(tmp_path / state.file).blocks
    turns = next(time for time, picture in shown if near(picture[90, 160], BLUE))
    assert state.start_ms + turns * 1000 - 20 == pytest.approx(4000, abs=15)


def test_new_source_begins_a_new_file(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    recorder.start()
    camera = Camera(recorder)
    for index, packet in enumerate(tone[:100]):
        camera.send(packet, index * 0.02, ssrc=1 if index < 50 else 2)
    finish(recorder.take_end())
    assert [state.epoch for state in journal.states.values()] == [1, 2]


def test_flush_states_bytes_that_are_in_the_file(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    recorder.start()
    camera = Camera(recorder)
    for index, packet in enumerate(tone[:100]):
        camera.send(packet, index * 0.02)
    finish(recorder.take())
    (state,) = journal.states.values()
    assert (tmp_path / state.file).stat().st_size == state.bytes
    assert not state.closed
    finish(recorder.take_end())


def test_media_goes_on_in_a_new_file_when_a_full_disk_has_room_again(tmp_path: Path, tone: list[bytes]) -> None:
    recorder, journal = make(tmp_path, "audio")
    camera = Camera(recorder)
    recorder.start()
    for index, packet in enumerate(tone[:50]):
        camera.send(packet, index * 0.02)
    recorder.fail()
    for index, packet in enumerate(tone[50:150], 50):
        camera.send(packet, index * 0.02)
    assert journal.epochs == 1
    recorder.resume()
    for index, packet in enumerate(tone[150:200], 150):
        camera.send(packet, index * 0.02)
    finish(recorder.take_end())
    assert [(cause, round(to_ms - from_ms)) for cause, from_ms, to_ms in journal.holes] == [("disk", 0), ("disk", 2000)]
    assert [state.frames for state in journal.states.values()] == [50, 50]
