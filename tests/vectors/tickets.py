"""Vectors of tickets."""

from __future__ import annotations

import json
from typing import Any

from tests.vectors.fixtures import (
    CLIENT,
    KID,
    NOW_MS,
    OTHER_CLIENT,
    OTHER_SESSION,
    ROOM,
    SCHOOL_SCALAR,
    claims,
    private_key,
    public_point,
    school_keys,
    token,
)  # fmt: skip
from whiteboard_crdt.errors import TicketError
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.keys import SessionKey, dump_jwks, encode_base64url
from whiteboard_crdt.sessions import Sessions
from whiteboard_crdt.ticket import check_admission, read_ticket


def _refused(why: str, compact: str) -> dict[str, Any]:
    try:
        read_ticket(compact, school_keys())
    except TicketError as error:
        return {"why": why, "token": compact, "code": int(error.code)}
    raise AssertionError(f"not refused: {why}")


def tickets() -> dict[str, Any]:
    """`tickets.json`."""
    good = [
        token(claims()),
        token(
            claims(
                role="tutor",
                caps=["board", "chat", "media", "presence", "stage"],
                sub="t1",
                sid="ffffffffffffffff",
                cid=2**32 - 1,
            )
        ),
        token(claims(role="recorder", caps=[], name="Recorder", cid=0)),
        token(claims(caps=["desk", "presence"])),
        token(claims(colour=0)),
        token(claims(colour=2**16 - 1)),
        token(claims(unrecorded=True)),
    ]
    header = {"alg": "ES256", "typ": "chalkmesh-ticket", "kid": KID}
    valid = token(claims())
    off_curve = bytearray(public_point())
    off_curve[-1] ^= 1
    compact_key = SessionKey(private_key(5)).public[:33]
    refused = [
        ("empty", ""),
        ("no JWS", "a.b.c"),
        ("signed by a stranger", token(claims(), scalar=99)),
        ("unknown key", token(claims(), header={**header, "kid": "school-2"})),
        ("no key id", token(claims(), header={"alg": "ES256", "typ": "chalkmesh-ticket"})),
        ("another type", token(claims(), header={**header, "typ": "JWT"})),
        ("algorithm none", token(claims(), header={**header, "alg": "none"})),
        ("algorithm HS256", token(claims(), header={**header, "alg": "HS256"})),
        ("signature changed", valid[:-6] + ("A" if valid[-6] != "A" else "B") + valid[-5:]),
        ("claims changed", valid.replace(valid.split(".")[1], token(claims(role="tutor")).split(".")[1])),
        ("signature left out", valid.rsplit(".", 1)[0] + "."),
        ("version 2", token(claims(v=2))),
        ("version true", token(claims(v=True))),
        *((f"without {name}", token(claims(**{name: None}))) for name in claims()),
        ("session in capitals", token(claims(sid="00000000000003E9"))),
        ("client id too high", token(claims(cid=2**32))),
        ("client id is a fraction", token(claims(cid=1.5))),
        ("colour too high", token(claims(colour=2**16))),
        ("colour below 0", token(claims(colour=-1))),
        ("colour is a word", token(claims(colour="red"))),
        ("unrecorded is false", token(claims(unrecorded=False))),
        ("unrecorded is 1", token(claims(unrecorded=1))),
        ("unrecorded is a word", token(claims(unrecorded="true"))),
        ("unknown role", token(claims(role="admin"))),
        ("unknown capability", token(claims(caps=["board", "fly"]))),
        ("caps is a word", token(claims(caps="board"))),
        ("user over 64 bytes", token(claims(sub="u" * 65))),
        ("empty room", token(claims(room=""))),
        ("key off the curve", token(claims(key=token_key(bytes(off_curve))))),
        ("compressed key", token(claims(key=token_key(compact_key)))),
        ("key is not base64url", token(claims(key="+/+/"))),
        ("claims are a list", token([1])),
        ("longer than 4096", token(claims(name="n" * 200, extra="e" * 5000))),
    ]
    base, later = NOW_MS, NOW_MS + 300_000
    admission = [
        (ROOM, base),
        (ROOM, base - 120_000),
        (ROOM, base - 120_001),
        (ROOM, later - 1),
        (ROOM, later),
        (RoomId("lesson-8"), base),
    ]
    return {
        "jwks": json.loads(dump_jwks(school_keys())),
        "good": [{"token": compact, "ticket": _ticket_json(compact)} for compact in good],
        "refused": [_refused(why, compact) for why, compact in refused],
        "admission": [
            {"token": valid, "room": room, "now_ms": now_ms, "code": _admission(valid, room, now_ms)}
            for room, now_ms in admission
        ],
        "second": [
            _second("the same", valid, valid),
            _second("renewed", valid, token(claims(iat=NOW_MS // 1000 + 200, exp=NOW_MS // 1000 + 500))),
            _second("another key", valid, token(claims(key=token_key(public_point(SCHOOL_SCALAR))))),
            _second("another client", valid, token(claims(cid=OTHER_CLIENT))),
            _second("another user", valid, token(claims(sub="bert"))),
            _second("client id of another session", valid, token(claims(sid=OTHER_SESSION, cid=CLIENT))),
            _second("another session", valid, token(claims(sid=OTHER_SESSION, cid=OTHER_CLIENT))),
            _second("another room", valid, token(claims(sid=OTHER_SESSION, cid=OTHER_CLIENT, room="lesson-8"))),
        ],
    }


def token_key(point: bytes) -> str:
    """The `key` claim of a point."""
    return encode_base64url(point)


def _ticket_json(compact: str) -> dict[str, Any]:
    read = read_ticket(compact, school_keys())
    return {
        "room": read.room,
        "user": read.user,
        "name": read.name,
        "role": read.role.value,
        "caps": sorted(cap.value for cap in read.caps),
        "session": read.session,
        "client": read.client,
        "key": read.key.hex(),
        "colour": read.colour,
        "unrecorded": read.unrecorded,
        "issued_ms": read.issued_ms,
        "expires_ms": read.expires_ms,
    }


def _admission(compact: str, room: RoomId, now_ms: int) -> int | None:
    try:
        check_admission(read_ticket(compact, school_keys()), room, now_ms)
    except TicketError as error:
        return int(error.code)
    return None


def _second(why: str, first: str, then: str) -> dict[str, Any]:
    sessions = Sessions(ROOM, school_keys())
    sessions.admit(first)
    try:
        sessions.admit(then)
    except TicketError:
        return {"why": why, "first": first, "then": then, "honoured": False}
    return {"why": why, "first": first, "then": then, "honoured": True}
