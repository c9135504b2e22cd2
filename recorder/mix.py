"""The voices of a film: decodes every audio track, puts it onto room time, and adds them up block by block."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field

import av
import numpy as np
import numpy.typing as npt

from recorder.demux import open_media
from recorder.reading import TrackRow

RATE_HZ = 48_000
Samples = npt.NDArray[np.float32]
# Clock skew is taken up by stretching a chunk by a few samples; a larger step is a hole and is jumped over.
_STRETCH_MAX = 48


@dataclass(order=True, slots=True)
class _Voice:
    start_ms: float
    number: int
    chunks: Iterator[tuple[int, Samples]] = field(compare=False)
    waiting: tuple[int, Samples] | None = field(default=None, compare=False)


class AudioMix:
    """All audio tracks from `start_ms` of room time on; blocks are asked for one after another."""

    def __init__(self, tracks: list[TrackRow], start_ms: float) -> None:
        self._start_ms = start_ms
        self._later = [_Voice(track.start_ms, n, self._chunks(track)) for n, track in enumerate(tracks)]
        heapq.heapify(self._later)
        self._open: list[_Voice] = []
        self._at = 0
        self.failed: list[str] = []

    def block(self, samples: int) -> Samples:
        """The next `samples` of the sum, mono, −1 … 1."""
        first, end = self._at, self._at + samples
        self._at = end
        end_ms = self._start_ms + end * 1000.0 / RATE_HZ
        while self._later and self._later[0].start_ms < end_ms:
            self._open.append(heapq.heappop(self._later))
        out: Samples = np.zeros(samples, np.float32)
        self._open = [voice for voice in self._open if self._add(voice, out, first, end)]
        return np.clip(out, -1.0, 1.0, out=out)

    def _add(self, voice: _Voice, out: Samples, first: int, end: int) -> bool:
        while True:
            chunk, voice.waiting = voice.waiting, None
            if chunk is None:
                chunk = next(voice.chunks, None)
            if chunk is None:
                return False
            at, data = chunk
            if at >= end:
                voice.waiting = chunk
                return True
            begin = max(at, first)
            stop = min(at + len(data), end)
            if stop > begin:
                out[begin - first : stop - first] += data[begin - at : stop - at]
            if at + len(data) > end:
                voice.waiting = (end, data[end - at :])
                return True

    def _chunks(self, track: TrackRow) -> Iterator[tuple[int, Samples]]:
        written: int | None = None
        try:
            with open_media(track.path) as container:
                stream = container.streams.audio[0]
                resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE_HZ)
                for packet in container.demux(stream):
                    try:
                        decoded = packet.decode()
                    except av.FFmpegError:
                        # A damaged packet; the next ones may be whole.
                        continue
                    for frame in decoded:
                        if frame.time is None:
                            continue
                        data = np.concatenate([part.to_ndarray()[0] for part in resampler.resample(frame)])
                        room_ms = track.start_ms + track.rate * frame.time * 1000.0
                        at = round((room_ms - self._start_ms) * RATE_HZ / 1000.0)
                        length = len(data)
                        if written is not None and abs(at - written) <= _STRETCH_MAX:
                            # Half of what is owed: rounding of timestamps must not be heard as a flutter.
                            length += int((at - written) / 2)
                            at = written
                        written = at + length
                        yield at, _stretch(data, length)
        except (av.FFmpegError, OSError, IndexError) as error:
            self.failed.append(f"{track.path.name}: {type(error).__name__}")


def _stretch(data: Samples, length: int) -> Samples:
    if length == len(data) or length <= 0 or not len(data):
        return data.astype(np.float32, copy=False)
    places = np.linspace(0.0, len(data) - 1.0, length)
    return np.interp(places, np.arange(len(data)), data).astype(np.float32)
