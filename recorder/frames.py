"""Encoded audio and video frames: what they are, and the few bytes of their formats that a recorder must read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["audio", "video"]

OPUS_CLOCK_HZ = 48_000
VIDEO_CLOCK_HZ = 90_000

# 20 ms of silence, as Opus encoders themselves write it (CELT, fullband, one frame).
OPUS_SILENCE = b"\xf8\xff\xfe"
OPUS_SILENCE_TICKS = 960

_ANNEX_B = b"\0\0\0\1"
_NAL_IDR, _NAL_SPS, _NAL_PPS, _NAL_STAP_A, _NAL_FU_A = 5, 7, 8, 24, 28


@dataclass(slots=True)
class EncodedFrame:
    """One complete encoded frame. `timestamp`: RTP clock units that do not wrap; `arrival_s`: monotonic seconds.

    Never changed; not frozen, because that doubles the price of making one.
    """

    kind: Kind
    codec: str
    data: bytes
    timestamp: int
    arrival_s: float
    keyframe: bool
    gap: bool
    lost: int = 0
    ssrc: int = 0


def clock_hz(kind: Kind) -> int:
    """RTP clock of a kind of media; every codec that is recorded has one of these two."""
    return OPUS_CLOCK_HZ if kind == "audio" else VIDEO_CLOCK_HZ


def opus_duration(packet: bytes) -> int:
    """Length of an Opus packet in 48 kHz units, from its first bytes (RFC 6716, section 3.1); 0 for a broken one."""
    if not packet:
        return 0
    config = packet[0] >> 3
    if config < 12:
        frame = (480, 960, 1920, 2880)[config & 3]
    elif config < 16:
        frame = (480, 960)[config & 1]
    else:
        frame = (120, 240, 480, 960)[config & 3]
    code = packet[0] & 3
    if code == 0:
        return frame
    if code < 3:
        return 2 * frame
    count = packet[1] & 0x3F if len(packet) > 1 else 0
    return frame * count if frame * count <= 5760 else 0


def vp8_is_keyframe(frame: bytes) -> bool:
    """Whether a VP8 frame can be decoded on its own (RFC 6386, section 9.1)."""
    return len(frame) >= 10 and not frame[0] & 1 and frame[3:6] == b"\x9d\x01\x2a"


def vp8_size(frame: bytes) -> tuple[int, int]:
    """Width and height, px, of a VP8 keyframe."""
    return int.from_bytes(frame[6:8], "little") & 0x3FFF, int.from_bytes(frame[8:10], "little") & 0x3FFF


def h264_nals(frame: bytes) -> list[bytes]:
    """NAL units of a frame in Annex B form with four-byte start codes, as aiortc's depayloader makes it."""
    return [nal for nal in frame.split(_ANNEX_B) if nal]


def h264_is_keyframe(frame: bytes) -> bool:
    """Whether an H.264 frame can start a file: a picture of its own with its parameter sets."""
    kinds = {nal[0] & 31 for nal in h264_nals(frame)}
    return _NAL_IDR in kinds and _NAL_SPS in kinds and _NAL_PPS in kinds


def h264_parameter_sets(frame: bytes) -> tuple[bytes, bytes] | None:
    """The sequence and the picture parameter set in a frame, or None if one is absent."""
    sps = next((nal for nal in h264_nals(frame) if nal[0] & 31 == _NAL_SPS and len(nal) >= 4), None)
    pps = next((nal for nal in h264_nals(frame) if nal[0] & 31 == _NAL_PPS), None)
    return (sps, pps) if sps is not None and pps is not None else None


def h264_to_avc(frame: bytes) -> bytes:
    """Annex B to the form in files: every NAL unit after its length in four bytes (ISO 14496-15)."""
    return b"".join(len(nal).to_bytes(4, "big") + nal for nal in h264_nals(frame))


def h264_private(sps: bytes, pps: bytes) -> bytes:
    """AVCDecoderConfigurationRecord (ISO 14496-15, section 5.3.3.1) of one pair of parameter sets."""
    head = b"\x01" + sps[1:4] + b"\xff\xe1"
    return head + len(sps).to_bytes(2, "big") + sps + b"\x01" + len(pps).to_bytes(2, "big") + pps


def h264_packet_starts_picture(payload: bytes) -> bool:
    """Whether an RTP payload begins with a sequence parameter set, as a keyframe does (RFC 6184)."""
    if not payload:
        return False
    kind = payload[0] & 31
    if kind == _NAL_STAP_A:
        return len(payload) > 3 and payload[3] & 31 == _NAL_SPS
    return kind == _NAL_SPS


def vp8_packet_starts_frame(payload: bytes) -> bool:
    """Whether an RTP payload holds the beginning of a VP8 frame: S bit set, partition 0 (RFC 7741, section 4.2)."""
    return bool(payload) and payload[0] & 0x1F == 0x10


def vp8_payload(payload: bytes) -> bytes:
    """What follows the payload descriptor (RFC 7741, section 4.2). Raises ValueError where it ends early."""
    first = payload[0]
    if not first & 0x80:
        return payload[1:]
    at = 2
    try:
        extended = payload[1]
        if extended & 0x80:
            at += 2 if payload[at] & 0x80 else 1
        at += (extended >> 6 & 1) + (1 if extended & 0x30 else 0)
    except IndexError:
        raise ValueError("VP8 payload descriptor ends early") from None
    if at > len(payload):
        raise ValueError("VP8 payload descriptor ends early")
    return payload[at:]
