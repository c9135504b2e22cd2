"""Vectors of holds and shown desks (P10, D4)."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc, Map

from tests.vectors.fixtures import NOW_MS, ticket
from whiteboard_crdt.holds import Holds
from whiteboard_crdt.ids import DocRef, Role
from whiteboard_crdt.spec import LIMITS

_GRACE = LIMITS.hold_grace_ms
_ASKS = [
    ("anna", "student", "board"),
    ("anna", "tutor", "board"),
    ("anna", "bot", "board"),
    ("anna", "student", "chat"),
    ("anna", "student", "desk/anna"),
    ("bert", "student", "board"),
]
_STEPS: list[tuple[int, dict[str, Any]]] = [
    (0, {}),
    (0, {"held/anna": True, "held/bert": 1.0, "held/": True, "page": "held/bert"}),
    (_GRACE - 1, {}),
    (_GRACE, {}),
    (_GRACE + 1, {"held/bert": True, "desk": "anna"}),
    (2 * _GRACE + 1, {"desk": "x" * 65}),
    (2 * _GRACE + 2, {"held/anna": False, "desk": "é" * 32}),
    (2 * _GRACE + 3, {"held/anna": True, "held/bert": None, "desk": ""}),
    (3 * _GRACE + 2, {"desk": True}),
    (3 * _GRACE + 3, {}),
]


def holds() -> list[dict[str, Any]]:
    """`holds.json`."""
    doc: Doc[Any] = Doc()
    stage: Map[Any] = doc.get("stage", type=Map)
    view = Holds()
    steps = []
    for after_ms, fields in _STEPS:
        stage.update(fields)
        now_ms = NOW_MS + after_ms
        freed = view.read(doc, now_ms)
        kept = [
            view.keeps_out(ticket(user=user, role=Role(role)), DocRef.parse(ref), now_ms) for user, role, ref in _ASKS
        ]
        asks = [
            {"user": user, "role": role, "doc": ref, "kept": is_kept}
            for (user, role, ref), is_kept in zip(_ASKS, kept, strict=True)
        ]
        steps.append({"now_ms": now_ms, "set": fields, "freed": freed, "shown": view.shown_desk, "asks": asks})
    return steps
