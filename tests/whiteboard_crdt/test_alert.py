"""Crisis alerts: whiteboard_crdt/alert.py, protocol section C."""

from dataclasses import replace

import pytest

from tests.vectors.alerts import alerts
from tests.vectors.fixtures import KEY_SCALAR, NOW_MS, ROOM, SCHOOL_SCALAR, SESSION, private_key
from whiteboard_crdt.alert import Alert, carries_alerts, derive_alert_key, open_alert, seal_alert, verify_alert
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import Role, RoomId
from whiteboard_crdt.keys import SessionKey, dump_point
from whiteboard_crdt.messages import AlertMessage, decode_message, encode_message

KEY = derive_alert_key(private_key(SCHOOL_SCALAR))
SIGNER = SessionKey(private_key(KEY_SCALAR))
ALERT = Alert(ROOM, SESSION, bytes(16), NOW_MS, "danger", bytes(range(16)))


def sealed(alert: Alert = ALERT) -> bytes:
    return seal_alert(alert, SIGNER.sign, dump_point(KEY.public_key()))


def test_alert_is_read_by_the_school_alone_and_believed_by_its_signature_C2_C3() -> None:
    read = open_alert(ROOM, ALERT.id, sealed(), KEY)
    assert replace(read, sig=b"") == ALERT
    assert verify_alert(read, private_key(KEY_SCALAR).public_key())
    assert not verify_alert(read, private_key(KEY_SCALAR + 1).public_key())
    assert not verify_alert(replace(read, reason="medical"), private_key(KEY_SCALAR).public_key())
    assert not verify_alert(replace(read, room=RoomId("other")), private_key(KEY_SCALAR).public_key())
    with pytest.raises(ProtocolError):
        open_alert(ROOM, ALERT.id, sealed(), private_key(SCHOOL_SCALAR))


def test_alert_tells_its_carrier_nothing_C3() -> None:
    first, second = sealed(), sealed()
    assert first != second
    for part in (b"danger", bytes.fromhex(SESSION), ALERT.receipt):
        assert part not in first
    # Nor does its length tell the reason from another of the same length.
    assert len(sealed(replace(ALERT, reason="reason"))) == len(first)


@pytest.mark.parametrize("case", alerts()["refused"], ids=lambda case: str(case["why"]))
def test_alert_that_was_not_sealed_so_is_refused_C3(case: dict[str, str]) -> None:
    with pytest.raises(ProtocolError):
        open_alert(RoomId(case["room"]), bytes.fromhex(case["id"]), bytes.fromhex(case["sealed"]), KEY)


def test_key_of_alerts_comes_of_the_schools_key_and_is_another() -> None:
    again = derive_alert_key(private_key(SCHOOL_SCALAR))
    assert again.private_numbers() == KEY.private_numbers()
    assert KEY.private_numbers() != private_key(SCHOOL_SCALAR).private_numbers()


def test_longest_alert_fits_its_message_C1() -> None:
    content = sealed(replace(ALERT, reason="a" * 32, at_ms=2**53 - 1))
    message = AlertMessage(ALERT.id, content)
    assert decode_message(encode_message(message), 65_536) == message


def test_students_and_bots_are_asked_last_C4() -> None:
    assert {role for role in Role if not carries_alerts(role)} == {Role.STUDENT, Role.BOT}
