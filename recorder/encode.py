"""Writes a film file: H.264 at a variable frame rate, AAC, the index in front. One encoder thread."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from types import TracebackType

import av
import numpy as np
from av.audio.stream import AudioStream
from av.video.frame import PictureType
from av.video.stream import VideoStream

from recorder.mix import RATE_HZ, Samples

_MS = Fraction(1, 1000)
# Seeking in the film lands on a keyframe; ten seconds apart costs little.
KEYFRAME_EVERY_MS = 10_000
# SMPTE 170M, limited range: what the webcams' planes and swscale's conversion of the board are in.
_SMPTE170M, _LIMITED = 6, 1


class FilmWriter:
    """An MP4 file. Times are ms from the film's beginning. Raises OSError and av.FFmpegError."""

    def __init__(self, path: Path, width: int, height: int, *, sound: bool, crf: int = 26) -> None:
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self._video: VideoStream = self._container.add_stream("libx264", rate=25)
        context = self._video.codec_context
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base = _MS
        context.thread_count = 1
        context.color_primaries = context.color_trc = context.colorspace = _SMPTE170M
        context.color_range = _LIMITED
        context.options = {"preset": "veryfast", "crf": str(crf), "x264-params": "keyint=250:scenecut=0:vfr=1"}
        self._audio: AudioStream | None = None
        if sound:
            self._audio = self._container.add_stream("aac", rate=RATE_HZ, layout="mono", bit_rate=64_000)
        self._samples = 0
        self._last_ms = -1
        self._last_key_ms = -KEYFRAME_EVERY_MS

    def __enter__(self) -> FilmWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._container.close()

    def picture(self, frame: av.VideoFrame, t_ms: int) -> None:
        """Show a picture from t_ms on; it must be later than the one before."""
        assert t_ms > self._last_ms
        self._last_ms = t_ms
        frame.pts, frame.time_base = t_ms, _MS
        frame.colorspace, frame.color_range = _SMPTE170M, _LIMITED
        if t_ms - self._last_key_ms >= KEYFRAME_EVERY_MS:
            frame.pict_type = PictureType.I
            self._last_key_ms = t_ms
        self._container.mux(self._video.encode(frame))

    def sound(self, samples: Samples) -> None:
        """Append mono samples of −1 … 1."""
        assert self._audio is not None
        frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1).astype(np.float32), format="fltp", layout="mono")
        frame.sample_rate = RATE_HZ
        frame.pts, frame.time_base = self._samples, Fraction(1, RATE_HZ)
        self._samples += len(samples)
        self._container.mux(self._audio.encode(frame))

    def finish(self) -> None:
        """Write what the encoders still hold."""
        self._container.mux(self._video.encode(None))
        if self._audio is not None:
            self._container.mux(self._audio.encode(None))
