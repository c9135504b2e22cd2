"""Vectors of revocations (T5)."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, Final

from tests.vectors.fixtures import (
    KID,
    NOW_MS,
    OTHER_CLIENT,
    OTHER_SESSION,
    ROOM,
    SESSION,
    claims,
    school_keys,
    token,
)  # fmt: skip
from whiteboard_crdt.errors import TicketError
from whiteboard_crdt.keys import dump_jwks
from whiteboard_crdt.revocation import REVOCATION_TYPE, read_revocation
from whiteboard_crdt.sessions import Sessions

_HEADER: Final = {"alg": "ES256", "typ": REVOCATION_TYPE, "kid": KID}
_NOW_S: Final = NOW_MS // 1000


def _claims(**changes: Any) -> dict[str, Any]:
    good = {"v": 1, "room": ROOM, "sids": [SESSION], "iat": _NOW_S, "reason": "removed"}
    return {name: value for name, value in {**good, **changes}.items() if value is not None}


def _signed(body: object, **options: Any) -> str:
    return token(body, **{"header": _HEADER, **options})


def _of_user(user: str, **changes: Any) -> str:
    return _signed(_claims(sids=None, sub=user, **changes))


def _refused(why: str, compact: str) -> dict[str, Any]:
    try:
        read_revocation(compact, school_keys(), ROOM)
    except TicketError as error:
        return {"why": why, "token": compact, "code": int(error.code)}
    raise AssertionError(f"not refused: {why}")


def _good(compact: str) -> dict[str, Any]:
    read = read_revocation(compact, school_keys(), ROOM)
    return {
        "token": compact,
        "revocation": {
            "room": read.room,
            "sessions": sorted(read.sessions),
            "user": read.user,
            "issued_ms": read.issued_ms,
            "reason": read.reason,
        },
    }


def _steps(name: str, *steps: tuple[str, str]) -> dict[str, Any]:
    sessions = Sessions(ROOM, school_keys())
    for kind, compact in steps:
        with suppress(TicketError):
            if kind == "ticket":
                sessions.admit(compact)
            else:
                sessions.revoke_by(compact)
    return {"name": name, "steps": [list(step) for step in steps], "revoked": sorted(sessions.revoked)}


def revocations() -> dict[str, Any]:
    """`revocations.json`."""
    valid = _signed(_claims())
    parts = valid.split(".")
    other_claims = _signed(_claims(sids=[OTHER_SESSION])).split(".")[1]
    many = [f"{number:016x}" for number in range(65)]
    good = [
        valid,
        _signed(_claims(sids=many[:64])),
        _signed(_claims(sids=[SESSION, SESSION, OTHER_SESSION], reason="device")),
        _of_user("jörg", reason="a_word_of_a_later_version"),
    ]
    refused = [
        ("empty", ""),
        ("no JWS", "a.b.c"),
        ("signed by a stranger", _signed(_claims(), scalar=99)),
        ("of another school", _signed(_claims(), header={**_HEADER, "kid": "school-2"})),
        ("of another room", _signed(_claims(room="lesson-8"))),
        ("a ticket", token(claims())),
        ("claims of a revocation under a ticket's type", token(_claims())),
        ("algorithm none", _signed(_claims(), header={**_HEADER, "alg": "none"})),
        ("with a critical header", _signed(_claims(), header={**_HEADER, "crit": ["exp"]})),
        ("signature left out", f"{parts[0]}.{parts[1]}."),
        ("claims changed", f"{parts[0]}.{other_claims}.{parts[2]}"),
        ("version 2", _signed(_claims(v=2))),
        *((f"without {name}", _signed(_claims(**{name: None}))) for name in ("v", "room", "sids", "iat", "reason")),
        ("of nobody", _signed(_claims(sids=[]))),
        ("of 65 sessions", _signed(_claims(sids=many))),
        ("sessions and a user", _signed(_claims(sub="anna"))),
        ("sessions is a word", _signed(_claims(sids=SESSION))),
        ("session is a number", _signed(_claims(sids=[1001]))),
        ("session in capitals", _signed(_claims(sids=["00000000000003E9"]))),
        ("empty user", _of_user("")),
        ("user over 64 bytes", _of_user("u" * 65)),
        ("reason is a sentence", _signed(_claims(reason="was rude"))),
        ("reason over 32", _signed(_claims(reason="a" * 33))),
        ("time is a fraction", _signed(_claims(iat=_NOW_S + 0.5))),
        ("claims are a list", _signed([1])),
        ("longer than 4096", _signed(_claims(extra="e" * 5000))),
    ]
    anna, spare = token(claims()), token(claims(sid=OTHER_SESSION, cid=OTHER_CLIENT))
    later = token(claims(sid=OTHER_SESSION, cid=OTHER_CLIENT, iat=_NOW_S + 1, exp=_NOW_S + 301))
    renewed = token(claims(iat=_NOW_S + 60, exp=_NOW_S + 360))
    bert = token(claims(sub="bert", sid=OTHER_SESSION, cid=OTHER_CLIENT))
    return {
        "jwks": json.loads(dump_jwks(school_keys())),
        "room": ROOM,
        "good": [_good(compact) for compact in good],
        "refused": [_refused(why, compact) for why, compact in refused],
        "steps": [
            _steps("a session", ("ticket", anna), ("ticket", bert), ("revocation", valid)),
            _steps("a session whose ticket nobody has seen", ("revocation", valid), ("ticket", bert)),
            _steps("twice", ("revocation", valid), ("revocation", valid)),
            _steps("a user's sessions", ("ticket", anna), ("ticket", spare), ("revocation", _of_user("anna"))),
            _steps("a user's ticket that comes later", ("revocation", _of_user("anna")), ("ticket", spare)),
            _steps("a ticket issued after it", ("revocation", _of_user("anna")), ("ticket", later)),
            _steps("another user", ("ticket", bert), ("revocation", _of_user("anna"))),
            _steps(
                "a session that was renewed after it",
                ("ticket", anna),
                ("ticket", renewed),
                ("revocation", _of_user("anna")),
            ),
            _steps(
                "an older one after a newer",
                ("revocation", _of_user("anna", iat=_NOW_S + 9)),
                ("revocation", _of_user("anna")),
                ("ticket", later),
            ),
            _steps("a forged one", ("ticket", anna), ("revocation", _signed(_claims(), scalar=99))),
            _steps("one of another room", ("ticket", anna), ("revocation", _signed(_claims(room="lesson-8")))),
        ],
    }
