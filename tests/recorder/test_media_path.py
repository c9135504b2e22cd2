"""RTP packets on the short way: `recorder.media_path`."""

from __future__ import annotations

import random
from typing import Any

import pylibsrtp
import pytest
from aiortc.rtcdtlstransport import RtpRouter
from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensions, HeaderExtensionsMap, RtpPacket

from recorder.media_path import MediaPath, RtpHeader

_URIS = (
    "urn:ietf:params:rtp-hdrext:sdes:mid",
    "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time",
    "urn:ietf:params:rtp-hdrext:ssrc-audio-level",
)


class Plain:
    """An SRTP session without encryption; `refuses`: as a forged packet does."""

    refuses = False

    def unprotect(self, data: bytes) -> bytes:
        if self.refuses:
            raise pylibsrtp.Error(7)
        return data

    unprotect_rtcp = unprotect


class Transport:
    """As much of an RTCDtlsTransport as the path reads."""

    def __init__(self) -> None:
        self._rx_srtp: Plain | None = Plain()
        self._rtp_router = RtpRouter()


class Taker:
    """Remembers the packets."""

    kind = "video"

    def __init__(self) -> None:
        self.taken: list[tuple[object, ...]] = []

    def take(self, header: RtpHeader, payload: bytes, arrival_s: float) -> None:
        self.taken.append(
            (
                header.payload_type,
                header.marker,
                header.sequence,
                header.timestamp,
                header.ssrc,
                header.send_time,
                header.payload_size,
                payload,
                arrival_s,
            )
        )


class Bench:
    """A path with one receiver of payload type 97."""

    def __init__(self) -> None:
        self.transport, self.taker = Transport(), Taker()
        receiver: Any = self.taker
        self.transport._rtp_router.register_receiver(receiver, ssrcs=[7], payload_types=[97])
        self.path = MediaPath(self.transport)  # type: ignore[arg-type]
        # As `join` does, without the task that sends feedback.
        self.path._send_time_id = 2


@pytest.fixture
def bench() -> Bench:
    return Bench()


def extensions_map() -> HeaderExtensionsMap:
    made = HeaderExtensionsMap()
    made.configure(
        RTCRtpParameters(
            headerExtensions=[RTCRtpHeaderExtensionParameters(id=n, uri=uri) for n, uri in enumerate(_URIS, 1)]
        )
    )
    return made


def some_packet(chance: random.Random, *, ssrc: int = 7, payload_type: int = 97) -> RtpPacket:
    packet = RtpPacket(
        payload_type=payload_type,
        marker=chance.randint(0, 1),
        sequence_number=chance.randrange(1 << 16),
        timestamp=chance.randrange(1 << 32),
        ssrc=ssrc,
        payload=chance.randbytes(chance.randint(0, 60)),
    )
    packet.csrc = [chance.randrange(1 << 32) for _ in range(chance.choice((0, 0, 2)))]
    packet.padding_size = chance.choice((0, 0, 5))
    packet.extensions = HeaderExtensions(
        mid=chance.choice((None, "0")),
        abs_send_time=chance.choice((None, chance.randrange(1 << 24))),
        audio_level=chance.choice((None, (True, 30))),
    )
    return packet


def test_packets_are_read_as_aiortc_reads_them(bench: Bench) -> None:
    chance, names = random.Random(3), extensions_map()
    for _ in range(500):
        data = some_packet(chance).serialize(names)
        theirs = RtpPacket.parse(data, names)
        assert bench.path.take(data, 1.5)
        assert bench.taker.taken.pop() == (
            theirs.payload_type,
            bool(theirs.marker),
            theirs.sequence_number,
            theirs.timestamp,
            theirs.ssrc,
            theirs.extensions.abs_send_time,
            len(theirs.payload) + theirs.padding_size,
            theirs.payload,
            1.5,
        )
    assert bench.taker.taken == []


def test_malformed_packets_are_dropped(bench: Bench) -> None:
    chance, names = random.Random(4), extensions_map()
    for _ in range(3000):
        data = bytearray(some_packet(chance).serialize(names))
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        data[0] = 0x80 | data[0] & 0x3F
        data[1] = 97
        # Whatever comes of it, nothing is raised.
        assert bench.path.take(bytes(data[: chance.randint(12, len(data))]), 0.0)


def test_packet_of_an_unknown_source_goes_by_its_payload_type(bench: Bench) -> None:
    chance, names = random.Random(5), extensions_map()
    bench.path.take(some_packet(chance, ssrc=8).serialize(names), 0.0)
    assert len(bench.taker.taken) == 1
    bench.path.take(some_packet(chance, ssrc=8, payload_type=98).serialize(names), 0.0)
    assert len(bench.taker.taken) == 1


def test_forged_packet_is_dropped_and_before_the_handshake_it_is_left_to_aiortc(bench: Bench) -> None:
    data = some_packet(random.Random(6)).serialize(extensions_map())
    session = bench.transport._rx_srtp
    assert session is not None
    session.refuses = True
    assert bench.path.take(data, 0.0)
    bench.transport._rx_srtp = None
    assert not bench.path.take(data, 0.0)
    assert bench.taker.taken == []
