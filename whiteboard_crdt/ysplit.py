"""Cutting a Yjs update into smaller ones at item boundaries, so that each fits an envelope or a message."""

from __future__ import annotations

from dataclasses import dataclass

from whiteboard_crdt.errors import ProtocolError, UpdateRefused
from whiteboard_crdt.spec import LIMITS, SNAPSHOT_LIMITS, UPDATE_LIMITS, UpdateLimits
from whiteboard_crdt.varint import Writer
from whiteboard_crdt.yupdate import UpdateReader

__all__ = ["split_update"]

_HEADER_BYTES = 32  # of a piece: counts, client, first clock, empty delete set
_RANGE_BYTES = 24  # a client, a count and a range, at most


@dataclass(slots=True)
class _Piece:
    client: int
    clock: int
    count: int
    structs: bytearray

    def encode(self) -> bytes:
        writer = Writer()
        for number in (1, self.count, self.client, self.clock):
            writer.varuint(number)
        writer.raw(self.structs)
        writer.varuint(0)
        return writer.finish()


def split_update(
    update: bytes,
    limit_bytes: int = LIMITS.update_bytes,
    max_deletes: int = LIMITS.max_foreign_deletes,
    limits: UpdateLimits = SNAPSHOT_LIMITS,
) -> list[bytes]:
    """Pieces of at most `limit_bytes` and one client each, structs first, then deletes of at most `max_deletes` clocks.

    Applied in order they do what the whole does. A single struct over the limit stays whole: its piece is longer.
    Raises UpdateRefused "P1" for an update that `scan_update` refuses.
    """
    reader = UpdateReader(update, limits)
    try:
        pieces = _split_structs(reader, limit_bytes)
        reader.delete_set()
        reader.end()
    except UpdateRefused:
        raise
    except ProtocolError as error:
        raise UpdateRefused("P1", error.reason) from None
    return [piece.encode() for piece in pieces] + _split_deletes(reader.scan.deletes, limit_bytes, max_deletes)


def _split_structs(reader: UpdateReader, limit_bytes: int) -> list[_Piece]:
    pieces: list[_Piece] = []
    clients = reader.varuint()
    if clients > reader.limits.clients:
        raise ProtocolError("too many clients")
    for _ in range(clients):
        count, client, clock = reader.block_header()
        reader.scan.structs[client] = []
        piece = _Piece(client, clock, 0, bytearray())
        for _ in range(count):
            start = reader.pos
            length, skipped = reader.struct(client, clock)
            struct = reader.data[start : reader.pos]
            full = len(piece.structs) + len(struct) + _HEADER_BYTES > limit_bytes
            if piece.count and (skipped or full or piece.count == UPDATE_LIMITS.structs):
                pieces.append(piece)
                piece = _Piece(client, clock, 0, bytearray())
            clock += length
            if skipped:
                piece.clock = clock
            else:
                piece.count += 1
                piece.structs += struct
        if piece.count:
            pieces.append(piece)
    return pieces


def _split_deletes(deletes: dict[int, list[tuple[int, int]]], limit_bytes: int, max_deletes: int) -> list[bytes]:
    batches: list[dict[int, list[tuple[int, int]]]] = []
    room = room_ranges = 0
    for client, ranges in deletes.items():
        for first, length in ranges:
            clock, end = first, first + length
            while clock < end:
                if not room or not room_ranges:
                    batches.append({})
                    room, room_ranges = max_deletes, min(UPDATE_LIMITS.ranges, limit_bytes // _RANGE_BYTES)
                step = min(room, end - clock)
                batches[-1].setdefault(client, []).append((clock, step))
                clock += step
                room -= step
                room_ranges -= 1
    return [_encode_deletes(batch) for batch in batches]


def _encode_deletes(batch: dict[int, list[tuple[int, int]]]) -> bytes:
    writer = Writer()
    writer.varuint(0)
    writer.varuint(len(batch))
    for client, ranges in batch.items():
        writer.varuint(client)
        writer.varuint(len(ranges))
        for clock, length in ranges:
            writer.varuint(clock)
            writer.varuint(length)
    return writer.finish()
