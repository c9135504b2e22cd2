"""Captions of a lesson: who said what and when, each person's words from that person's own sound.

Kept as `export/captions.json` (`docs/recording.md`, Captions). Who speaks needs no guessing: every track is one person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import av
import numpy as np

from recorder.ciphered import open_plain
from recorder.demux import open_media
from recorder.mix import Samples
from recorder.reading import ArchiveReader, TrackRow

__all__ = [
    "FILE", "HEARD_HZ", "Caption", "Recogniser", "Spoken", "correct_captions", "format_vtt", "load_captions",
    "make_captions", "save_captions", "utterances",
]  # fmt: skip

FILE: Final = "captions.json"
HEARD_HZ: Final = 16_000
_STEP_S: Final = 0.02
# About −46 dB of full scale, as for silences; below nobody speaks into a microphone.
_LOUD: Final = 0.005
# A pause of this length ends what is heard at once: a model takes as long for a word as for half a minute. What is
# shorter than a syllable is a knock.
_PAUSE_S: Final = 2.0
_SHORTEST_S: Final = 0.2
_MARGIN_S: Final = 0.2
# What recognisers take at once; a longer speech is cut at its quietest place in the last seconds before.
_LONGEST_S: Final = 28.0
_CUT_WITHIN_S: Final = 5.0
# A caption that stands longer than it can be read was a hallucination over noise.
_LONGEST_TEXT: Final = 400
_MOST_CAPTIONS: Final = 50_000


@dataclass(frozen=True, slots=True)
class Spoken:
    """What a recogniser heard, seconds from the beginning of what it was given."""

    from_s: float
    to_s: float
    text: str


class Recogniser(Protocol):
    """Turns speech into text."""

    @property
    def name(self) -> str:
        """Which engine and model, for the record."""

    def recognise(self, samples: Samples) -> Iterable[Spoken]:
        """Some seconds of one person, mono at `HEARD_HZ`, −1 … 1; at most `_LONGEST_S` and a little."""


@dataclass(frozen=True, slots=True)
class Caption:
    """Words of one person, room time in ms. `id` counts from 1 in the order of `from_ms`."""

    id: int
    from_ms: int
    to_ms: int
    user: str
    text: str


def make_captions(
    folder: Path, recogniser: Recogniser, progress: Callable[[float], None] = lambda _: None
) -> list[Caption]:
    """Listen to every voice of a lesson. Raises SetupError; a track that cannot be read counts as far as it goes."""
    with ArchiveReader(folder) as archive:
        voices = [track for track in archive.tracks() if track.kind == "audio" and track.path.is_file()]
    found: list[Caption] = []
    for number, track in enumerate(voices):
        found += _captions_of(track, recogniser)
        progress((number + 1) / len(voices))
    found.sort(key=lambda caption: (caption.from_ms, caption.to_ms, caption.user))
    return [replace(caption, id=number) for number, caption in enumerate(found[:_MOST_CAPTIONS], 1)]


def save_captions(path: Path, captions: Sequence[Caption], engine: str) -> None:
    """Write the file in one step. Raises OSError."""
    part = path.with_name(path.name + ".part")
    content = {"version": 1, "engine": engine, "captions": [asdict(caption) for caption in captions]}
    part.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
    part.replace(path)


def load_captions(path: Path) -> list[Caption]:
    """The captions of a lesson; none while there are none, or what is no caption."""
    try:
        with open_plain(path) as file:
            entries = json.loads(file.read())["captions"]
        return [
            Caption(int(one["id"]), int(one["from_ms"]), int(one["to_ms"]), str(one["user"]), str(one["text"]))
            for one in entries[:_MOST_CAPTIONS]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def correct_captions(captions: Iterable[Caption], words: Mapping[int, str]) -> list[Caption]:
    """The captions with people's words, by number, over the machine's; one whose words are "" was taken out."""
    corrected = (replace(one, text=words.get(one.id, one.text)) for one in captions)
    return [one for one in corrected if one.text]


def format_vtt(captions: Iterable[Caption], names: Callable[[str], str], start_ms: int) -> str:
    """WebVTT (W3C) with a voice for each caption; times count from `start_ms`."""
    blocks = ["WEBVTT\n"]
    for caption in captions:
        begin, end = max(0, caption.from_ms - start_ms), max(0, caption.to_ms - start_ms)
        if end <= begin:
            continue
        name, text = _vtt_text(names(caption.user)), _vtt_text(caption.text)
        blocks.append(f"{caption.id}\n{_vtt_time(begin)} --> {_vtt_time(end)}\n<v {name}>{text}</v>\n")
    return "\n".join(blocks)


def _vtt_time(t_ms: int) -> str:
    return f"{t_ms // 3_600_000:02}:{t_ms // 60_000 % 60:02}:{t_ms // 1000 % 60:02}.{t_ms % 1000:03}"


def _vtt_text(text: str) -> str:
    # An arrow or an empty line would end the cue; a tag would be one.
    line = " ".join(text.split())
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _captions_of(track: TrackRow, recogniser: Recogniser) -> Iterator[Caption]:
    for begin_s, samples in utterances(_sound(track)):
        for spoken in recogniser.recognise(samples):
            text = " ".join(spoken.text.split())[:_LONGEST_TEXT]
            from_s, to_s = begin_s + spoken.from_s, begin_s + min(spoken.to_s, len(samples) / HEARD_HZ)
            if text and to_s > from_s:
                from_ms, to_ms = (round(track.start_ms + track.rate * t * 1000) for t in (from_s, to_s))
                yield Caption(0, from_ms, to_ms, track.session.user, text)


def _sound(track: TrackRow) -> Iterator[tuple[float, Samples]]:
    """Pieces of a track with their time in it, seconds; holes between them are quiet."""
    try:
        with open_media(track.path) as container:
            resampler = av.AudioResampler(format="flt", layout="mono", rate=HEARD_HZ)
            for packet in container.demux(container.streams.audio[0]):
                try:
                    frames = packet.decode()
                except av.FFmpegError:
                    # A damaged packet; the next ones may be whole.
                    continue
                for frame in frames:
                    if frame.time is not None:
                        for part in resampler.resample(frame):
                            yield frame.time, part.to_ndarray()[0]
    except (av.FFmpegError, OSError, IndexError):
        # What was heard so far still counts.
        return


def utterances(pieces: Iterable[tuple[float, Samples]]) -> Iterator[tuple[float, Samples]]:
    """Speech between pauses: where it begins, seconds, and its sound. Holds no more of a lesson than one at a time."""
    step = int(HEARD_HZ * _STEP_S)
    held: list[Samples] = []
    begin_s, quiet_s, loud_s = 0.0, 0.0, 0.0
    rest: Samples = np.zeros(0, np.float32)
    for piece_s, piece in pieces:
        samples = np.concatenate([rest, piece])
        at_s = piece_s - len(rest) / HEARD_HZ
        count = len(samples) // step
        rest = samples[count * step :]
        for number in range(count):
            window = samples[number * step : (number + 1) * step]
            now_s = at_s + number * _STEP_S
            is_loud = float(np.sqrt(np.mean(window * window))) >= _LOUD
            if not held:
                begin_s = now_s
            # A hole in the track ends an utterance too: its words would be heard as one.
            elif now_s - (begin_s + len(held) * _STEP_S) > _PAUSE_S:
                yield from _utterance(begin_s, held, loud_s)
                held, begin_s, quiet_s, loud_s = [], now_s, 0.0, 0.0
            held.append(window)
            if is_loud and loud_s == 0.0:
                # Of the quiet before only a breath.
                del held[: -int(_MARGIN_S / _STEP_S)]
                begin_s, quiet_s = now_s + _STEP_S - len(held) * _STEP_S, 0.0
            quiet_s, loud_s = (0.0, loud_s + _STEP_S) if is_loud else (quiet_s + _STEP_S, loud_s)
            if quiet_s >= _PAUSE_S:
                if loud_s == 0.0:
                    del held[: -int(_MARGIN_S / _STEP_S)]
                    begin_s, quiet_s = now_s + _STEP_S - len(held) * _STEP_S, 0.0
                else:
                    yield from _utterance(begin_s, held, loud_s)
                    held, quiet_s, loud_s = [], 0.0, 0.0
            elif len(held) * _STEP_S >= _LONGEST_S:
                cut = _quietest(held)
                yield from _utterance(begin_s, held[:cut], loud_s)
                begin_s, held, quiet_s, loud_s = begin_s + cut * _STEP_S, held[cut:], 0.0, _STEP_S
    yield from _utterance(begin_s, held, loud_s)


def _utterance(begin_s: float, held: list[Samples], loud_s: float) -> Iterator[tuple[float, Samples]]:
    if loud_s >= _SHORTEST_S:
        yield begin_s, np.concatenate(held)


def _quietest(held: list[Samples]) -> int:
    first = len(held) - int(_CUT_WITHIN_S / _STEP_S)
    levels = [float(np.mean(window * window)) for window in held[first:]]
    return first + int(np.argmin(levels)) + 1
