"""Synthetic RTP: packets of known frames, and ways to lose, repeat and mix them up that a seed repeats."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recorder.assemble import FrameAssembler, MediaPacket, TimestampUnwrapper
from recorder.frames import EncodedFrame, Kind
from recorder.reorder import ReorderBuffer


@dataclass(frozen=True, slots=True)
class Sent:
    """A packet on its way: 16-bit sequence number and what is in it."""

    sequence: int
    packet: MediaPacket


def vp8_frame(number: int, *, key: bool, size: int = 100) -> bytes:
    """Bytes that look like a VP8 frame from outside; `number` is readable in it."""
    head = b"\x10\x00\x00\x9d\x01\x2a\x80\x02\x68\x01" if key else b"\x11\x00\x00" + bytes(7)
    return head + number.to_bytes(4, "big") + bytes(max(0, size - 14))


def vp8_packets(
    frames: Sequence[bytes], *, sequence: int = 0, timestamp: int = 0, step: int = 3600, payload: int = 60
) -> list[Sent]:
    """VP8 over RTP with the short descriptor (RFC 7741); every frame in packets of at most `payload` bytes."""
    out: list[Sent] = []
    for index, frame in enumerate(frames):
        parts = [frame[at : at + payload] for at in range(0, len(frame), payload)]
        for part_index, part in enumerate(parts):
            descriptor = b"\x10" if part_index == 0 else b"\x00"
            out.append(
                Sent(
                    (sequence + len(out)) & 0xFFFF,
                    MediaPacket(
                        "vp8",
                        descriptor + part,
                        (timestamp + index * step) & 0xFFFFFFFF,
                        part_index == len(parts) - 1,
                        1,
                    ),
                )
            )
    return out


def disturb(sent: Iterable[Sent], seed: int, *, loss: float, swap: float, repeat: float) -> list[Sent]:
    """Lose, repeat and delay packets at random.

    The first ones arrive as they are, so that the stream has a beginning.
    """
    chance = random.Random(seed)
    out: list[tuple[float, Sent]] = []
    for at, item in enumerate(sent):
        if at < 10:
            out.append((at, item))
            continue
        if chance.random() < loss:
            continue
        out.append((at + (chance.uniform(1, 6) if chance.random() < swap else 0), item))
        if chance.random() < repeat:
            out.append((at + chance.uniform(0, 8), item))
    return [item for _, item in sorted(out, key=lambda pair: pair[0])]


def receive(
    sent: Iterable[Sent], kind: Kind = "video", *, wait_s: float = 0.6, packet_s: float = 0.01
) -> tuple[list[EncodedFrame], ReorderBuffer[MediaPacket]]:
    """What a receiver makes of packets that arrive one every `packet_s`."""
    buffer: ReorderBuffer[MediaPacket] = ReorderBuffer(wait_s=wait_s, nack_every_s=0.08)
    assembler = FrameAssembler(kind, TimestampUnwrapper())
    frames: list[EncodedFrame] = []
    now = 0.0
    for item in sent:
        now += packet_s
        for released in [*buffer.add(item.sequence, item.packet, now), *buffer.advance(now)]:
            frames += assembler.add(released, now)
    for released in buffer.advance(now + 10):
        frames += assembler.add(released, now)
    return frames, buffer
