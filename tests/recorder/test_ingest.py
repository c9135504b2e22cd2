"""The encoded receiver against a transport that remembers: `recorder.ingest`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiortc.rtcrtpparameters import RTCRtcpFeedback, RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtp import (
    RTCP_PSFB_PLI,
    RtcpPacket,
    RtcpPsfbPacket,
    RtcpRtpfbPacket,
    RtcpSenderInfo,
    RtcpSrPacket,
    RtpPacket,
)

from recorder import ingest
from recorder.frames import EncodedFrame, Kind
from recorder.ingest import EncodedReceiver
from tests.recorder.rtp import vp8_frame, vp8_packets

OPUS = RTCRtpCodecParameters(mimeType="audio/opus", clockRate=48_000, channels=2, payloadType=111)
RED = RTCRtpCodecParameters(mimeType="audio/red", clockRate=48_000, channels=2, payloadType=63)
VP8 = RTCRtpCodecParameters(
    mimeType="video/VP8", clockRate=90_000, payloadType=97, rtcpFeedback=[RTCRtcpFeedback(type="nack")]
)


class Transport:
    """Takes feedback packets."""

    def __init__(self) -> None:
        self.sent: list[Any] = []
        self.registered = False

    def _register_rtp_receiver(self, receiver: object, parameters: object) -> None:
        self.registered = True

    def _unregister_rtp_receiver(self, receiver: object) -> None:
        self.registered = False

    async def _send_rtp(self, data: bytes) -> None:
        self.sent += RtcpPacket.parse(data)


class Sink:
    """Remembers what it is given."""

    def __init__(self) -> None:
        self.frames: list[EncodedFrame] = []
        self.reports: list[tuple[int, int]] = []
        self.over = False
        self._news = asyncio.Event()

    def frame(self, frame: EncodedFrame) -> None:
        self.frames.append(frame)
        self._news.set()

    async def until(self, count: int) -> None:
        """Returns once so many frames are here."""
        async with asyncio.timeout(5):
            while len(self.frames) < count:
                self._news.clear()
                await self._news.wait()

    def report(self, timestamp: int, ntp: int, arrival_s: float) -> None:
        self.reports.append((timestamp, ntp))

    def ended(self) -> None:
        self.over = True


class Bench:
    """A receiver with its transport and its sink."""

    def __init__(self, kind: Kind) -> None:
        self.transport, self.sink = Transport(), Sink()
        self.receiver = EncodedReceiver(kind, self.transport)  # type: ignore[arg-type]
        self.receiver.sink = self.sink
        self.receiver._set_rtcp_ssrc(4242)

    async def take(self, packet: RtpPacket) -> None:
        await self.receiver._handle_rtp_packet(packet, arrival_time_ms=0)

    def nacked(self) -> set[int]:
        return {n for packet in self.transport.sent if isinstance(packet, RtcpRtpfbPacket) for n in packet.lost}

    def plis(self) -> int:
        return sum(isinstance(packet, RtcpPsfbPacket) and packet.fmt == RTCP_PSFB_PLI for packet in self.transport.sent)


@pytest.fixture
async def audio() -> AsyncIterator[Bench]:
    bench = Bench("audio")
    await bench.receiver.receive(RTCRtpReceiveParameters(codecs=[OPUS, RED], headerExtensions=[]))
    yield bench
    await bench.receiver.stop()


@pytest.fixture
async def video() -> AsyncIterator[Bench]:
    bench = Bench("video")
    await bench.receiver.receive(RTCRtpReceiveParameters(codecs=[VP8], headerExtensions=[]))
    yield bench
    await bench.receiver.stop()


def rtp(kind: int, sequence: int, timestamp: int, payload: bytes, *, marker: int = 0, ssrc: int = 7) -> RtpPacket:
    return RtpPacket(
        payload_type=kind, marker=marker, sequence_number=sequence, timestamp=timestamp, ssrc=ssrc, payload=payload
    )


def redundant(number: int) -> bytes:
    """Opus packet `number` with the one before it, as browsers send RED."""
    before, now = bytes([0x78, number - 1]), bytes([0x78, number])
    return bytes([0x80 | 111]) + (960 << 10 | len(before)).to_bytes(3, "big") + bytes([111]) + before + now


async def test_lost_opus_packet_is_taken_from_the_next_one(audio: Bench) -> None:
    for number in range(1, 30):
        if number not in (5, 11, 12, 20):
            await audio.take(rtp(63, number, number * 960, redundant(number)))
    numbers = [frame.data[1] for frame in audio.sink.frames]
    # 11 and 12 went together: only 12 has a copy, and the receiver still waits for 11.
    assert numbers == list(range(1, 11))
    assert audio.receiver.recovered == 3
    await audio.sink.until(28)
    numbers = [frame.data[1] for frame in audio.sink.frames]
    assert numbers == [*range(1, 11), *range(12, 30)]
    assert [frame.timestamp for frame in audio.sink.frames] == [n * 960 for n in numbers]
    assert [frame.data[1] for frame in audio.sink.frames if frame.gap] == [12]


async def test_malformed_red_is_dropped_and_the_stream_goes_on(audio: Bench) -> None:
    await audio.take(rtp(63, 1, 960, redundant(1)))
    await audio.take(rtp(63, 2, 1920, b"\xef\x00\x00"))
    await audio.take(rtp(63, 3, 2880, redundant(3)))
    assert [frame.data[1] for frame in audio.sink.frames] == [1, 2, 3]


async def test_missing_video_packet_is_asked_for_and_no_frame_is_lost(video: Bench) -> None:
    frames = [vp8_frame(n, key=n == 0) for n in range(6)]
    sent = vp8_packets(frames, sequence=65533)
    late = sent.pop(5)
    for item in sent:
        packet = item.packet
        await video.take(rtp(97, item.sequence, packet.timestamp, packet.payload, marker=int(packet.marker)))
    assert video.nacked() == {late.sequence}
    assert len(video.sink.frames) == 2
    await video.take(rtp(97, late.sequence, late.packet.timestamp, late.packet.payload, marker=int(late.packet.marker)))
    assert [frame.data for frame in video.sink.frames] == frames
    assert video.receiver.lost == 0


async def test_packet_that_never_comes_costs_the_frames_to_the_next_keyframe(video: Bench) -> None:
    frames = [vp8_frame(n, key=n in (0, 4)) for n in range(6)]
    sent = vp8_packets(frames)
    del sent[3]
    for item in sent:
        packet = item.packet
        await video.take(rtp(97, item.sequence, packet.timestamp, packet.payload, marker=int(packet.marker)))
    before = video.plis()
    await video.sink.until(3)
    assert [frame.data for frame in video.sink.frames] == [frames[0], frames[4], frames[5]]
    assert video.sink.frames[1].gap
    assert video.plis() >= before


async def test_stream_that_does_not_begin_with_a_keyframe_is_asked_for_one(video: Bench) -> None:
    (item, *_) = vp8_packets([vp8_frame(1, key=False)])
    await video.take(rtp(97, item.sequence, item.packet.timestamp, item.packet.payload))
    assert video.plis() == 1
    await video.receiver.request_keyframe()
    assert video.plis() == 1


async def test_keyframe_is_asked_for_again_when_the_last_one_is_old(
    video: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "KEYFRAME_EVERY_S", 0.0)
    monkeypatch.setattr(ingest, "PLI_PAUSE_S", 0.0)
    for item in vp8_packets([vp8_frame(n, key=n == 0) for n in range(4)]):
        packet = item.packet
        await video.take(rtp(97, item.sequence, packet.timestamp, packet.payload, marker=int(packet.marker)))
    assert video.plis() >= 2
    assert len(video.sink.frames) == 4


async def test_request_for_a_keyframe_that_was_lost_is_made_again(
    video: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = SimpleNamespace(now_s=1_000.0)
    monkeypatch.setattr(ingest, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    items = vp8_packets([vp8_frame(n, key=n == 0) for n in range(8)])
    began = 0
    late = 0
    for item in items:
        packet = item.packet
        await video.take(rtp(97, item.sequence, packet.timestamp, packet.payload, marker=int(packet.marker)))
        if video.sink.frames and not late:
            began = video.plis()
            clock.now_s += ingest.KEYFRAME_EVERY_S + 1
        late += bool(video.sink.frames)
        clock.now_s += ingest.PLI_PAUSE_S * 0.6
    # Nobody answers: one request once the keyframe is too old, and after each pause another, with every second packet.
    assert video.plis() - began == late // 2


async def test_sender_reports_of_the_stream_reach_the_sink(video: Bench) -> None:
    item = vp8_packets([vp8_frame(0, key=True)], timestamp=2**32 - 10)[0]
    await video.take(rtp(97, 0, item.packet.timestamp, item.packet.payload, marker=1))
    for ssrc, ntp in ((7, 1 << 32), (8, 2 << 32), (7, 0)):
        info = RtcpSenderInfo(ntp_timestamp=ntp, rtp_timestamp=90, packet_count=1, octet_count=1)
        await video.receiver._handle_rtcp_packet(RtcpSrPacket(ssrc=ssrc, sender_info=info))
    assert video.sink.reports == [(2**32 + 90, 1 << 32)]


async def test_new_source_in_the_same_section_starts_afresh(audio: Bench) -> None:
    await audio.take(rtp(111, 100, 960, b"\x78a"))
    await audio.take(rtp(111, 40_000, 5, b"\x78b", ssrc=8))
    assert [(frame.data, frame.ssrc) for frame in audio.sink.frames] == [(b"\x78a", 7), (b"\x78b", 8)]
    assert audio.sink.frames[1].timestamp == 5


async def test_end_of_the_connection_reaches_the_sink_once(audio: Bench) -> None:
    audio.receiver._handle_disconnect()
    await audio.receiver.stop()
    assert audio.sink.over
    await audio.take(rtp(111, 1, 960, b"\x78a"))
    assert audio.sink.frames == []
