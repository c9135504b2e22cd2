"""What the staff decide for others, at the relay: whose desk all may read (D4), who is kept from the board (P10)."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from tests.signaling.raw_client import Scribe, raw_client
from tests.signaling.school import School
from whiteboard_crdt.ids import BOARD, STAGE, DocRef, Role
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    EnvelopeMessage,
    HaveMessage,
    PingMessage,
    PongMessage,
    RefusedMessage,
    WantMessage,
)


async def test_a_shown_desk_is_for_all_until_it_is_shown_no_more_D4(school: School, url: str) -> None:
    ann, staff = school.person("ann"), school.person("tutor", Role.TUTOR)
    desk = DocRef.desk("ann")
    scribe, stage = Scribe(ann, desk), Scribe(staff, STAGE)
    async with raw_client(url) as owner, raw_client(url) as tutor, raw_client(url) as other:
        await owner.join(ann)
        await tutor.join(staff)
        await other.join(school.person("bob"))
        before = scribe.write()
        await owner.send(before)
        await tutor.message(EnvelopeMessage)
        await tutor.send(EnvelopeMessage(stage.seal(stage.update("desk", "ann", "stage"))))
        # The relay compares at once, and what was hidden comes with the comparison's answer.
        have = await other.message(HaveMessage, lambda one: any(head.doc == desk for head in one.heads))
        assert have.reply
        await other.send(HaveMessage(()))
        assert await other.message(EnvelopeMessage, lambda one: one.envelope.doc == desk) == before
        during = scribe.write()
        await owner.send(during)
        assert await other.message(EnvelopeMessage, lambda one: one.envelope.seq == 2) == during
        await tutor.send(EnvelopeMessage(stage.seal(stage.update("desk", "", "stage"))))
        await other.message(EnvelopeMessage, lambda one: one.envelope.doc == STAGE and one.envelope.seq == 2)
        after = scribe.write()
        await owner.send(after)
        assert await tutor.message(EnvelopeMessage, lambda one: one.envelope.seq == 3) == after
        await other.send(WantMessage(desk, ann.session, 1, 3))
        await other.send(PingMessage(9))
        await other.message(PongMessage, lambda pong: pong.nonce == 9)
        assert not [m for m in other.messages if isinstance(m, EnvelopeMessage) and m.envelope == after.envelope]


async def test_what_a_held_student_writes_waits_and_no_socket_is_closed_P10(
    school: School, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("whiteboard_crdt.holds.LIMITS", SimpleNamespace(hold_grace_ms=0))
    ann, staff = school.person("ann"), school.person("tutor", Role.TUTOR)
    scribe, stage = Scribe(ann), Scribe(staff, STAGE)
    async with raw_client(url) as owner, raw_client(url) as tutor:
        await owner.join(ann)
        await tutor.join(staff)
        await tutor.send(EnvelopeMessage(stage.seal(stage.update("held/ann", True, "stage"))))
        await owner.message(EnvelopeMessage)
        drawn = scribe.write()
        await owner.send(drawn)
        await owner.send(PingMessage(3))
        await owner.message(PongMessage, lambda pong: pong.nonce == 3)
        assert not [m for m in owner.messages if isinstance(m, (AckMessage, RefusedMessage))]
        await tutor.send(PingMessage(4))
        await tutor.message(PongMessage, lambda pong: pong.nonce == 4)
        assert not [m for m in tutor.messages if isinstance(m, EnvelopeMessage)]
        await tutor.send(EnvelopeMessage(stage.seal(stage.update("held/ann", False, "stage"))))
        assert await tutor.message(EnvelopeMessage) == drawn
        assert (await owner.message(AckMessage)).entries == (AckEntry(BOARD, ann.session, 1),)
