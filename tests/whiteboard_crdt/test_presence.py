from __future__ import annotations

import pytest

from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.presence import format_presence, parse_presence


def test_presence_state_comes_back() -> None:
    state = {"tool": "pen", "hand": True, "name": "Jörg \U0001f600", "at": [1, 2.5, None]}
    assert parse_presence(format_presence(state)) == state


def test_presence_over_its_limit_is_refused_W7() -> None:
    with pytest.raises(ProtocolError) as caught:
        format_presence({"x": "y" * 2048})
    assert caught.value.code is CloseCode.OVERSIZED


@pytest.mark.parametrize("data", [b"", b"[]", b"1", b"{", b'{"a":NaN}', b'{"a":"\xff"}', b"[" * 2000])
def test_presence_that_is_no_object_is_a_protocol_error_W6(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        parse_presence(data)
