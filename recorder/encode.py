"""Encodes a film in parts and joins them: MP4 (H.264, AAC) or WebM (VP9, Opus), at a variable frame rate.

A part is a few GOPs of its own, made by an encoder of its own, so that a killed render goes on behind the last part
that was finished, and the joined film is the same to the last bit. One encoder thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Any

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from recorder.caption_track import CaptionTrack
from recorder.mix import RATE_HZ, Samples

_MS = Fraction(1, 1000)
# Seeking in the film lands on a keyframe; ten seconds apart costs little.
KEYFRAME_EVERY_MS = 10_000
# SMPTE 170M, limited range: what the webcams' planes and swscale's conversion of the board are in.
_SMPTE170M, _LIMITED = 6, 1
# Pictures that x264 may hold back to send later ones first (its preset's three B frames, with a pyramid two deep).
_REORDER = 4
# What VP9's scale of quality lies above x264's.
_VP9_CRF = 10
_SOUND_MS = 1000


@dataclass(frozen=True, slots=True)
class FilmChapter:
    """A place to jump to, film ms."""

    from_ms: int
    to_ms: int
    title: str


class PartWriter:
    """One part: pictures only, in Matroska, whose timestamps are the film's. Raises OSError and av.FFmpegError."""

    def __init__(self, path: Path, width: int, height: int, *, crf: int, webm: bool = False) -> None:
        self._path = path
        self._unfinished = path.with_name(path.name + ".part")
        self._container = av.open(str(self._unfinished), "w", format="matroska")
        self._video: VideoStream = self._container.add_stream("libvpx-vp9" if webm else "libx264", rate=25)
        context = self._video.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = _MS
        context.thread_count = 1
        context.color_primaries = context.color_trc = context.colorspace = _SMPTE170M
        context.color_range = _LIMITED
        if webm:
            # The same look at about the same size; without frames for later, which decoders show as pauses.
            context.bit_rate = 0
            context.options = {
                "crf": str(crf + _VP9_CRF), "deadline": "realtime", "cpu-used": "7",
                "auto-alt-ref": "0", "lag-in-frames": "0",
            }  # fmt: skip
        else:
            # Beside two webcams a sixth faster than the preset as it is, 8 % smaller, and 0.2 dB below it on the board.
            faster = "b-adapt=0:subme=1"
            context.options = {
                "preset": "veryfast", "crf": str(crf), "x264-params": f"keyint=250:scenecut=0:vfr=1:{faster}",
            }  # fmt: skip
        self._last_ms = -1
        self._last_key_ms = -KEYFRAME_EVERY_MS

    def picture(self, frame: av.VideoFrame, t_ms: int) -> None:
        """Show a picture from t_ms of the film on; it must be later than the one before."""
        assert t_ms > self._last_ms
        first = self._last_ms < 0
        self._last_ms = t_ms
        frame.pts, frame.time_base = t_ms, _MS
        frame.colorspace, frame.color_range = _SMPTE170M, _LIMITED
        if first or t_ms - self._last_key_ms >= KEYFRAME_EVERY_MS:
            frame.pict_type = PictureType.I
            self._last_key_ms = t_ms
        self._container.mux(self._video.encode(frame))

    def finish(self) -> None:
        """Write what the encoder still holds; from now on the part is there under its name."""
        self._container.mux(self._video.encode(None))
        self._container.close()
        self._unfinished.replace(self._path)

    def abandon(self) -> None:
        """Leave nothing."""
        self._container.close()
        self._unfinished.unlink(missing_ok=True)


class FilmJoiner:
    """An MP4 or WebM file of finished parts, copied, and of sound. Raises OSError and av.FFmpegError."""

    def __init__(
        self,
        path: Path,
        first_part: Path,
        *,
        sound: bool,
        webm: bool = False,
        chapters: Sequence[FilmChapter] = (),
        captions: bool = False,
    ) -> None:
        """`sound`, `captions`: whether there will be any."""
        options = {"cues_to_front": "1"} if webm else {"movflags": "+faststart"}
        self._container = av.open(str(path), "w", format="webm" if webm else "mp4", options=options)
        self._container.set_chapters(
            [
                {
                    "id": number,
                    "start": chapter.from_ms,
                    "end": chapter.to_ms,
                    "time_base": _MS,
                    "metadata": {"title": chapter.title},
                }
                for number, chapter in enumerate(chapters, 1)
            ]
        )
        with av.open(str(first_part)) as part:
            self._video = self._container.add_stream_from_template(part.streams.video[0])
        self._video.time_base = _MS
        self._audio: AudioStream | None = None
        if sound:
            add = self._container.add_stream
            shape: dict[str, Any] = {"rate": RATE_HZ, "layout": "mono", "bit_rate": 64_000}
            self._audio = add("libopus", **shape) if webm else add("aac", **shape)
            # Opus takes 16-bit samples or floats side by side, AAC floats one channel after the other; mono is both.
            self._format = "flt" if webm else "fltp"
        self._captions = CaptionTrack(self._container, webm=webm) if captions else None
        self._samples = 0
        self._shown: list[int] = []
        self._count = 0

    def __enter__(self) -> FilmJoiner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def part(self, path: Path, sound_until: Callable[[int], None]) -> int:
        """Append a part; `sound_until` is asked for the sound beside it (film ms). Returns the number of pictures."""
        with av.open(str(path)) as part:
            packets = [packet for packet in part.demux(video=0) if packet.size and packet.pts is not None]
            times = [round(float(packet.pts * packet.time_base) * 1000) for packet in packets if packet.pts is not None]
            # A part ends with all its pictures, so the order of decoding never reaches over its edge. Decoding times
            # are those of showing, some pictures earlier: later than the one before, and never after its own showing.
            self._shown += sorted(times)
            for packet, time_ms in zip(packets, times, strict=True):
                packet.stream = self._video
                packet.time_base = _MS
                packet.pts = time_ms
                behind = self._count - _REORDER
                packet.dts = self._shown[behind] if behind >= 0 else self._shown[0] + behind
                packet.duration = 0
                self._count += 1
                if time_ms % _SOUND_MS == 0:
                    sound_until(time_ms)
                self._container.mux(packet)
        sound_until(times[-1] if times else 0)
        return len(packets)

    def sound(self, samples: Samples) -> None:
        """Append mono samples of −1 … 1."""
        assert self._audio is not None
        mono = samples.reshape(1, -1).astype(np.float32)
        frame = av.AudioFrame.from_ndarray(mono, format=self._format, layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE_HZ)
        self._samples += len(samples)
        self._container.mux(self._audio.encode(frame))

    def caption(self, from_ms: int, to_ms: int, text: str) -> None:
        """Append a caption, film ms; it begins no sooner than the one before ends."""
        assert self._captions is not None
        self._captions.add(from_ms, to_ms, text)

    def finish(self) -> None:
        """Write what the encoder of the sound still holds."""
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))
