from __future__ import annotations

from dataclasses import asdict

from whiteboard_crdt.messages import MessageType
from whiteboard_crdt.spec import COLOURS, INK, LIMITS, SNAPSHOT_LIMITS, UPDATE_LIMITS, load_spec


def test_limits_are_those_of_the_spec() -> None:
    raw = load_spec("limits")
    update, snapshot = raw.pop("update"), raw.pop("snapshot")
    assert asdict(LIMITS) == raw
    assert asdict(UPDATE_LIMITS) == {**update, "bytes": raw["update_bytes"]}
    assert asdict(SNAPSHOT_LIMITS) == {**snapshot, "bytes": raw["snapshot_bytes"]}


def test_message_types_are_those_of_the_spec_B() -> None:
    assert {kind.name: kind.value for kind in MessageType} == load_spec("messages")


def test_ink_and_palette() -> None:
    raw = load_spec("ink")
    assert (INK.max_points, INK.line_height) == (raw["max_points"], raw["text"]["line_height"])
    assert list(INK.pen.sizes) == raw["pen"]["sizes"]
    assert INK.highlighter.opacity == raw["highlighter"]["opacity"]
    assert "black" in COLOURS
