"""Redundant audio (RFC 2198): one RTP payload carries the newest Opus frame and copies of the ones before it."""

from __future__ import annotations

from dataclasses import dataclass


class MalformedPayload(ValueError):
    """An RTP payload breaks its format.

    `ValueError`, like the depayloaders of aiortc, so that one clause catches both.
    """


@dataclass(frozen=True, slots=True)
class RedBlock:
    """One block of a redundant payload; `back` is how many RTP clock units it lies before the packet's timestamp."""

    payload_type: int
    back: int
    data: bytes


def split_red(payload: bytes) -> tuple[list[RedBlock], RedBlock]:
    """Take a RED payload apart into the redundant blocks, oldest first, and the primary one (RFC 2198, section 3).

    Raises MalformedPayload where headers or blocks end early.
    """
    headers: list[tuple[int, int, int]] = []
    at = primary_type = 0
    while True:
        if at >= len(payload):
            raise MalformedPayload("RED header ends early")
        first = payload[at]
        if not first & 0x80:
            primary_type = first & 0x7F
            at += 1
            break
        if at + 4 > len(payload):
            raise MalformedPayload("RED header ends early")
        rest = int.from_bytes(payload[at + 1 : at + 4], "big")
        headers.append((first & 0x7F, rest >> 10, rest & 0x3FF))
        at += 4
    blocks: list[RedBlock] = []
    for payload_type, back, size in headers:
        if at + size > len(payload):
            raise MalformedPayload("RED block ends early")
        blocks.append(RedBlock(payload_type, back, payload[at : at + size]))
        at += size
    return blocks, RedBlock(primary_type, 0, payload[at:])


def red_primary(payload: bytes) -> tuple[int, bytes]:
    """Only the primary block of a RED payload: its type and data. Raises MalformedPayload."""
    at = skipped = 0
    end = len(payload)
    while at < end:
        first = payload[at]
        if first < 0x80:
            begin = at + 1 + skipped
            if begin > end:
                break
            return first, payload[begin:]
        if at + 4 > end:
            break
        skipped += (payload[at + 2] & 3) << 8 | payload[at + 3]
        at += 4
    raise MalformedPayload("RED header or block ends early")
