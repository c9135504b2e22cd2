"""The files of vectors are what their generator makes of today's code."""

from __future__ import annotations

import json

import pytest

from tests.vectors.fixtures import school_keys
from tests.vectors.generate import FILES, FOLDER, render
from whiteboard_crdt.envelope import decode_envelope
from whiteboard_crdt.events import Refused
from whiteboard_crdt.ids import RoomId
from whiteboard_crdt.replica import Replica


@pytest.mark.parametrize("name", FILES)
def test_file_equals_its_generator(name: str) -> None:
    assert (FOLDER / name).read_text() == render(name), "run: python -m tests.vectors.generate"


def test_a_bad_signature_is_refused_with_the_code_of_its_vector_E2() -> None:
    vectors = json.loads((FOLDER / "envelopes.json").read_text())
    tickets = json.loads((FOLDER / "tickets.json").read_text())
    cases = [case for case in vectors["bad_signature"] if case["room"] == vectors["room"]]
    assert cases
    for case in cases:
        replica = Replica(RoomId(vectors["room"]), None, school_keys())
        replica.admit_ticket(tickets["good"][0]["token"])
        (event,) = replica.receive(decode_envelope(bytes.fromhex(case["raw"])), now_ms=0)
        assert isinstance(event, Refused)
        assert (event.rule, event.code) == ("E2", case["code"])


def test_every_file_is_described() -> None:
    described = (FOLDER / "README.md").read_text()
    assert all(f"`{path.name}`" in described for path in FOLDER.glob("*.json"))
