"""Vectors of the wire: primitives, messages, envelopes, what keys sign, live packets."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tests.vectors.as_json import message_json
from tests.vectors.fixtures import (
    DOCS,
    KEY_SCALAR,
    NOW_MS,
    OTHER_SESSION,
    ROOM,
    SESSION,
    public_point,
    sign,
)  # fmt: skip
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, envelope_hash, seal, signed_text
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import BOARD, CHAT, DocRef, UserId
from whiteboard_crdt.keys import fingerprint_text, hello_text
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    AlertMessage,
    EnvelopeMessage,
    HaveMessage,
    Head,
    LiveMessage,
    LoggedMessage,
    Message,
    PingMessage,
    PongMessage,
    PresenceMessage,
    RefusedMessage,
    RevocationMessage,
    SnapshotHead,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)  # fmt: skip
from whiteboard_crdt.presence import HIGHLIGHTER, PEN, LiveInk
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.varint import MAX_VARUINT, MAX_ZIGZAG, Writer

_LIMIT = LIMITS.socket_message_bytes
_HASH = bytes(range(16))


def varint() -> dict[str, Any]:
    """`varint.json`."""
    uints = [0, 1, 127, 128, 300, 16383, 16384, 2**21, 2**28 - 1, 2**32, 2**49, MAX_VARUINT]
    ints = [0, -1, 1, -2, 63, -64, 64, -65, 12345, -98765, 2**31, -(2**31), MAX_ZIGZAG, -MAX_ZIGZAG]
    texts = ["", "a", "héllo", "\U0001f600", "\x00", "\ufeffa"]

    def written(method: str, value: Any) -> str:
        writer = Writer()
        getattr(writer, method)(value)
        return writer.finish().hex()

    too_long = Writer()
    too_long.varuint(2 * MAX_ZIGZAG + 2)
    return {
        "varuint": [{"value": value, "hex": written("varuint", value)} for value in uints],
        "zigzag": [{"value": value, "hex": written("zigzag", value)} for value in ints],
        "varstring": [{"value": text, "hex": written("varstring", text)} for text in texts],
        "bad_varuint": [
            {"hex": "", "why": "empty"},
            {"hex": "80", "why": "ends early"},
            {"hex": "8000", "why": "zero in two bytes"},
            {"hex": "ff8000", "why": "last byte zero"},
            {"hex": "80808080808080" + "10", "why": "2^53"},
            {"hex": "ffffffffffffff7f", "why": "over 2^53 - 1"},
            {"hex": "808080808080808001", "why": "nine bytes"},
        ],
        "bad_zigzag": [{"hex": too_long.finish().hex(), "why": "over 2^51"}],
        "bad_varstring": [
            {"hex": "0361", "why": "ends early"},
            {"hex": "01ff", "why": "no UTF-8"},
            {"hex": "03eda080", "why": "a surrogate"},
            {"hex": "02c080", "why": "overlong"},
        ],
    }


def sealed(doc: DocRef = BOARD, seq: int = 1, prev: bytes = FIRST_PREV, update: bytes = b"\x00\x00") -> Envelope:
    """A good envelope."""
    return seal(ROOM, doc, SESSION, seq, prev, NOW_MS + seq, update, sign)


def messages() -> dict[str, Any]:
    """`messages.json`."""
    envelope = sealed()
    heads = tuple(Head(doc, SESSION, index + 1, _HASH) for index, doc in enumerate(DOCS))
    good: list[tuple[str, Message]] = [
        ("envelope", EnvelopeMessage(envelope)),
        ("envelope of a desk", EnvelopeMessage(sealed(DOCS[3], 300, _HASH, bytes(200)))),
        ("empty ack", AckMessage(())),
        ("ack", AckMessage(tuple(AckEntry(doc, SESSION, 2**40 + i) for i, doc in enumerate(DOCS)))),
        ("have", HaveMessage(heads)),
        ("have, reply wanted", HaveMessage(heads[:1], True)),
        ("empty have", HaveMessage(())),
        ("want", WantMessage(BOARD, SESSION, 5, 5)),
        ("widest want", WantMessage(DOCS[3], SESSION, 1, 257)),
        (
            "snapshot",
            SnapshotMessage(CHAT, (SnapshotHead(SESSION, 9, _HASH), SnapshotHead(OTHER_SESSION, 1, _HASH)), b"\0\0"),
        ),
        ("presence", PresenceMessage(SESSION, 7, b'{"hand":true,"tool":"pen"}')),
        ("ping", PingMessage(2**64 - 1)),
        ("pong", PongMessage(1)),
        ("ticket", TicketMessage("a.b.c")),
        ("synced", SyncedMessage(DOCS)),
        ("logged", LoggedMessage(NOW_MS, envelope)),
        ("refused", RefusedMessage(BOARD, SESSION, 3, CloseCode.UPDATE_REFUSED, "clocks do not follow on")),
        ("revocation", RevocationMessage("a.b.c")),
        ("alert", AlertMessage(bytes(range(16)), bytes(70))),
        ("receipt of an alert", AlertMessage(bytes(range(16)), bytes(range(16, 32)), receipt=True)),
    ]
    live = "07" + SESSION
    ping = "080000000000000001"
    board_head = "00" + SESSION
    bad: list[tuple[str, str, int, int]] = [
        ("empty", "", _LIMIT, 4400),
        ("unknown type 0", "00", _LIMIT, 4400),
        ("unknown type 16", "10", _LIMIT, 4400),
        ("alert without content", "0f" + "00" * 16 + "0000", _LIMIT, 4400),
        ("alert of a third kind", "0f" + "00" * 16 + "0201aa", _LIMIT, 4400),
        ("receipt of another length", "0f" + "00" * 16 + "0101aa", _LIMIT, 4400),
        ("alert over 1024 bytes", "0f" + "00" * 16 + "008108" + "00" * 1025, _LIMIT, 4400),
        ("over the limit", ping, 8, 4407),
        ("ping, one byte short", ping[:-2], _LIMIT, 4400),
        ("ping, one byte over", ping + "00", _LIMIT, 4400),
        ("ack with a lying count", "02ffffff7f" + board_head + "01", _LIMIT, 4400),
        ("ack of number 0", "0201" + board_head + "00", _LIMIT, 4400),
        ("have with unknown flags", "030200", _LIMIT, 4400),
        ("have of more than 4096", "0300" + "8120" + (board_head + "01" + "00" * 16) * 4097, _LIMIT, 4400),
        ("want backwards", "04" + board_head + "0504", _LIMIT, 4400),
        ("want of 258", "04" + board_head + "018202", _LIMIT, 4400),
        ("unknown document", "0404" + SESSION + "0101", _LIMIT, 4400),
        ("desk of nobody", "040300" + SESSION + "0101", _LIMIT, 4400),
        ("desk of a long user", "040341" + "61" * 65 + SESSION + "0101", _LIMIT, 4400),
        ("presence over 2048 bytes", "06" + SESSION + "01" + "8110" + "20" * 2049, _LIMIT, 4400),
        ("ticket over 4096 bytes", "0a" + "8120" + "61" * 4097, _LIMIT, 4400),
        ("revocation over 4096 bytes", "0e" + "8120" + "61" * 4097, _LIMIT, 4400),
        ("refused with a long reason", "0d" + board_head + "01113c" + "c901" + "61" * 201, _LIMIT, 4400),
        ("envelope of version 2", "0102" + envelope.raw.hex()[2:], _LIMIT, 4400),
        ("envelope, cut", "01" + envelope.raw.hex()[:-2], _LIMIT, 4400),
        ("envelope, longer", "01" + envelope.raw.hex() + "00", _LIMIT, 4400),
        ("logged, cut", encode_message(LoggedMessage(1, envelope)).hex()[:-2], _LIMIT, 4400),
        ("live with unknown flags", live + "012000", _LIMIT, 4400),
        ("number not canonical", "04" + board_head + "81000181", _LIMIT, 4400),
    ]
    return {
        "good": [{"name": n, "hex": encode_message(m).hex(), "message": message_json(m)} for n, m in good],
        "bad": [{"name": n, "hex": data, "limit": limit, "code": code} for n, data, limit, code in bad],
    }


def live() -> dict[str, Any]:
    """`live.json`."""
    points = ((105, -200, 128), (110, -201, 130), (90, 300_000, 255))
    good: list[tuple[str, LiveMessage]] = [
        ("nothing", LiveMessage(SESSION, 0, "main")),
        ("cursor", LiveMessage(SESSION, 1, "main", (123, -456))),
        ("laser", LiveMessage(SESSION, 2, "main", (0, 0), None, True)),
        ("ink", LiveMessage(SESSION, 3, f"{SESSION}-2", None, LiveInk(37, PEN, "blue", 40, 12, points))),
        (
            "one point and a cursor",
            LiveMessage(SESSION, 4, "", (1, 2), LiveInk(1, HIGHLIGHTER, "", 200, 0, points[:1])),
        ),
        (
            "256 points",
            LiveMessage(
                SESSION, 5, "main", None, LiveInk(1, PEN, "red", 20, 0, tuple((i, i * i, i) for i in range(256)))
            ),
        ),
    ]
    stroke = LiveInk(1, PEN, "red", 20, 0, ((5, 6, 128), (7, 5, 128)))
    good += [
        ("a cursor at the pen", LiveMessage(SESSION, 6, "main", (90, 300_000), LiveInk(2, PEN, "red", 40, 0, points))),
        ("a device without pressure", LiveMessage(SESSION, 7, "main", None, stroke)),
        ("a highlighter without pressure", LiveMessage(SESSION, 8, "main", (7, 5), replace(stroke, kind=HIGHLIGHTER))),
        ("a cursor at a desk", LiveMessage(SESSION, 9, "main", (3, 4), None, False, UserId("anna"))),
        ("ink at a desk", LiveMessage(SESSION, 10, "main", (7, 5), stroke, False, UserId("ä" * 32))),
    ]
    ink = encode_message(good[4][1]).hex()
    start = "07" + SESSION + "01"
    strokes = "01" + "00" + "00" + "02" + "00" + "01" + "000000"
    bad = [
        ("unknown flag", start + "2000"),
        ("at the pen without ink", start + "0800"),
        ("at the pen and elsewhere", start + "0b00" + "0000" + strokes),
        ("desk of nobody", start + "110000" + "0000"),
        ("desk of a long user", start + "110041" + "61" * 65 + "0000"),
        ("page too long", start + "0041" + "61" * 65),
        ("cut cursor", start + "010002"),
        ("no points", start + "0200" + "01" + "00" + "00" + "02" + "00" + "00"),
        ("stroke 0", start + "0200" + "00" + "00" + "00" + "02" + "00" + "01" + "000000"),
        ("kind 4", start + "0200" + "01" + "04" + "00" + "02" + "00" + "01" + "000000"),
        ("colour too long", start + "0200" + "01" + "00" + "11" + "61" * 17 + "02" + "00" + "01" + "000000"),
        ("257 points", start + "0200" + "01" + "00" + "00" + "02" + "00" + "8102" + "000000" * 257),
        ("lying count", start + "0200" + "01" + "00" + "00" + "02" + "00" + "05" + "000000"),
        ("a byte over", ink + "00"),
    ]
    return {
        "good": [{"name": n, "hex": encode_message(m).hex(), "message": message_json(m)} for n, m in good],
        "bad": [{"name": n, "hex": data} for n, data in bad],
    }


def envelopes() -> dict[str, Any]:
    """`envelopes.json`."""
    first = sealed(update=bytes.fromhex("0000"))
    second = sealed(seq=2, prev=envelope_hash(ROOM, first.body), update=bytes(range(256)))
    desk = sealed(DOCS[3], 2**33, _HASH, b"\x01" * 2000)
    good = [first, second, desk, sealed(CHAT, update=b"\x07")]
    spoiled_update = bytearray(second.raw)
    spoiled_update[-100] ^= 1
    spoiled_sig = bytearray(first.raw)
    spoiled_sig[-1] ^= 1
    stranger = first.body + sign(b"something else")
    too_long = "0100" + SESSION + "01" + "00" * 16 + "00" + "81c003" + "00" * 57345 + "00" * 64
    code = int(CloseCode.UPDATE_REFUSED)
    return {
        "room": ROOM,
        "public": public_point().hex(),
        "good": [
            {
                "doc": e.doc.text,
                "session": e.session,
                "seq": e.seq,
                "prev": e.prev.hex(),
                "authored_ms": e.authored_ms,
                "update": e.update.hex(),
                "body": e.body.hex(),
                "signed_text": signed_text(ROOM, e.body).hex(),
                "hash": envelope_hash(ROOM, e.body).hex(),
                "sig": e.sig.hex(),
                "raw": e.raw.hex(),
            }
            for e in good
        ],
        "bad_signature": [
            {"why": "another room", "room": "lesson-8", "raw": first.raw.hex(), "code": code},
            {"why": "changed update", "room": ROOM, "raw": spoiled_update.hex(), "code": code},
            {"why": "changed signature", "room": ROOM, "raw": spoiled_sig.hex(), "code": code},
            {"why": "signature of another text", "room": ROOM, "raw": stranger.hex(), "code": code},
            {"why": "zeros", "room": ROOM, "raw": (first.body + bytes(64)).hex(), "code": code},
        ],
        "malformed": [
            {"why": "version 0", "hex": "00" + first.raw.hex()[2:]},
            {"why": "number 0", "hex": "0100" + SESSION + "00" + "00" * 16 + "00" + "0100" + "00" * 64},
            {"why": "no update", "hex": "0100" + SESSION + "01" + "00" * 16 + "00" + "00" + "00" * 64},
            {"why": "update of 57,345 bytes", "hex": too_long},
            {"why": "short signature", "hex": first.raw.hex()[:-2]},
            {"why": "bytes left over", "hex": first.raw.hex() + "00"},
            {"why": "empty", "hex": ""},
        ],
    }


def keys() -> dict[str, Any]:
    """`keys.json`."""
    nonce = bytes(range(32))
    text = hello_text(nonce, "a.b.c")
    sdp = (
        "v=0\r\na=fingerprint:sha-256 AB:CD:EF\r\nm=audio 9\r\na=fingerprint:sha-256 AB:CD:EF\r\n"
        "m=video 9\r\na=fingerprint:SHA-1 01:02 \r\na=setup:actpass\r\n"
    )
    return {
        "private_d": KEY_SCALAR.to_bytes(32, "big").hex(),
        "public": public_point().hex(),
        "hello": [
            {"nonce": nonce.hex(), "token": "a.b.c", "text": text.hex(), "proof": sign(text).hex(), "good": True},
            {
                "nonce": nonce.hex(),
                "token": "a.b.d",
                "text": hello_text(nonce, "a.b.d").hex(),
                "proof": sign(text).hex(),
                "good": False,
            },
        ],
        "fingerprints": [
            {
                "room": ROOM,
                "from": SESSION,
                "to": OTHER_SESSION,
                "sdp": text_sdp,
                "text": fingerprint_text(ROOM, SESSION, OTHER_SESSION, text_sdp).hex(),
            }
            for text_sdp in (sdp, sdp.replace("\r\n", "\n"), "v=0\r\n")
        ],
    }
