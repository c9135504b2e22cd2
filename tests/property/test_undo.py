"""Whatever two users do in turns, undo and redo change nothing but one's own work."""

from __future__ import annotations

import os
import random

import pytest

from tests.whiteboard_crdt.room import NOW_MS, STROKE, Peer, Room
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import BOARD
from whiteboard_crdt.shape import Shape, ShapeType
from whiteboard_crdt.undo import Value

SEEDS = range(int(os.environ.get("CHALKMESH_SEEDS", "20")))
# Session and field → what the session wrote there.
Written = dict[tuple[str, str, str], list[object]]


FORMULAS = ("x\n500 500\nM0 0L9 9Z@0,0,1", "y\n900 500\nM0 0L9 0L9 9Z@0,0,1")
PLACE: dict[str, Value | bytes] = {"x": 5.0, "y": 5.0, "w": 40.0, "h": 30.0}
MATHS: dict[ShapeType, dict[str, Value | bytes]] = {
    ShapeType.MATH: {"formula": FORMULAS[0]},
    ShapeType.PLOT: {"form": "line", "x_from": 0.0, "x_to": 2.0, "entries": "1/3"},
    ShapeType.FRAME: {"text": "Task"},
}


def _act(peer: Peer, rnd: random.Random) -> None:
    ids = [shape.id for shape in peer.board.shapes(erased=True)]
    texts = [shape for shape in peer.board.shapes() if shape.type in (ShapeType.TEXT, ShapeType.FRAME)]
    action = rnd.choice(["stroke", "text", "thing", "maths", "move", "erase", "colour", "look", "range", "edit"])
    if action == "stroke" or not ids:
        peer.board.add_stroke("main", STROKE, ShapeType.DRAW, "red", 4, NOW_MS)
    elif action == "text":
        peer.board.add_text("main", 0, 0, "a\U0001f600", "red", 24, NOW_MS)
    elif action == "thing":
        box: dict[str, Value | bytes] = {
            "x": 5.0,
            "y": 5.0,
            "w": 40.0,
            "h": 30.0,
            "form": rnd.choice(["ellipse", "star"]),
        }
        peer.board.add_thing("main", ShapeType.GEO, box, ("blue", 4.0), NOW_MS)
    elif action == "maths":
        kind = rnd.choice([ShapeType.MATH, ShapeType.PLOT, ShapeType.FRAME])
        peer.board.add_thing("main", kind, {**PLACE, **MATHS[kind]}, ("blue", 20.0), NOW_MS)
    elif action == "range":
        changes: list[dict[str, Value]] = [
            {"x_to": 9.0},
            {"x_step": "1/8", "grid": True},
            {"entries": "x^2"},
            {"formula": FORMULAS[1]},
        ]
        peer.board.set_fields([rnd.choice(ids)], rnd.choice(changes))
    elif action == "look":
        looks: list[dict[str, Value]] = [
            {"rotation": 1.0},
            {"locked": True},
            {"w": 90.0},
            {"group": "g"},
            {"opacity": 0.5},
        ]
        peer.board.set_fields([rnd.choice(ids)], rnd.choice(looks))
    elif action == "move":
        peer.board.move(rnd.sample(ids, rnd.randint(1, len(ids))), rnd.randint(1, 9), 0)
    elif action == "erase":
        peer.board.erase([rnd.choice(ids)])
    elif action == "colour":
        peer.board.set_fields([rnd.choice(ids)], {"colour": rnd.choice(["red", "blue", "green"])})
    elif texts:
        peer.board.edit_text(texts[0].id, texts[0].text + rnd.choice(["b", "é"]))


def _exchange(sender: Peer, to: Peer) -> None:
    for envelope in sender.replica.flush_local(NOW_MS):
        to.replica.receive(envelope, now_ms=NOW_MS)


def _fields(peer: Peer) -> dict[tuple[str, str], object]:
    shapes: list[Shape] = peer.board.shapes(erased=True)
    names = ("x", "y", "colour", "erased", "text", "rotation", "locked", "w", "group", "opacity", "formula", "range",
             "x_step", "grid", "entries")  # fmt: skip
    return {(shape.id, name): getattr(shape, name) for shape in shapes for name in names}


def _act_or_undo(peer: Peer, rnd: random.Random, written: Written, seed: int) -> None:
    """One step of a peer. Undo writes only where one's own value still stands: what another wrote over it stays."""
    undoing = rnd.random() < 0.4
    before = _fields(peer)
    if undoing:
        peer.board.undo() if rnd.random() < 0.7 else peer.board.redo()
    else:
        _act(peer, rnd)
    after = _fields(peer)
    for name, value in after.items():
        if name not in before or before[name] != value:
            mine = written.setdefault((peer.session, *name), [])
            assert not undoing or before[name] in mine, f"seed {seed}: undo of {name} touched another's change"
            mine.append(value)
    assert before.keys() <= after.keys(), f"seed {seed}: a shape is gone"


@pytest.mark.parametrize("seed", SEEDS)
def test_undo_restores_only_ones_own_work(seed: int) -> None:
    rnd = random.Random(seed)
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    written: Written = {}
    for _ in range(40):
        peer, other = (anna, bert) if rnd.random() < 0.5 else (bert, anna)
        _act_or_undo(peer, rnd, written, seed)
        _exchange(peer, other)
        assert _fields(anna) == _fields(bert), f"seed {seed}"


@pytest.mark.parametrize("seed", SEEDS)
def test_undo_restores_only_ones_own_work_when_both_act_before_they_hear_of_each_other(seed: int) -> None:
    rnd = random.Random(seed)
    room = Room()
    peers = (room.join("anna"), room.join("bert"))
    on_the_way: dict[str, list[Envelope]] = {peer.session: [] for peer in peers}
    written: Written = {}
    for _ in range(60):
        peer = rnd.choice(peers)
        _act_or_undo(peer, rnd, written, seed)
        on_the_way[peer.session] += peer.replica.flush_local(NOW_MS)
        if rnd.random() < 0.2:
            _deliver(peers, on_the_way)
    _deliver(peers, on_the_way)
    assert _fields(peers[0]) == _fields(peers[1]), f"seed {seed}"


def _deliver(peers: tuple[Peer, Peer], on_the_way: dict[str, list[Envelope]]) -> None:
    for sender, to in (peers, peers[::-1]):
        for envelope in on_the_way[sender.session]:
            to.replica.receive(envelope, now_ms=NOW_MS)
        on_the_way[sender.session].clear()


@pytest.mark.parametrize("seed", SEEDS)
def test_undoing_all_ones_steps_alone_gives_the_board_before_and_redo_the_board_after(seed: int) -> None:
    rnd = random.Random(seed)
    anna = Room().join("anna")
    for _ in range(15):
        _act(anna, rnd)
    done = _fields(anna)
    while anna.board.undo():
        pass
    assert anna.board.shapes() == []
    while anna.board.redo():
        pass
    assert _fields(anna) == done
    assert anna.replica.doc(BOARD) is not None
