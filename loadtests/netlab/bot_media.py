"""Sound and picture of a participant without a browser: encoded once, sent as it is, and what comes is not decoded.

A person of a lesson costs a third of a processor as a browser, since each of five encodes five pictures and decodes
four. On the wire this one is the same: Opus of a tone at 50 packets a second, VP8 of 320×240 at 15 pictures a second at
about the bitrate that a lesson of five leaves each link. It does not follow what the receivers say of the line.
"""

from __future__ import annotations

import asyncio
import fractions
import queue
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import aiortc.rtcrtpreceiver
import av
import numpy as np
from aiortc import MediaStreamTrack
from aiortc.rate import RemoteBitrateEstimator

__all__ = ["BotMedia"]

AUDIO_BPS: Final = 32_000
# The encoder takes a third more of what cannot be foreseen.
VIDEO_BPS: Final = 150_000
_RATE_HZ, _AUDIO_FRAME, _FRAMES_S = 48_000, 960, 15
_WIDTH_PX, _HEIGHT_PX = 320, 240
_LOOP_S: Final = 2


@dataclass(frozen=True, slots=True)
class _Loop:
    """Encoded packets that repeat, and the time between two."""

    packets: Sequence[bytes]
    step_s: float
    clock: int

    def at(self, number: int) -> Any:
        packet = av.Packet(self.packets[number % len(self.packets)])
        packet.pts = packet.dts = round(number * self.step_s * self.clock)
        packet.time_base = fractions.Fraction(1, self.clock)
        return packet


class _LoopTrack(MediaStreamTrack):
    """One connection's copy of a loop, paced by the clock."""

    def __init__(self, kind: str, loop: _Loop) -> None:
        super().__init__()
        self.kind = kind
        self._packets = loop
        self._begun_s = time.monotonic()
        self._number = 0

    async def recv(self) -> Any:
        self._number += 1
        await asyncio.sleep(max(0.0, self._begun_s + self._number * self._packets.step_s - time.monotonic()))
        return self._packets.at(self._number)


class BotMedia:
    """What one participant sends to everybody: `tracks` for each new connection."""

    def __init__(self, tone_hz: int) -> None:
        self._audio = _tone(tone_hz)
        self._video = _picture(tone_hz)
        aiortc.rtcrtpreceiver.RemoteBitrateEstimator = _Estimator  # type: ignore[attr-defined]
        # Everything that a receiver decodes would be thrown away; the thread is aiortc's, and has no switch.
        aiortc.rtcrtpreceiver.decoder_worker = _discard  # type: ignore[assignment]  # other names of its arguments

    def tracks(self, _session: object) -> list[MediaStreamTrack]:
        """Fresh tracks, since each connection pulls at its own pace."""
        return [_LoopTrack("audio", self._audio), _LoopTrack("video", self._video)]


class _Estimator(RemoteBitrateEstimator):
    """Leaves room for the sound, as the recorder's does; a browser, for which it stands, would tell no limit."""

    def add(
        self, arrival_time_ms: int, abs_send_time: int, payload_size: int, ssrc: int
    ) -> tuple[int, list[int]] | None:
        estimate = super().add(arrival_time_ms, abs_send_time, payload_size, ssrc)
        return None if estimate is None else (estimate[0] + 128_000, estimate[1])


def _discard(_loop: object, incoming: queue.Queue[Any], _outgoing: object, _error: object) -> None:
    while incoming.get() is not None:
        pass


def _tone(tone_hz: int) -> _Loop:
    encoder = av.CodecContext.create("libopus", "w")
    encoder.bit_rate = AUDIO_BPS
    encoder.sample_rate = _RATE_HZ
    encoder.layout = "mono"
    encoder.format = "s16"
    time_s = np.arange(_RATE_HZ * _LOOP_S) / _RATE_HZ
    wave = (np.sin(2 * np.pi * tone_hz * time_s) * 10_000).astype(np.int16)
    packets: list[bytes] = []
    for start in range(0, len(wave), _AUDIO_FRAME):
        frame = av.AudioFrame.from_ndarray(wave[np.newaxis, start : start + _AUDIO_FRAME], "s16", "mono")
        frame.sample_rate, frame.pts = _RATE_HZ, start
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return _Loop(packets, _AUDIO_FRAME / _RATE_HZ, _RATE_HZ)


def _picture(seed: int) -> _Loop:
    encoder = av.CodecContext.create("libvpx", "w")
    encoder.width, encoder.height, encoder.pix_fmt = _WIDTH_PX, _HEIGHT_PX, "yuv420p"
    encoder.bit_rate = VIDEO_BPS
    encoder.time_base = fractions.Fraction(1, _FRAMES_S)
    bits = str(VIDEO_BPS)
    encoder.options = {
        "deadline": "realtime", "cpu-used": "5", "lag-in-frames": "0", "minrate": bits, "maxrate": bits,
        "bufsize": str(VIDEO_BPS // 2), "g": str(_FRAMES_S * _LOOP_S),
    }  # fmt: skip
    random = np.random.default_rng(seed)
    packets: list[bytes] = []
    for number in range(_FRAMES_S * _LOOP_S):
        # Grain that the encoder cannot foresee: it fills its bitrate.
        coarse = random.integers(16, 235, (_HEIGHT_PX // 8, _WIDTH_PX // 8), dtype=np.uint8)
        picture = np.repeat(np.repeat(coarse, 8, 0), 8, 1)
        frame = av.VideoFrame.from_ndarray(np.stack([picture] * 3, axis=2), "rgb24").reformat(format="yuv420p")
        frame.pts = number
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return _Loop(packets, 1 / _FRAMES_S, 90_000)
