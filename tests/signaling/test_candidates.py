"""What signaling lets through of somebody's network address (protocol rule M10)."""

from __future__ import annotations

import pytest

from signaling.candidates import hide_addresses
from signaling.control import SignalData

HOST = "candidate:1 1 udp 2122260223 192.168.7.9 50000 typ host generation 0"
REFLEXIVE = "candidate:2 1 udp 1686052607 203.0.113.7 50000 typ srflx raddr 192.168.7.9 rport 50000"
RELAY = "candidate:3 1 udp 41885439 198.51.100.4 60000 typ relay raddr 203.0.113.7 rport 50000 generation 0"
SDP = "\r\n".join([
    "v=0",
    "o=- 46117 2 IN IP4 192.168.7.9",
    "s=-",
    "m=audio 50000 UDP/TLS/RTP/SAVPF 111",
    "c=IN IP4 203.0.113.7",
    "a=rtcp:50001 IN IP4 203.0.113.7",
    f"a={HOST}",
    f"a={REFLEXIVE}",
    f"a={RELAY}",
    "a=fingerprint:sha-256 AB:CD",
    "a=mid:0",
    "",
])  # fmt: skip


def candidate(text: str) -> SignalData:
    return SignalData(epoch=1, kind="candidate", candidate=text, mid="0", line=0)


@pytest.mark.parametrize(
    "text", [HOST, REFLEXIVE, "candidate:9 1 tcp 1 a.local 9 typ prflx", "candidate:x", "typ relay"]
)
def test_a_candidate_with_an_own_address_is_dropped_M10(text: str) -> None:
    assert hide_addresses(candidate(text)) is None


def test_a_relay_candidate_loses_what_it_is_related_to_M10() -> None:
    passed = hide_addresses(candidate(RELAY))
    assert passed is not None and passed.candidate is not None
    assert "203.0.113.7" not in passed.candidate
    assert passed.candidate.startswith("candidate:3 1 udp 41885439 198.51.100.4 60000 typ relay raddr 0.0.0.0 rport 0")


def test_the_end_of_candidates_and_a_hello_pass() -> None:
    for data in (candidate(""), SignalData(epoch=2, kind="hello")):
        assert hide_addresses(data) == data


def test_a_description_keeps_its_fingerprint_and_loses_every_own_address_M10() -> None:
    passed = hide_addresses(SignalData(epoch=1, kind="offer", sdp=SDP, fp="AA", mids={"0": "audio"}))
    assert passed is not None and passed.sdp is not None
    assert "192.168.7.9" not in passed.sdp and "203.0.113.7" not in passed.sdp
    assert "198.51.100.4" in passed.sdp and "a=fingerprint:sha-256 AB:CD\r\n" in passed.sdp
    assert (passed.fp, passed.mids, passed.sdp.count("\r\n")) == ("AA", {"0": "audio"}, 9)
