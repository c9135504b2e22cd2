"""Crisis alerts of a modified client (section C): who carries one cannot tell what is in it, the portal can."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from signaling.events import AlertBrought, Event
from tests.attacks.conftest import Attack
from tests.attacks.front import Front
from whiteboard_crdt.alert import ALERT_SEALED_BYTES, Alert, derive_alert_key, open_alert, seal_alert, verify_alert
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import RoomId, SessionId
from whiteboard_crdt.keys import SessionKey, dump_point, load_point
from whiteboard_crdt.messages import AlertMessage
from whiteboard_crdt.varint import Writer

ID, OTHER_ID = bytes(range(16)), bytes(range(1, 17))


def brought(front: Front) -> list[AlertMessage]:
    """The alerts that reach Ann or Bob from now on."""
    seen: list[AlertMessage] = []

    def listen(event: Event) -> None:
        if isinstance(event, AlertBrought):
            seen.append(event.message)

    front.ann.subscribe(listen)
    front.bob.subscribe(listen)
    return seen


def portals_key(front: Front) -> ec.EllipticCurvePrivateKey:
    return derive_alert_key(front.school.private)


def pressed(front: Front, session: SessionId, key: SessionKey, alert_id: bytes = ID) -> AlertMessage:
    """An alert of a session, signed with some key and sealed for the portal."""
    alert = Alert(front.ann.room, session, alert_id, 1, "danger", bytes(16))
    return AlertMessage(alert_id, seal_alert(alert, key.sign, dump_point(portals_key(front).public_key())))


async def test_alert_in_anothers_name(attack: Attack) -> None:
    """Ann's session, Mallory's key: it is carried, since only the portal can see it, and refused there."""
    front = await attack()
    seen = brought(front)
    await front.send(pressed(front, front.ann.session, front.mallory.key))
    await front.heard()
    await front.bob.wait_for(lambda: bool(seen))
    opened = open_alert(front.ann.room, seen[0].id, seen[0].content, portals_key(front))
    ann = front.ann.replica.sessions.get(front.ann.session)
    assert ann is not None
    assert opened.session == front.ann.session
    assert not verify_alert(opened, load_point(ann.ticket.key))
    await front.unharmed()


async def test_alert_of_a_student(attack: Attack) -> None:
    """A student has no such button: the portal learns for certain whose session it was, and refuses by its role."""
    front = await attack()
    seen = brought(front)
    await front.send(pressed(front, front.mallory.session, front.mallory.key))
    await front.heard()
    await front.bob.wait_for(lambda: bool(seen))
    opened = open_alert(front.ann.room, seen[0].id, seen[0].content, portals_key(front))
    assert opened.session == front.mallory.session
    assert verify_alert(opened, load_point(front.mallory.ticket.key))
    assert not front.mallory.ticket.staff
    await front.unharmed()


async def test_replayed_alert(attack: Attack) -> None:
    """Genuine, and heard before: under its own id it is the one that the portal has; under no other does it open."""
    front = await attack()
    seen = brought(front)
    genuine = pressed(front, front.ann.session, SessionKey.generate())
    for _ in range(3):
        await front.send(genuine)
    await front.send(AlertMessage(OTHER_ID, genuine.content))
    await front.heard()
    await front.bob.wait_for(lambda: len(seen) == 4)
    assert {open_alert(front.ann.room, one.id, one.content, portals_key(front)).id for one in seen[:3]} == {ID}
    with pytest.raises(ProtocolError):
        open_alert(front.ann.room, OTHER_ID, seen[3].content, portals_key(front))
    with pytest.raises(ProtocolError):
        open_alert(RoomId("another-lesson"), ID, seen[0].content, portals_key(front))
    await front.unharmed()


@pytest.mark.parametrize("length", [0, ALERT_SEALED_BYTES + 1])
async def test_alert_of_a_wrong_length(attack: Attack, length: int) -> None:
    front = await attack()
    seen = brought(front)
    writer = Writer()
    writer.u8(15)
    writer.raw(ID)
    writer.u8(0)
    writer.varbytes(bytes(length))
    await front.send_bytes(writer.finish())
    await front.refused(CloseCode.MALFORMED)
    await front.unharmed()
    assert not seen


async def test_receipt_of_a_wrong_length(attack: Attack) -> None:
    """Guessing the receipt is 2^128; what is not 16 bytes is none."""
    front = await attack()
    seen = brought(front)
    await front.send(AlertMessage(ID, bytes(15), receipt=True))
    await front.refused(CloseCode.MALFORMED)
    await front.unharmed()
    assert not seen


async def test_flood_of_alerts(attack: Attack) -> None:
    """Each would be a request to the portal by whoever carries it: twenty, then two a second."""
    front = await attack()
    seen = brought(front)
    for number in range(300):
        await front.send(AlertMessage(number.to_bytes(16, "big"), bytes(80)))
    await front.heard()
    await front.unharmed()
    assert 20 <= len(seen) < 40
