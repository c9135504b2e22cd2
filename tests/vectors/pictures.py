"""Vectors of `bulk` (section A)."""

from __future__ import annotations

from typing import Any

from whiteboard_crdt.assets import (
    ASSET_LIMITS,
    AskMessage,
    AssetId,
    BulkMessage,
    ChunkMessage,
    NoneMessage,
    encode_bulk,
    sniff_mime,
)
from whiteboard_crdt.varint import Writer

_ASSET = AssetId(bytes(range(32)).hex())
_MOST = ASSET_LIMITS.asset_bytes


def _json(message: BulkMessage) -> dict[str, Any]:
    if isinstance(message, AskMessage):
        return {"type": "ASK", "asset": message.asset, "first": message.first, "count": message.count}
    if isinstance(message, ChunkMessage):
        return {
            "type": "CHUNK", "asset": message.asset, "offset": message.offset, "total": message.total,
            "data": message.data.hex(),
        }  # fmt: skip
    return {"type": "NONE", "asset": message.asset}


def _by_hand(kind: int, *numbers: int, data: bytes | None = None) -> str:
    writer = Writer()
    writer.u8(kind)
    writer.raw(bytes.fromhex(_ASSET))
    for number in numbers:
        writer.varuint(number)
    if data is not None:
        writer.varbytes(data)
    return writer.finish().hex()


def bulk() -> dict[str, Any]:
    """`bulk.json`."""
    good: dict[str, BulkMessage] = {
        "ask from the beginning": AskMessage(_ASSET, 0, ASSET_LIMITS.window_bytes),
        "ask for the last byte": AskMessage(_ASSET, _MOST - 1, 1),
        "first chunk": ChunkMessage(_ASSET, 0, 5, b"\x89PNG\r"),
        "last chunk of the largest": ChunkMessage(_ASSET, _MOST - 2, _MOST, b"\x00\xff"),
        "none": NoneMessage(_ASSET),
    }
    bad = {
        "empty": "",
        "a message of section B": _by_hand(8),
        "hash ends early": "20" + "00" * 31,
        "ask for nothing": _by_hand(32, 0, 0),
        "ask for more than a window": _by_hand(32, 0, ASSET_LIMITS.window_bytes + 1),
        "ask past the longest": _by_hand(32, _MOST, 1),
        "empty chunk": _by_hand(33, 0, 5, data=b""),
        "chunk past its end": _by_hand(33, 3, 5, data=b"abc"),
        "chunk of something too long": _by_hand(33, 0, _MOST + 1, data=b"abc"),
        "chunk too long": _by_hand(33, 0, _MOST, data=bytes(ASSET_LIMITS.chunk_bytes + 1)),
        "left over": _by_hand(34) + "00",
        "not canonical": _by_hand(32) + "800001",
    }
    heads = [
        b"\x89PNG\r\n\x1a\n...", b"\x89PNG\r\n\x1a", b"\xff\xd8\xff\xe0", b"\xff\xd8", b"RIFF\1\2\3\4WEBPVP8 ",
        b"RIFF\1\2\3\4WAVE", b"GIF89a", b"<svg xmlns=", b"%PDF-1.7", b"",
    ]  # fmt: skip
    return {
        "good": [
            {"name": name, "hex": encode_bulk(message).hex(), "message": _json(message)}
            for name, message in good.items()
        ],
        "bad": [{"name": name, "hex": text} for name, text in bad.items()],
        "mimes": [{"hex": head.hex(), "mime": sniff_mime(head)} for head in heads],
    }
