"""Vectors of what the strict reader sees in a CRDT update."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from tests.vectors.as_json import scan_json
from tests.vectors.ybytes import ANY_TRUE, beside, block, child, deleted, number, rooted, string, update
from whiteboard_crdt.errors import UpdateRefused
from whiteboard_crdt.spec import SNAPSHOT_LIMITS, UPDATE_LIMITS
from whiteboard_crdt.yupdate import scan_update

_YJS: Final[dict[str, str]] = json.loads(Path(__file__).with_name("yjs_source.json").read_text())
_PYCRDT: Final[dict[str, str]] = json.loads(Path(__file__).with_name("pycrdt_source.json").read_text())


def _hand_updates() -> list[tuple[str, bytes]]:
    nested = b"\x28\x01" + string("meta") + string("k")
    deep = [("depth 16", 16), ("depth 17", 17), ("depth 27,000", 27_000)]
    item = rooted("meta", "k")
    return [
        ("empty bytes", b""),
        ("nothing", b"\x00\x00"),
        ("nothing, no delete set", b"\x00"),
        ("bytes left over", b"\x00\x00\x00"),
        ("poison: clock near 2^32", bytes.fromhex("01016fffffffff0f0401017402455600")),
        *(
            (f"poison: nested arrays, {name}", update(block(1, 0, nested + b"\x01" + b"\x75\x01" * depth + b"\x78")))
            for name, depth in deep
        ),
        (
            "nested objects, depth 17",
            update(block(1, 0, nested + b"\x01" + (b"\x76\x01" + string("k")) * 17 + b"\x78")),
        ),
        ("plain item", update(block(1, 0, item))),
        ("lying count of clients", b"\xff\xff\xff\x7f" + block(1, 0, item) + b"\x00"),
        ("two clients, live", update(block(1, 0, item), block(2, 0, item))),
        ("a client twice", update(block(1, 0, item), block(1, 1, item))),
        ("client without structs", update(block(1, 0))),
        ("lying count of structs", b"\x01\xff\xff\x03\x01\x00" + item + b"\x00"),
        ("lying count of values", update(block(1, 0, nested + b"\xff\xff\xff\x7f\x78"))),
        ("lying count of an array", update(block(1, 0, nested + b"\x01\x75\xff\xff\xff\x7f\x78"))),
        ("lying length of bytes", update(block(1, 0, nested + b"\x01\x74\xff\xff\x03\x00"))),
        (
            "lying length of a string",
            update(block(1, 0, b"\x24\x01" + string("meta") + string("k") + b"\xff\xff\x03a")),
        ),
        ("lying count of ranges", b"\x00\x01\x01\xff\xff\xff\x7f\x00\x01"),
        ("clock 2^31 - 2", update(block(1, 2**31 - 2, item))),
        ("clock 2^31 - 1", update(block(1, 2**31 - 1, item))),
        ("client 2^32 - 1", update(block(2**32 - 1, 0, item))),
        ("client 2^32", update(block(2**32, 0, item))),
        ("varint not canonical", b"\x81\x00" + block(1, 0, item) + b"\x00"),
        ("varint of ten bytes", b"\x81" + b"\x80" * 8 + b"\x01" + block(1, 0, item) + b"\x00"),
        ("integer value", update(block(1, 0, nested + b"\x01\x7d\xff\xff\x7f"))),
        ("integer value not canonical", update(block(1, 0, nested + b"\x01\x7d\x81\x00"))),
        ("integer value too long", update(block(1, 0, nested + b"\x01\x7d" + b"\xff" * 9 + b"\x01"))),
        ("kind of value unknown", update(block(1, 0, nested + b"\x01\x73"))),
        ("key that is no UTF-8", update(block(1, 0, b"\x28\x01" + string("meta") + b"\x02\xc3\x28" + ANY_TRUE))),
        (
            "text with a surrogate",
            update(block(1, 0, b"\x24\x01" + string("meta") + string("k") + b"\x03\xed\xa0\x80")),
        ),
        (
            "text beyond 16 bits counts double",
            update(block(1, 0, b"\x24\x01" + string("meta") + string("k") + string("a\U0001f600é"))),
        ),
        ("empty text", update(block(1, 0, b"\x24\x01" + string("meta") + string("k") + b"\x00"))),
        ("poison: nothing but an empty text beside others", bytes.fromhex("0101d20f02c4e90739e9073a0000")),
        ("empty text and more", update(block(1, 0, b"\x24\x01" + string("meta") + string("k") + b"\x00", item))),
        ("empty values", update(block(1, 0, nested + b"\x00"))),
        ("no values deleted", update(block(1, 0, b"\x21\x01" + string("meta") + string("k") + b"\x00"))),
        ("deleted content", update(block(1, 0, b"\x21\x01" + string("meta") + string("k") + b"\x05"))),
        ("gc", update(block(1, 0, b"\x00\x05", item))),
        ("gc of nothing", update(block(1, 0, b"\x00\x00"))),
        ("gc with flags", update(block(1, 0, b"\x80\x05"))),
        ("skip", update(block(1, 0, item, b"\x0a\x05", item))),
        ("subdocument", bytes.fromhex(_YJS["subdocument"])),
        ("move", update(block(1, 0, b"\x2b\x01" + string("meta") + string("k") + b"\x00\x01\x00"))),
        ("content kind 12", update(block(1, 0, b"\x2c\x01" + string("meta") + string("k") + b"\x00"))),
        ("shared type 7", update(block(1, 0, b"\x27\x01" + string("meta") + string("k") + b"\x07"))),
        ("parent info 2", update(block(1, 0, b"\x28\x02" + string("meta") + string("k") + ANY_TRUE))),
        ("refers to itself", update(block(1, 5, beside(1, 5)))),
        ("refers to a later item", update(block(1, 5, child(1, 6, "k")))),
        ("refers to an earlier item", update(block(1, 5, beside(1, 4)))),
        (
            "refers to others",
            update(
                block(1, 5, beside(2, 4), child(2, 9, "k"), beside(3, 0, b"\xc8", number(2) + number(7) + ANY_TRUE))
            ),
        ),
        ("key bit beside an origin", update(block(1, 5, beside(1, 4, b"\xa8")))),
        ("item on a root without key", update(block(1, 0, b"\x08\x01" + string("shapes") + ANY_TRUE))),
        (
            "json content",
            update(
                block(
                    1,
                    0,
                    b"\x22\x01" + string("meta") + string("k") + b"\x02" + string("undefined") + string('{"a":[1]}'),
                )
            ),
        ),
        (
            "json content broken",
            update(block(1, 0, b"\x22\x01" + string("meta") + string("k") + b"\x01" + string("{"))),
        ),
        (
            "embed, depth 17",
            update(block(1, 0, b"\x25\x01" + string("meta") + string("k") + string("[" * 17 + "]" * 17))),
        ),
        (
            "embed, depth 27,000",
            update(block(1, 0, b"\x25\x01" + string("meta") + string("k") + string("[" * 27_000 + "]" * 27_000))),
        ),
        (
            "embed with brackets in a string",
            update(block(1, 0, b"\x25\x01" + string("meta") + string("k") + string('"' + "[" * 40 + '\\""'))),
        ),
        ("embed NaN", update(block(1, 0, b"\x25\x01" + string("meta") + string("k") + string("NaN")))),
        ("deletes", update(deletes=deleted((1, [(0, 5), (9, 1)]), (2, [(3, 4)])))),
        ("deletes nothing", update(deletes=deleted((1, [(0, 0)])))),
        ("deletes past the last clock", update(deletes=deleted((1, [(2**31 - 2, 5)])))),
        ("deletes a client twice", update(deletes=deleted((1, [(0, 1)]), (1, [(2, 1)])))),
        ("too many ranges", update(deletes=deleted((1, [(2 * i, 1) for i in range(8193)])))),
        ("too many structs", update(block(1, 0, *([b"\x84\x02\x00" + string("a")] * 8193)))),
        ("too long", update(block(1, 0, nested + b"\x01" + b"\x74" + number(57_344) + bytes(57_344)))),
    ]


def _try_scan(data: bytes, limits: str) -> dict[str, Any] | None:
    try:
        return scan_json(scan_update(data, UPDATE_LIMITS if limits == "update" else SNAPSHOT_LIMITS))
    except UpdateRefused:
        return None


def yupdates() -> list[dict[str, Any]]:
    """`yupdates.json`."""
    named = [("pycrdt", name, bytes.fromhex(data)) for name, data in _PYCRDT.items()]
    named += [("yjs", name, bytes.fromhex(data)) for name, data in _YJS.items()]
    cases = [
        (source, name, data, "snapshot" if name.startswith(("state", "merged")) else "update")
        for source, name, data in named
    ]
    cases += [("hand", name, data, "update") for name, data in _hand_updates()]
    cases += [
        ("hand", f"{name}, as a snapshot", data, "snapshot")
        for name, data in _hand_updates()
        if name.startswith(("gc", "two", "skip", "too long"))
    ]
    return [
        {"name": name, "source": source, "hex": data.hex(), "limits": limits, "scan": _try_scan(data, limits)}
        for source, name, data, limits in cases
    ]
