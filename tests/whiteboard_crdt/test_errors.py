from __future__ import annotations

import re
from pathlib import Path

from whiteboard_crdt.errors import ChalkmeshError, CloseCode, ProtocolError, SetupError, TicketError, UpdateRefused
from whiteboard_crdt.spec import load_spec

PROTOCOL = Path(__file__).parents[2] / "docs" / "protocol.md"


def test_close_codes_equal_the_spec_X() -> None:
    assert {code.name.lower(): code.value for code in CloseCode} == load_spec("close_codes")


def test_close_codes_are_in_the_protocol_and_no_others_X() -> None:
    section = PROTOCOL.read_text(encoding="utf-8").partition("\n## X. ")[2].partition("\n## ")[0]
    told = re.findall(r"^\| (\d{4}) \| (\w+) \| .+ \|$", section, re.MULTILINE)
    assert {name: int(code) for code, name in told} == load_spec("close_codes")


def test_hierarchy_and_default_codes_W6() -> None:
    assert ProtocolError("r").code is CloseCode.MALFORMED
    assert TicketError("r").code is CloseCode.TICKET_REFUSED
    refused = UpdateRefused("P3", "r")
    assert (refused.rule, refused.code, refused.reason) == ("P3", CloseCode.UPDATE_REFUSED, "r")
    assert all(issubclass(kind, ChalkmeshError) for kind in (ProtocolError, TicketError, UpdateRefused, SetupError))
    assert not issubclass(SetupError, ProtocolError)
