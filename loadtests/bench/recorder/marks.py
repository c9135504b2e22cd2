"""Finds the flashes and the tones in recorded files, and what of a file does not decode."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
# A white picture is near 235, the scene near 90.
_BRIGHT = 165.0
_STEP = 48
_RATE_HZ = 48_000
_ON = 0.1
# A tone counts as new after so many steps, 1 ms each, without one.
_QUIET_STEPS = 200


@dataclass(slots=True)
class Found:
    """What is in one file. `marks_ms`: file time of every mark's first moment."""

    marks_ms: list[float] = field(default_factory=list)
    frames: int = 0
    undecodable: int = 0
    keyframe_gap_s: float = 0.0
    frozen_s: float = 0.0
    length_s: float = 0.0
    heard_s: float = 0.0


def look(path: Path, settled_ms: float = 0.0) -> Found:
    """Decode every frame of a picture file. `frozen_s`: longest time without a new picture after `settled_ms`."""
    found = Found()
    bright = True
    shown_s = key_s = None
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        for packet in container.demux(stream):
            if packet.size == 0:
                continue
            found.frames += 1
            time_s = float((packet.pts or 0) * stream.time_base) if stream.time_base else 0.0
            if packet.is_keyframe:
                if key_s is not None:
                    found.keyframe_gap_s = max(found.keyframe_gap_s, time_s - key_s)
                key_s = time_s
            try:
                pictures = packet.decode()
            except av.FFmpegError:
                pictures = []
            if not pictures:
                found.undecodable += 1
            for picture in pictures:
                at_s = float(picture.time or 0.0)
                if shown_s is not None and shown_s * 1000 >= settled_ms:
                    found.frozen_s = max(found.frozen_s, at_s - shown_s)
                shown_s = at_s
                luma = float(picture.to_ndarray(format="gray")[::8, ::8].mean())
                if luma > _BRIGHT and not bright:
                    found.marks_ms.append(at_s * 1000)
                bright = luma > _BRIGHT
    found.length_s = shown_s or 0.0
    found.keyframe_gap_s = max(found.keyframe_gap_s, found.length_s - (key_s or 0.0))
    return found


def listen(path: Path, _settled_ms: float = 0.0) -> Found:
    """Decode every packet of a sound file. `heard_s`: sound that is there; `length_s`: from first moment to last."""
    found = Found()
    parts: list[tuple[float, Samples]] = []
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=_RATE_HZ)
        for packet in container.demux(container.streams.audio[0]):
            if packet.size == 0:
                continue
            found.frames += 1
            try:
                frames = packet.decode()
            except av.FFmpegError:
                found.undecodable += 1
                continue
            for frame in frames:
                if isinstance(frame, av.AudioFrame):
                    at_s = float(frame.time or 0.0)
                    parts += [(at_s, part.to_ndarray()[0]) for part in resampler.resample(frame)]
    quiet = 0
    for at_s, samples in parts:
        for start in range(0, len(samples) - _STEP + 1, _STEP):
            part = np.abs(samples[start : start + _STEP])
            quiet = quiet + 1 if part.max() < _ON else 0 if quiet < _QUIET_STEPS else quiet
            if part.max() >= _ON and quiet:
                found.marks_ms.append((at_s + (start + int(np.argmax(part > _ON))) / _RATE_HZ) * 1000)
                quiet = 0
    if parts:
        found.length_s = parts[-1][0] + len(parts[-1][1]) / _RATE_HZ - parts[0][0]
        found.heard_s = sum(len(samples) for _, samples in parts) / _RATE_HZ
    return found


def count_frames(path: Path) -> int:
    """Frames of the picture in a file, without decoding them; 0 where nothing can be read."""
    try:
        with av.open(str(path)) as container:
            return sum(packet.size > 0 for packet in container.demux(video=0)) if container.streams.video else 0
    except av.FFmpegError:
        return 0


def pair(first_ms: list[float], second_ms: list[float], within_ms: float = 400.0) -> list[float]:
    """second − first for every mark that both have."""
    offsets: list[float] = []
    for mark in first_ms:
        nearest = min(second_ms, key=lambda other: abs(other - mark), default=None)
        if nearest is not None and abs(nearest - mark) < within_ms:
            offsets.append(nearest - mark)
    return offsets
