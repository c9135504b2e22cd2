"""What is known to kill, freeze or split a CRDT library, each by its name; `poison.test.ts` is its twin."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from pycrdt import Doc, Map, Text

from tests.architecture.tree import imports_of, package_modules, parse
from tests.vectors.ybytes import deleted, update
from tests.whiteboard_crdt.room import NOW_MS, Room
from tests.whiteboard_crdt.vectors import cases, load
from whiteboard_crdt.errors import ProtocolError, UpdateRefused
from whiteboard_crdt.ids import BOARD, SessionId
from whiteboard_crdt.messages import RefusedMessage, decode_message, encode_message
from whiteboard_crdt.policy import Ledger, check_update
from whiteboard_crdt.spec import LIMITS, SNAPSHOT_LIMITS
from whiteboard_crdt.yupdate import scan_update

POISON = load("poison.json")
_MAP_OF_A_MESSAGE = {"HAVE": b"\x03\x00", "WANT": b"\x04\x00" + bytes(8), "PRESENCE": b"\x06" + bytes(8)}


@pytest.mark.parametrize("poison", POISON, ids=lambda poison: poison["poison"])
def test_poison_is_refused_or_waits(poison: dict[str, str]) -> None:
    """Each stands in the vectors that both languages are held to, and is judged as it says here."""
    (case,) = [one for one in cases(f"{poison['file']}.json") if one["name"] == poison["case"]]
    if poison["file"] == "policy":
        assert case["result"] == poison["result"] != "ok"
    else:
        assert case["scan"] is None
        with pytest.raises(UpdateRefused) as caught:
            scan_update(bytes.fromhex(case["hex"]))
        assert caught.value.rule == poison["result"]


def test_both_languages_name_the_same_poison() -> None:
    twin = Path(__file__).parents[2] / "portal" / "web" / "tests" / "core" / "poison.test.ts"
    assert "vectors<Poison[]>('poison')" in twin.read_text()


@pytest.mark.parametrize("start", _MAP_OF_A_MESSAGE.values(), ids=_MAP_OF_A_MESSAGE)
def test_number_of_200_kilobytes_ends_at_once_W1(start: bytes) -> None:
    """The library's own reader of numbers takes 2.8 s for it."""
    began_s = time.thread_time()
    with pytest.raises(ProtocolError):
        decode_message(start + b"\xff" * 200_000, LIMITS.socket_message_bytes)
    assert time.thread_time() - began_s < 0.02


def test_seven_bytes_that_erase_ten_thousand_characters_P4() -> None:
    theirs: Doc[Any] = Doc(client_id=2)
    text = theirs.get("text", type=Text)
    text.insert(0, "a" * 10_000)
    seven = update(deletes=deleted((2, [(0, 10_000)])))
    assert len(seven) == 7
    ledger = Ledger()
    ledger.note(scan_update(theirs.get_update(), SNAPSHOT_LIMITS))
    mallory = Room().join("mallory")
    with pytest.raises(UpdateRefused) as caught:
        check_update(scan_update(seven), BOARD, mallory.ticket, ledger)
    assert caught.value.rule == "P4"
    theirs.apply_update(seven)
    assert str(text) == "", "the library does as it is told"


def test_a_deletion_moves_no_clock_so_a_state_vector_acknowledges_nothing_P9() -> None:
    doc: Doc[Any] = Doc(client_id=9)
    doc.get("shapes", type=Map)["x"] = 1
    before = doc.get_state()
    del doc.get("shapes", type=Map)["x"]
    assert doc.get_state() == before


def test_undo_of_an_erasure_makes_nothing_anew_under_another_name() -> None:
    """The library's undo of a deletion writes the object again, as the one who undoes: so erasing is a field."""
    room = Room()
    anna, bert = room.join("anna"), room.join("bert")
    bert.replica.receive(anna.draw(), now_ms=NOW_MS)
    (shape,) = bert.board.shapes()
    bert.board.erase([shape.id])
    assert bert.board.shapes() == []
    bert.board.undo()
    envelopes = bert.replica.flush_local(NOW_MS)
    assert all(not scan_update(envelope.update).root_keys for envelope in envelopes)
    assert [(one.id, one.author) for one in bert.board.shapes()] == [(shape.id, anna.session)]


def test_text_that_is_not_ascii_is_counted_in_bytes_W3() -> None:
    """The library's own writer of strings puts a number of characters where bytes belong."""
    message = RefusedMessage(BOARD, SessionId("0" * 16), 1, 4412, "é\U0001f600ß")
    data = encode_message(message)
    assert data.endswith(b"\x08" + "é\U0001f600ß".encode())
    assert decode_message(data, 1_000) == message


def test_numbers_and_bytes_of_a_browser_read_as_what_they_are() -> None:
    """Every number of yjs arrives as a float and bytes as a bytearray; what a board shows is the same in both."""
    doc: Doc[Any] = Doc()
    doc.apply_update(bytes.fromhex(load("yjs_source.json")["values"]))
    values = doc.get("meta", type=Map)["v"]
    assert isinstance(values[4], float | int) and values[4] == 0
    assert bytes(values[-1]) == b"\x00\xff"


def test_nothing_of_the_library_that_reads_network_bytes_by_itself_is_used_P9() -> None:
    """Sticky indexes, awareness and its codec: their readers panic or take seconds (FACTS of the library)."""
    kept_out = {
        "StickyIndex",
        "Awareness",
        "Decoder",
        "Encoder",
        "handle_sync_message",
        "read_message",
        "write_message",
    }
    for package in ("whiteboard_crdt", "signaling", "recorder", "portal"):
        for path in package_modules(package):
            taken = {one.module.rpartition(".")[2] for one in imports_of(parse(path), path) if one.top == "pycrdt"}
            assert not taken & kept_out, path
