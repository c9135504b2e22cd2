from __future__ import annotations

from typing import Any

import pytest
from pycrdt import Doc, Map

from whiteboard_crdt.chat import TEXT_BYTES, Chat
from whiteboard_crdt.ids import SessionId

ANNA, BERT = SessionId("a" * 16), SessionId("b" * 16)


def test_messages_come_in_order_with_their_authors() -> None:
    doc: Doc[Any] = Doc()
    anna, bert = Chat(doc, ANNA), Chat(doc, BERT)
    anna.post("one", 1000)
    bert.post("two", 900)
    anna.post("three", 5000)
    assert [(m.text, m.author, m.at_ms) for m in bert.messages()] == [
        ("one", ANNA, 1000),
        ("two", BERT, 1001),
        ("three", ANNA, 5000),
    ]
    assert [m.id for m in anna.messages()] == [f"{ANNA}-1", f"{BERT}-1", f"{ANNA}-2"]


def test_message_dated_far_ahead_does_not_push_the_next_ones() -> None:
    doc: Doc[Any] = Doc()
    doc.get("messages", type=Map)[f"{BERT}-1"] = {"text": "future", "at": float(2**53 - 1)}
    chat = Chat(doc, ANNA)
    chat.post("now", 1000)
    assert [m.text for m in chat.messages()] == ["now", "future"]


def test_what_is_no_message_is_left_out() -> None:
    doc: Doc[Any] = Doc()
    raw: Map[Any] = doc.get("messages", type=Map)
    for number, value in enumerate(
        (1.0, "text", {}, {"text": 1.0, "at": 1.0}, {"text": "t", "at": "1"}, {"text": "t", "at": -1.0}, Map())
    ):
        raw[f"{ANNA}-{number + 1}"] = value
    raw["nobody"] = {"text": "t", "at": 1.0}
    assert Chat(doc, ANNA).messages() == []


@pytest.mark.parametrize("text", ["", "é" * TEXT_BYTES])
def test_empty_or_too_long_message_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="bytes"):
        Chat(Doc(), ANNA).post(text, 1)
