from __future__ import annotations

from pathlib import Path

import pytest

from signaling.key_set import KeySetFile
from tests.signaling.school import School
from whiteboard_crdt.errors import CloseCode, TicketError


def _keys(school: School) -> KeySetFile:
    return KeySetFile(school.data / "keys" / "ticket.pub.json")


def test_ticket_that_was_read_is_read_again_from_memory_T2(school: School) -> None:
    keys = _keys(school)
    assert keys.refresh()
    person = school.person()
    assert keys.read_ticket(person.token) is keys.read_ticket(person.token)
    assert keys.read_ticket(person.token).session == person.session


def test_ticket_of_a_key_that_was_taken_out_counts_no_more_T2(school: School) -> None:
    keys = _keys(school)
    keys.refresh()
    person = school.person()
    keys.read_ticket(person.token)
    School(school.data, kid="another")
    assert keys.refresh()
    with pytest.raises(TicketError) as caught:
        keys.read_ticket(person.token)
    assert caught.value.code == CloseCode.TICKET_FOREIGN


def test_refused_ticket_is_not_kept_T1(school: School, tmp_path: Path) -> None:
    keys = _keys(school)
    keys.refresh()
    forged = School(tmp_path / "forger").person().token
    for _ in range(2):
        with pytest.raises(TicketError):
            keys.read_ticket(forged)
