from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from tests.whiteboard_crdt.room import KID, NOW_MS, Room
from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import Role, RoomId
from whiteboard_crdt.keys import PublicKey, SessionKey, load_jwks
from whiteboard_crdt.ticket import Ticket, check_admission, issue_ticket, read_ticket, stored_colour


@pytest.fixture(scope="module")
def school() -> dict[str, PublicKey]:
    return load_jwks(json.dumps(load("tickets.json")["jwks"]).encode())


def _plain(ticket: Ticket) -> dict[str, Any]:
    return {
        "room": ticket.room,
        "user": ticket.user,
        "name": ticket.name,
        "role": ticket.role.value,
        "caps": sorted(cap.value for cap in ticket.caps),
        "session": ticket.session,
        "client": ticket.client,
        "key": ticket.key.hex(),
        "colour": ticket.colour,
        "unrecorded": ticket.unrecorded,
        "issued_ms": ticket.issued_ms,
        "expires_ms": ticket.expires_ms,
    }


@pytest.mark.parametrize("case", cases("tickets.json", "good"))
def test_good_ticket_is_read_T1(case: dict[str, Any], school: dict[str, PublicKey]) -> None:
    assert _plain(read_ticket(case["token"], school)) == case["ticket"]


@pytest.mark.parametrize("case", cases("tickets.json", "good"))
def test_colour_of_a_stored_ticket_is_read_without_keys(case: dict[str, Any]) -> None:
    assert stored_colour(case["token"]) == case["ticket"]["colour"]


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.bnVsbA.c", "a.W10.c", "a.eyJjb2xvdXIiOiJyZWQifQ.c", "é.é.é"])
def test_a_stored_ticket_that_is_damaged_has_no_colour(token: str) -> None:
    assert stored_colour(token) is None


@pytest.mark.parametrize("case", cases("tickets.json", "refused"), ids=lambda case: case["why"])
def test_bad_ticket_is_refused_with_its_code_T1(case: dict[str, Any], school: dict[str, PublicKey]) -> None:
    with pytest.raises(TicketError) as caught:
        read_ticket(case["token"], school)
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("case", cases("tickets.json", "admission"))
def test_admission_is_a_matter_of_room_and_time_T2(case: dict[str, Any], school: dict[str, PublicKey]) -> None:
    ticket = read_ticket(case["token"], school)
    if case["code"] is None:
        check_admission(ticket, RoomId(case["room"]), case["now_ms"])
        return
    with pytest.raises(TicketError) as caught:
        check_admission(ticket, RoomId(case["room"]), case["now_ms"])
    assert caught.value.code == case["code"]


@pytest.mark.parametrize("unrecorded", [False, True])
def test_issued_ticket_comes_back(unrecorded: bool) -> None:
    room = Room()
    ticket = replace(room.ticket(7, SessionKey.generate(), "anna", Role.COORDINATOR), unrecorded=unrecorded)
    read = read_ticket(room.issue(ticket), room.jwks)
    assert read == ticket
    assert read.staff


def test_ticket_of_another_school_is_foreign() -> None:
    room = Room()
    token = issue_ticket(room.ticket(1, SessionKey.generate(), "a"), ec.generate_private_key(ec.SECP256R1()), KID + "x")
    with pytest.raises(TicketError) as caught:
        read_ticket(token, room.jwks)
    assert caught.value.code is CloseCode.TICKET_FOREIGN


def test_expired_ticket_is_read_since_peers_honour_it_T3() -> None:
    room = Room()
    ticket = read_ticket(room.issue(room.ticket(1, SessionKey.generate(), "a")), room.jwks)
    with pytest.raises(TicketError):
        check_admission(ticket, room.name, NOW_MS + 10**9)


_SAMPLE = cases("tickets.json", "good")[0]["token"]


@given(st.integers(0, len(_SAMPLE) - 1), st.characters())
def test_any_changed_character_is_a_ticket_error_or_the_same_claims_W6(at: int, char: str) -> None:
    school = load_jwks(json.dumps(load("tickets.json")["jwks"]).encode())
    try:
        read = read_ticket(_SAMPLE[:at] + char + _SAMPLE[at + 1 :], school)
    except TicketError:
        return
    assert read == read_ticket(_SAMPLE, school)


@given(st.text(max_size=200))
def test_any_text_is_a_ticket_error_W6(text: str) -> None:
    with pytest.raises(TicketError):
        read_ticket(text, {})
