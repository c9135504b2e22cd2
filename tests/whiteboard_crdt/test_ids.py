from __future__ import annotations

import pytest

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import (
    BOARD,
    CHAT,
    STAGE,
    DocKind,
    DocRef,
    SessionId,
    format_number,
    own_id,
    parse_number,
    parse_session,
    session_of,
)  # fmt: skip

SESSION = SessionId("0123456789abcdef")


@pytest.mark.parametrize("ref", [BOARD, STAGE, CHAT, DocRef.desk("anna"), DocRef.desk("jörg/2")])
def test_docref_text_and_back_D1(ref: DocRef) -> None:
    assert DocRef.parse(ref.text) == ref


@pytest.mark.parametrize("text", ["", "Board", "desk", "desk/", "desk/" + "u" * 65, "desks/a", "desk/\ud800"])
def test_docref_that_is_none_is_refused_D1(text: str) -> None:
    with pytest.raises(ProtocolError):
        DocRef.parse(text)


def test_docrefs_sort_by_kind_then_user() -> None:
    assert sorted([DocRef.desk("b"), CHAT, DocRef.desk("a"), BOARD]) == [
        BOARD,
        CHAT,
        DocRef.desk("a"),
        DocRef.desk("b"),
    ]
    assert [kind.value for kind in DocKind] == [0, 1, 2, 3]


@pytest.mark.parametrize(("number", "text"), [(1, "1"), (35, "z"), (36, "10"), (46655, "zzz"), (46656, "1000")])
def test_numbers_in_base_36(number: int, text: str) -> None:
    assert format_number(number) == text
    assert parse_number(text) == number


@pytest.mark.parametrize("text", ["", "0", "01", "A", "-1", " 1", "1_0", "z" * 12, "١"])
def test_numbers_that_would_not_be_written_are_none(text: str) -> None:
    assert parse_number(text) is None


def test_author_is_the_session_in_the_id_P6() -> None:
    assert own_id(SESSION, 36) == "0123456789abcdef-10"
    assert session_of("0123456789abcdef-10") == SESSION
    assert [session_of(text) for text in ("0123456789abcdef", "0123456789ABCDEF-1", "x-1", "")] == [None] * 4


@pytest.mark.parametrize("text", ["", "0123456789abcde", "0123456789abcdefa", "0123456789abcdeg", "0123456789abcdef\n"])
def test_session_id_that_is_none_is_refused_W4(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_session(text)
