"""The JSON form of what the vectors hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocRef
from whiteboard_crdt.messages import Message, MessageType, PingMessage, PongMessage
from whiteboard_crdt.yupdate import Scan


def plain(value: Any) -> Any:
    """bytes → hex, documents → text, envelopes → hex, dataclasses → objects."""
    if isinstance(value, bytes):
        return value.hex()
    if isinstance(value, DocRef):
        return value.text
    if isinstance(value, Envelope):
        return value.raw.hex()
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if hasattr(value, "__dataclass_fields__"):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    return value


def message_json(message: Message) -> dict[str, Any]:
    """`{type, …fields}`."""
    name = type(message).__name__.removesuffix("Message").upper()
    content: dict[str, Any] = plain(message)
    if isinstance(message, PingMessage | PongMessage):
        content["nonce"] = str(message.nonce)
    return {"type": MessageType[name].name, **content}


def scan_json(scan: Scan) -> dict[str, Any]:
    """A scan; keys of objects are strings in JSON."""
    return {
        "structs": _ranges(scan.structs),
        "deletes": _ranges(scan.deletes),
        "refs": {str(client): needed for client, needed in sorted(scan.refs.items())},
        "origins": [list(origin) for origin in scan.origins],
        "root_keys": [list(item) for item in scan.root_keys],
        "halves": [list(half) for half in scan.halves],
        "parents": [list(parent) for parent in sorted(scan.parents)],
        "gone": [list(item) for item in scan.gone],
        "types": [
            [made.client, made.clock, made.in_root, made.parent and list(made.parent), made.kind] for made in scan.types
        ],
        "roots": sorted(scan.roots),
        "keyless_root": scan.keyless_root,
        "gc": scan.gc,
        "skip": scan.skip,
        "json": scan.json,
        "empty": scan.empty,
    }


def _ranges(ranges: dict[int, list[tuple[int, int]]]) -> dict[str, list[list[int]]]:
    return {str(client): [list(item) for item in items] for client, items in sorted(ranges.items())}
