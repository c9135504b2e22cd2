"""EBML: the element encoding under Matroska and WebM (RFC 8794), and the element ids that are used here (RFC 9559)."""

from __future__ import annotations

import struct

EBML = 0x1A45DFA3
SEGMENT = 0x18538067
SEEK_HEAD, SEEK, SEEK_ID, SEEK_POSITION = 0x114D9B74, 0x4DBB, 0x53AB, 0x53AC
VOID = 0xEC
INFO, TIMESTAMP_SCALE, DURATION, MUXING_APP, WRITING_APP = 0x1549A966, 0x2AD7B1, 0x4489, 0x4D80, 0x5741
TRACKS, TRACK_ENTRY, TRACK_NUMBER, TRACK_UID, TRACK_TYPE, FLAG_LACING = 0x1654AE6B, 0xAE, 0xD7, 0x73C5, 0x83, 0x9C
CODEC_ID, CODEC_PRIVATE, CODEC_DELAY, SEEK_PREROLL = 0x86, 0x63A2, 0x56AA, 0x56BB
VIDEO, PIXEL_WIDTH, PIXEL_HEIGHT = 0xE0, 0xB0, 0xBA
AUDIO, SAMPLING_FREQUENCY, CHANNELS = 0xE1, 0xB5, 0x9F
CLUSTER, TIMESTAMP, SIMPLE_BLOCK = 0x1F43B675, 0xE7, 0xA3
CUES, CUE_POINT, CUE_TIME, CUE_TRACK_POSITIONS, CUE_TRACK, CUE_CLUSTER_POSITION = (
    0x1C53BB6B,
    0xBB,
    0xB3,
    0xB7,
    0xF7,
    0xF1,
)

UNKNOWN_SIZE = b"\x01" + b"\xff" * 7


class MalformedMedia(ValueError):
    """A media file is not what the recorder writes. The text says where, for a person."""


def encode_id(identifier: int) -> bytes:
    """An element id; its length is in the number itself."""
    return identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")


def encode_size(size: int) -> bytes:
    """A data size in as few bytes as hold it."""
    for length in range(1, 9):
        if size < (1 << 7 * length) - 1:
            return (1 << 7 * length | size).to_bytes(length, "big")
    raise ValueError("too large for EBML")


def encode_size8(size: int) -> bytes:
    """A data size in eight bytes, to be written over `UNKNOWN_SIZE`."""
    return (1 << 56 | size).to_bytes(8, "big")


def element(identifier: int, data: bytes) -> bytes:
    """An element with its data."""
    return encode_id(identifier) + encode_size(len(data)) + data


def unsigned(identifier: int, value: int) -> bytes:
    """An unsigned integer element."""
    return element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def double(identifier: int, value: float) -> bytes:
    """A float element of eight bytes."""
    return element(identifier, struct.pack(">d", value))


def text(identifier: int, value: str) -> bytes:
    """A string element."""
    return element(identifier, value.encode())


def void(total: int) -> bytes:
    """A Void element of `total` bytes with its header; at least 9."""
    assert total >= 9
    return b"\xec" + encode_size8(total - 9) + bytes(total - 9)


def decode_id(data: bytes | memoryview, at: int) -> tuple[int, int]:
    """Element id at `at` → (id, position after it). Raises MalformedMedia; IndexError where the data ends early."""
    first = data[at]
    length = 9 - first.bit_length() if first else 9
    if length > 4:
        raise MalformedMedia(f"no element id at byte {at}")
    if at + length > len(data):
        raise IndexError
    return int.from_bytes(data[at : at + length], "big"), at + length


def decode_size(data: bytes | memoryview, at: int) -> tuple[int | None, int]:
    """Data size at `at` → (size or None for unknown, position after it). Raises as `decode_id`."""
    first = data[at]
    length = 9 - first.bit_length() if first else 9
    if length > 8:
        raise MalformedMedia(f"no element size at byte {at}")
    if at + length > len(data):
        raise IndexError
    value = int.from_bytes(data[at : at + length], "big") & ((1 << 7 * length) - 1)
    return (None if value == (1 << 7 * length) - 1 else value), at + length
