"""Attacks on what the staff decided on the stage (P10)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.attacks.conftest import Attack
from tests.signaling.raw_client import Scribe


async def test_a_held_pen_that_goes_on(attack: Attack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("whiteboard_crdt.holds.LIMITS", SimpleNamespace(hold_grace_ms=0))
    front = await attack()
    user = front.mallory.ticket.user
    front.ann.stage.hold(user, True)
    front.ann.flush()
    await front.bob.wait_for(lambda: user in front.bob.replica.held)
    assert user in (await front.under_attack()).held
    scribe = Scribe(front.mallory)
    for _ in range(3):
        await front.send(scribe.write())
    await front.heard()
    await front.unharmed(mallorys=0)
    assert front.refusals() == []
