"""What signaling may tell of the network address of somebody whose school allows TURN only (protocol rule M10)."""

from __future__ import annotations

from typing import Final

import msgspec

from signaling.control import SignalData

__all__ = ["hide_addresses"]

_NOWHERE: Final = "0.0.0.0"


def hide_addresses(data: SignalData) -> SignalData | None:
    """A signal without any address of its sender but those of TURN servers; None when nothing is left of it.

    The signature of a description covers its fingerprints only (M4), so the text around them may be changed.
    """
    if data.kind == "candidate" and data.candidate:
        kept = _relay_candidate(data.candidate)
        return None if kept is None else msgspec.structs.replace(data, candidate=kept)
    if data.sdp is not None:
        return msgspec.structs.replace(data, sdp=_clean_sdp(data.sdp))
    return data


def _relay_candidate(text: str) -> str | None:
    """RFC 8839 §5.1: foundation component transport priority address port typ TYPE [raddr A rport P] ….

    The related address of a relay candidate is its owner's own.
    """
    words = text.split()
    if len(words) < 8 or words[6] != "typ" or words[7] != "relay":
        return None
    for at in range(8, len(words) - 1, 2):
        if words[at] == "raddr":
            words[at + 1] = _NOWHERE
        elif words[at] == "rport":
            words[at + 1] = "0"
    return " ".join(words)


def _clean_sdp(sdp: str) -> str:
    lines = (_clean_line(line) for line in sdp.splitlines())
    return "".join(f"{line}\r\n" for line in lines if line)


def _clean_line(line: str) -> str:
    """The line without an address in it; empty where nothing is left."""
    name, _, value = line.partition(":")
    if name == "a=candidate":
        kept = _relay_candidate(value)
        return "" if kept is None else f"a=candidate:{kept}"
    if name == "a=rtcp":
        return f"a=rtcp:9 IN IP4 {_NOWHERE}"
    if line.startswith("c="):
        return f"c=IN IP4 {_NOWHERE}"
    if line.startswith("o="):
        # user, session, version, then the address.
        return " ".join([*line.split(" ")[:3], "IN", "IP4", _NOWHERE])
    return line
