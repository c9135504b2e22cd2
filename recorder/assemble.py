"""Makes complete encoded frames out of RTP packets that are in order.

A frame with a hole in it never comes out. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from aiortc.codecs.h264 import h264_depayload

from recorder.frames import (
    EncodedFrame,
    Kind,
    h264_is_keyframe,
    h264_packet_starts_picture,
    vp8_is_keyframe,
    vp8_packet_starts_frame,
    vp8_payload,
)
from recorder.reorder import Released

# A frame larger than this is no camera's; the cap bounds memory against a sender that never ends a frame.
MAX_FRAME_BYTES = 4 << 20


@dataclass(slots=True)
class MediaPacket:
    """What assembly needs of one RTP packet. Never changed; not frozen for its price, as `Released`."""

    codec: str
    payload: bytes
    timestamp: int
    marker: bool
    ssrc: int


class TimestampUnwrapper:
    """Turns the 32-bit timestamps of RTP into numbers that do not wrap."""

    def __init__(self) -> None:
        self._highest: int | None = None

    def extend(self, timestamp: int) -> int:
        """The extended timestamp nearest to the highest one so far."""
        if self._highest is None:
            self._highest = timestamp
            return timestamp
        distance = (timestamp - self._highest) & 0xFFFFFFFF
        if distance >= 1 << 31:
            return self._highest + distance - (1 << 32)
        self._highest += distance
        return self._highest

    def nearest(self, timestamp: int) -> int | None:
        """As `extend`, but without moving on (sender reports); None before the first packet."""
        if self._highest is None:
            return None
        distance = (timestamp - self._highest) & 0xFFFFFFFF
        return self._highest + (distance - (1 << 32) if distance >= 1 << 31 else distance)


class FrameAssembler:
    """Frames of one RTP stream.

    After a loss in video nothing comes until the next keyframe, because nothing could be decoded.
    """

    def __init__(self, kind: Kind, clock: TimestampUnwrapper) -> None:
        self._kind: Kind = kind
        self._clock = clock
        self._parts: list[bytes] = []
        self._size = 0
        self._current: MediaPacket | None = None
        # Video begins as after a loss: the first thing kept is a keyframe.
        self._hunting = kind == "video"
        self._gap = False
        self._lost = 0

    @property
    def wants_keyframe(self) -> bool:
        """Whether everything is being dropped until a keyframe comes."""
        return self._hunting

    def add(self, released: Released[MediaPacket], arrival_s: float) -> list[EncodedFrame]:
        """Take the next packet in order; returns the frames that it completes."""
        out: list[EncodedFrame] = []
        packet = released.packet
        if released.gap:
            self._drop()
            self._gap = True
            if self._kind == "video":
                self._hunting = True
            else:
                self._lost += released.lost
        if not packet.payload:
            return out
        if self._kind == "audio":
            self._current = packet
            self._parts = [packet.payload]
            return self._emit(arrival_s)
        if self._current is not None and self._current.timestamp != packet.timestamp:
            out += self._emit(arrival_s)
        if self._current is None and self._hunting and not _may_start(packet):
            if packet.marker:
                self._lost += 1
            return out
        try:
            part = (vp8_payload if packet.codec == "vp8" else h264_depayload)(packet.payload)
        except (ValueError, IndexError):
            self._drop()
            self._gap = self._hunting = True
            return out
        self._current = packet
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_FRAME_BYTES:
            self._drop()
            self._gap = self._hunting = True
        elif packet.marker:
            out += self._emit(arrival_s)
        return out

    def _emit(self, arrival_s: float) -> list[EncodedFrame]:
        packet = self._current
        assert packet is not None
        data = b"".join(self._parts)
        self._drop()
        keyframe = True
        if self._kind == "video":
            keyframe = vp8_is_keyframe(data) if packet.codec == "vp8" else h264_is_keyframe(data)
            if self._hunting and not keyframe:
                self._lost += 1
                return []
        frame = EncodedFrame(
            self._kind,
            packet.codec,
            data,
            self._clock.extend(packet.timestamp),
            arrival_s,
            keyframe,
            self._gap,
            self._lost,
            packet.ssrc,
        )
        self._hunting = self._gap = False
        self._lost = 0
        return [frame]

    def _drop(self) -> None:
        self._parts = []
        self._size = 0
        self._current = None


def _may_start(packet: MediaPacket) -> bool:
    if packet.codec == "vp8":
        return vp8_packet_starts_frame(packet.payload)
    return h264_packet_starts_picture(packet.payload)
