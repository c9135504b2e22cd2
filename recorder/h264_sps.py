"""Reads the picture size out of an H.264 sequence parameter set (ITU-T H.264, section 7.3.2.1.1)."""

from __future__ import annotations

from recorder.red import MalformedPayload

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})


class _Bits:
    def __init__(self, data: bytes) -> None:
        # Emulation prevention: 00 00 03 stands for 00 00.
        self._data = data.replace(b"\0\0\3", b"\0\0")
        self._at = 0

    def bit(self) -> int:
        byte, shift = divmod(self._at, 8)
        if byte >= len(self._data):
            raise MalformedPayload("parameter set ends early")
        self._at += 1
        return self._data[byte] >> (7 - shift) & 1

    def bits(self, count: int) -> int:
        value = 0
        for _ in range(count):
            value = value << 1 | self.bit()
        return value

    def golomb(self) -> int:
        zeros = 0
        while not self.bit():
            zeros += 1
            if zeros > 31:
                raise MalformedPayload("number too long")
        return (1 << zeros) - 1 + self.bits(zeros)

    def signed_golomb(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


def _skip_scaling_list(bits: _Bits, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_golomb()) % 256
        last = following or last


def sps_size(sps: bytes) -> tuple[int, int]:
    """Width and height, px, after cropping. Raises MalformedPayload."""
    if len(sps) < 4:
        raise MalformedPayload("parameter set ends early")
    profile = sps[1]
    bits = _Bits(sps[4:])
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.bit()
        bits.golomb()
        bits.golomb()
        bits.bit()
        if bits.bit():
            for index in range(8 if chroma != 3 else 12):
                if bits.bit():
                    _skip_scaling_list(bits, 16 if index < 6 else 64)
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.bit()
        bits.signed_golomb()
        bits.signed_golomb()
        for _ in range(bits.golomb()):
            bits.signed_golomb()
    bits.golomb()
    bits.bit()
    width = (bits.golomb() + 1) * 16
    map_height = bits.golomb() + 1
    frames_only = bits.bit()
    height = map_height * 16 * (2 - frames_only)
    if not frames_only:
        bits.bit()
    bits.bit()
    if bits.bit():
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        unit_x = 2 if chroma in (1, 2) else 1
        unit_y = (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    if not (0 < width <= 16384 and 0 < height <= 16384):
        raise MalformedPayload("impossible picture size")
    return width, height
