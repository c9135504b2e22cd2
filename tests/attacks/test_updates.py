"""Updates that break a rule of section P, in envelopes that are otherwise good."""

from __future__ import annotations

import re

import pytest

from tests.attacks.conftest import Attack
from tests.attacks.updates import HOSTILE, Hostile, Target
from tests.signaling.raw_client import Scribe
from tests.vectors.ybytes import deleted, update
from whiteboard_crdt.errors import CloseCode
from whiteboard_crdt.ids import MAIN_PAGE


@pytest.mark.parametrize("hostile", HOSTILE, ids=[one.name for one in HOSTILE])
async def test_hostile_update(attack: Attack, hostile: Hostile) -> None:
    front = await attack(**hostile.who)
    scribe = Scribe(front.mallory, hostile.doc)
    await front.send(scribe.seal(hostile.make(Target.of(front))))
    await front.refused(hostile.code)
    (reason,) = [line for line in front.caplog.messages if line.startswith("envelope refused")]
    assert re.findall(r"rule=(\w+)", reason) == [hostile.rule]
    await front.unharmed()


async def test_mass_deletion(attack: Attack) -> None:
    """A hand's worth of another's work may be erased, a lesson's may not (P4)."""
    front = await attack()
    first = Target.of(front).held
    front.ann.board.add_text(MAIN_PAGE, 1, 1, "a" * 5_000, "black", 24, front.ann.now_ms())
    front.ann.flush()
    await front.bob.wait_for(lambda: len(front.bob.board.shapes()) == 3)
    await front.send(Scribe(front.mallory).seal(update(deletes=deleted((front.ann.client_id, [(first + 20, 4_097)])))))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed()


async def test_rewritten_clocks(attack: Attack) -> None:
    """Clocks that are held already are refused, not merged: nothing is left to what the libraries make of them."""
    front = await attack()
    scribe, again = Scribe(front.mallory), Scribe(front.mallory)
    first = scribe.write()
    await front.send(first)
    again.seq, again.prev = scribe.seq, scribe.prev
    await front.send(again.seal(again.update(value=2.0)))
    await front.refused(CloseCode.UPDATE_REFUSED)
    await front.unharmed(mallorys=None)


async def test_hostile_field_values(attack: Attack) -> None:
    """Within her own keys Mallory may write anything: what is no shape is shown to nobody, and stops nobody."""
    front = await attack()
    scribe = Scribe(front.mallory)
    values = (None, True, 1e308, -1.0, "text", b"\xff" * 50, [[1], {"a": None}], {"__proto__": {"x": 1}}, float("inf"))
    for value in values:
        await front.send(scribe.seal(scribe.update(value=value)))
    await front.heard()
    await front.unharmed()
