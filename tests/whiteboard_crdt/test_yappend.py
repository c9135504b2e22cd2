"""The quick reader of ordinary updates says what the full one says, or nothing."""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping
from typing import Any

import pytest
from pycrdt import Array, Doc, Map, Text

from whiteboard_crdt.errors import ProtocolError, UpdateRefused
from whiteboard_crdt.spec import SNAPSHOT_LIMITS, UPDATE_LIMITS, UpdateLimits
from whiteboard_crdt.yappend import Continuation, append_fields
from whiteboard_crdt.yupdate import Scan, UpdateReader, scan_update

_MUTATIONS = 3_000
_BYTES = (0, 1, 2, 0x7F, 0x80, 0xFF, 119, 125)


def ordinary() -> list[bytes]:
    """What a pen, a keyboard and a cursor in a map make."""
    doc: Doc[Any] = Doc(client_id=300)
    made: list[bytes] = []
    subscription = doc.observe(lambda event: made.append(bytes(event.update)))
    shapes: Map[Any] = doc.get("shapes", type=Map)
    stroke: Map[Any] = Map({"points": Array()})
    shapes["one"] = stroke
    shapes["two"] = written = Text("written ")
    points: Array[Any] = stroke["points"]
    for number in range(40):
        with doc.transaction():
            points.extend(["tag", number * 3.5, number - 20.0, True, None, 2.0**40 + number])
        value: object = bytes(number) if number % 2 else f"value {number}"
        with doc.transaction():
            stroke[f"key {number}"] = value
        written += f"word {number} "
    doc.unobserve(subscription)
    return made


def meaning(scan: Scan) -> list[object]:
    """Field by field; the quick reader's empty ones are of other types."""
    plain: list[object] = []
    for name in Scan.__dataclass_fields__:
        value = getattr(scan, name)
        if isinstance(value, Mapping):
            plain.append(dict(value))
        elif name in ("parents", "roots"):
            plain.append(set(value))
        elif isinstance(value, Collection):
            plain.append(list(value))
        elif name != "plain":
            plain.append(value)
    return plain


def judged(update: bytes, limits: UpdateLimits) -> list[object] | None:
    try:
        return meaning(UpdateReader(update, limits).read())
    except ProtocolError:
        return None


def test_most_ordinary_updates_are_read_quickly() -> None:
    updates = ordinary()
    quick = [update for update in updates if append_fields(update, UPDATE_LIMITS) is not None]
    assert len(quick) > 0.9 * len(updates)


@pytest.mark.parametrize("limits", [UPDATE_LIMITS, SNAPSHOT_LIMITS])
def test_both_readers_agree_on_ordinary_and_on_bent_updates_P1(limits: UpdateLimits) -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    updates = ordinary()
    quick = 0
    for number in range(_MUTATIONS):
        bent = bytearray(draw.choice(updates))
        for _ in range(draw.randrange(3)):
            at, how = draw.randrange(len(bent)), draw.randrange(4)
            if how == 0:
                del bent[at]
            elif how == 1:
                bent.insert(at, draw.randrange(256))
            else:
                bent[at] = draw.choice((*_BYTES, draw.randrange(256)))
        update = bytes(bent)
        try:
            scan = scan_update(update, limits)
        except UpdateRefused:
            assert judged(update, limits) is None, f"seed {seed} case {number}: {update.hex()}"
            continue
        quick += scan.plain
        assert meaning(scan) == judged(update, limits), f"seed {seed} case {number}: {update.hex()}"
    assert quick > _MUTATIONS / 10


def test_a_continuation_adds_what_the_full_reader_finds_and_nothing_else_P1() -> None:
    seed = random.randrange(2**32)
    draw = random.Random(seed)
    doc: Doc[Any] = Doc(client_id=70_000)
    made: list[bytes] = []
    subscription = doc.observe(lambda event: made.append(bytes(event.update)))
    points: Array[Any] = doc.get("points", type=Array)
    text: Text = doc.get("text", type=Text)
    for number in range(200):
        with doc.transaction():
            points.extend([f"tag {number}", number * 7.5, True, None])
        if number % 9 == 0:
            text += "word"
    doc.unobserve(subscription)
    clock = taken = 0
    expected: Continuation | None = None
    for update in made:
        item = scan_update(update).items[0]
        goes_on = item.origin == (item.client, item.clock - 1)
        if expected is not None:
            bent = bytearray(update)
            bent[draw.randrange(len(bent))] = draw.choice((*_BYTES, draw.randrange(256)))
            for one in (update, bytes(bent), update + b"\0", update[:-1], update[: draw.randrange(len(update))]):
                added = expected.length(one)
                said = judged(one, UPDATE_LIMITS) if added else None
                if added and said is not None:
                    read = scan_update(one)
                    (only,) = read.items
                    assert (only.client, only.clock, only.length) == (70_000, clock, added), f"seed {seed}: {one.hex()}"
                    assert only.origin == (70_000, clock - 1)
                    assert only.right is None
                    assert not read.deletes
                else:
                    assert not added, f"seed {seed}: {one.hex()}"
            assert bool(expected.length(update)) == goes_on
            taken += goes_on
        clock = item.clock + item.length
        if expected is None:
            expected = Continuation(70_000, clock, UPDATE_LIMITS)
        expected.advance(clock)
    assert taken > 100


def test_what_all_scans_share_cannot_be_written_to() -> None:
    scan = next(scan for update in ordinary() if (scan := scan_update(update)).plain)
    with pytest.raises(TypeError):
        scan.deletes[1] = []
    with pytest.raises(AttributeError):
        scan.halves.append((1, 2))
