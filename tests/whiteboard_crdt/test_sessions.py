from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.whiteboard_crdt.room import Room
from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.errors import TicketError
from whiteboard_crdt.ids import Capability, Role, RoomId
from whiteboard_crdt.keys import SessionKey, load_jwks
from whiteboard_crdt.sessions import Sessions


@pytest.mark.parametrize("case", cases("tickets.json", "second"), ids=lambda case: case["why"])
def test_second_ticket_T4(case: dict[str, Any]) -> None:
    sessions = Sessions(RoomId("lesson-7"), load_jwks(json.dumps(load("tickets.json")["jwks"]).encode()))
    sessions.admit(case["first"])
    if case["honoured"]:
        sessions.admit(case["then"])
    else:
        with pytest.raises(TicketError):
            sessions.admit(case["then"])


def test_later_ticket_adds_rights_and_never_takes_any_T3() -> None:
    room, key = Room(), SessionKey.generate()
    sessions = Sessions(room.name, room.jwks)
    some = room.ticket(1, key, "a", Role.STUDENT, frozenset({Capability.CHAT}))
    more = replace(some, caps=frozenset({Capability.CHAT, Capability.BOARD}), issued_ms=some.issued_ms + 1000)
    less = replace(some, caps=frozenset(), issued_ms=some.issued_ms + 2000)
    for order in ((some, more, less), (more, less, some)):
        sessions = Sessions(room.name, room.jwks)
        for ticket in order:
            assert sessions.admit(room.issue(ticket)) == ticket
        known = sessions.get(some.session)
        assert known is not None and known.ticket == more


def test_renewed_ticket_is_the_one_handed_on() -> None:
    room, key = Room(), SessionKey.generate()
    sessions = Sessions(room.name, room.jwks)
    first = room.ticket(1, key, "a")
    token = room.issue(replace(first, issued_ms=first.issued_ms + 60_000, expires_ms=first.expires_ms + 60_000))
    sessions.admit(room.issue(first))
    sessions.admit(token)
    sessions.admit(room.issue(first))
    (known,) = sessions
    assert known.token == token
    assert sessions.of_client(first.client) == first.session
    assert sessions.of_client(5) is None
