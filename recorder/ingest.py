"""The encoded receiver: takes the place of aiortc's RTCRtpReceiver and hands on complete *encoded* frames.

Nothing is decoded.

Made for aiortc 1.16: it speaks the private interface between RTCPeerConnection, RTCDtlsTransport and a receiver.
`install` is called once in the recorder's process, before any connection is made. Frames arrive at a
`FrameSink`.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from typing import Any, Protocol

import aiortc.rtcpeerconnection
from aioice.ice import StunProtocol
from aiortc.codecs import CODECS, get_capabilities, is_rtx
from aiortc.rate import RemoteBitrateEstimator
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCapabilities, RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack, StreamStatistics
from aiortc.rtp import (
    RTCP_PSFB_APP,
    RTCP_PSFB_PLI,
    RTCP_RTPFB_NACK,
    AnyRtcpPacket,
    RtcpByePacket,
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSrPacket,
    RtpPacket,
    pack_remb_fci,
    unwrap_rtx,
)
from aiortc.stats import RTCStatsReport

from recorder.assemble import FrameAssembler, MediaPacket, TimestampUnwrapper
from recorder.frames import EncodedFrame, Kind
from recorder.red import MalformedPayload, split_red
from recorder.reorder import Released, ReorderBuffer

# Video waits for retransmissions this long; a recorder is in no hurry, but a frozen second must not become two.
VIDEO_WAIT_S = 0.6
# Redundancy (RED) brings back a single lost packet with the next one; of a run only the last. The rest is asked for.
AUDIO_WAIT_S = 0.4
NACK_EVERY_S = 0.08
# Half a second less than the ten that players are promised, for the way there and back.
KEYFRAME_EVERY_S = 9.5
PLI_PAUSE_S = 0.5
_CODECS = {"VP8": "vp8", "H264": "h264", "opus": "opus"}
_MAX_NACKS = 200


class FrameSink(Protocol):
    """Who takes the frames and the sender reports of one receiver. Called from the event loop; must not block."""

    def frame(self, frame: EncodedFrame) -> None:
        """A complete frame, in order."""

    def report(self, timestamp: int, ntp: int, arrival_s: float) -> None:
        """A sender report: extended RTP timestamp, 64-bit NTP time, monotonic arrival."""

    def ended(self) -> None:
        """Nothing more will come."""


class EncodedReceiver:
    """One received media section. The part that RTCPeerConnection and RTCDtlsTransport call keeps their names."""

    def __init__(self, kind: Kind, transport: RTCDtlsTransport) -> None:
        self.kind: Kind = kind
        self.sink: FrameSink | None = None
        self.packets = 0
        self.plis = 0
        self._enabled = True
        self._transport = transport
        self._track: RemoteStreamTrack | None = None
        self._rtcp_ssrc: int | None = None
        self._codecs: dict[int, RTCRtpCodecParameters] = {}
        self._rtx: dict[int, int] = {}
        self._bitrate = RemoteBitrateEstimator() if kind == "video" else None
        self._statistics: dict[int, StreamStatistics] = {}
        self._last_report: dict[int, tuple[int, float]] = {}
        self._media_ssrc: int | None = None
        self._buffer = self._new_buffer()
        self._unwrap = TimestampUnwrapper()
        self._assembler = FrameAssembler(kind, self._unwrap)
        self._last_pli_s = float("-inf")
        self._last_key_s = float("-inf")
        self._tasks: list[asyncio.Task[None]] = []
        self._wake = asyncio.Event()
        self._ended = False

    def _new_buffer(self) -> ReorderBuffer[MediaPacket]:
        if self.kind == "video":
            return ReorderBuffer(wait_s=VIDEO_WAIT_S, nack_every_s=NACK_EVERY_S)
        return ReorderBuffer(wait_s=AUDIO_WAIT_S, nack_every_s=NACK_EVERY_S)

    @property
    def track(self) -> RemoteStreamTrack | None:
        """The remote track of aiortc; it never yields frames here, only its end."""
        return self._track

    @property
    def transport(self) -> RTCDtlsTransport:
        """The DTLS transport that the media comes over."""
        return self._transport

    @property
    def lost(self) -> int:
        """Packets given up on."""
        return self._buffer.lost

    @property
    def recovered(self) -> int:
        """Packets that were missing and came after all (again, late, or as a redundant copy)."""
        return self._buffer.recovered

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities | None:
        """Codecs and header extensions, as aiortc states them."""
        return get_capabilities(kind)

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Bundling moved the media to another transport."""
        self._transport = transport

    async def getStats(self) -> RTCStatsReport:
        """No statistics beyond the counters of this object."""
        return RTCStatsReport()

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin, with the negotiated parameters."""
        if self._tasks or self._ended:
            return
        for codec in parameters.codecs:
            if codec.payloadType is not None:
                self._codecs[codec.payloadType] = codec
        for encoding in parameters.encodings:
            if encoding.rtx is not None:
                self._rtx[encoding.rtx.ssrc] = encoding.ssrc
        self._transport._register_rtp_receiver(self, parameters)
        self._tasks = [asyncio.create_task(self._report_loop()), asyncio.create_task(self._chase_loop())]

    async def stop(self) -> None:
        """End for good."""
        if self._tasks:
            self._transport._unregister_rtp_receiver(self)
            tasks, self._tasks = self._tasks, []
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        self._end()

    def _set_rtcp_ssrc(self, ssrc: int) -> None:
        self._rtcp_ssrc = ssrc

    def _handle_disconnect(self) -> None:
        self._end()

    def _end(self) -> None:
        if self._ended:
            return
        self._ended = True
        if self.sink is not None:
            self.sink.ended()
        if self._track is not None:
            self._track._queue.put_nowait(None)

    async def _handle_rtcp_packet(self, packet: AnyRtcpPacket) -> None:
        if isinstance(packet, RtcpSrPacket):
            now = time.monotonic()
            info = packet.sender_info
            self._last_report[packet.ssrc] = ((info.ntp_timestamp >> 16) & 0xFFFFFFFF, now)
            timestamp = self._unwrap.nearest(info.rtp_timestamp) if packet.ssrc == self._media_ssrc else None
            # aiortc reports zeros before its first packet.
            if timestamp is not None and info.ntp_timestamp and self.sink is not None:
                self.sink.report(timestamp, info.ntp_timestamp, now)
        elif isinstance(packet, RtcpByePacket):
            self._end()

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if not self._enabled or self._ended:
            return
        now = time.monotonic()
        await self._estimate_bitrate(packet, arrival_time_ms)
        codec = self._codecs.get(packet.payload_type)
        if codec is None:
            return
        statistics = self._statistics.get(packet.ssrc)
        if statistics is None:
            statistics = self._statistics[packet.ssrc] = StreamStatistics(codec.clockRate)
        statistics.add(packet)
        if is_rtx(codec):
            original, associated = self._rtx.get(packet.ssrc), codec.parameters.get("apt")
            if original is None or len(packet.payload) < 2 or not isinstance(associated, int):
                return
            if associated not in self._codecs:
                return
            packet = unwrap_rtx(packet, payload_type=associated, ssrc=original)
            codec = self._codecs[associated]
        self._switch_stream(packet.ssrc)
        self.packets += 1
        for released in self._accept(packet, codec, now):
            self._emit(released, now)
        await self._keep_keyframes_coming(now)
        if self._buffer.next_timeout() is not None:
            await self._chase(now)
            self._wake.set()

    def _switch_stream(self, ssrc: int) -> None:
        if self._media_ssrc == ssrc:
            return
        if self._media_ssrc is not None:
            # Another source in the same section: nothing of the old one fits to it.
            self._buffer = self._new_buffer()
            self._unwrap = TimestampUnwrapper()
            self._assembler = FrameAssembler(self.kind, self._unwrap)
        self._media_ssrc = ssrc

    def _accept(self, packet: RtpPacket, codec: RTCRtpCodecParameters, now: float) -> list[Released[MediaPacket]]:
        payload, name = packet.payload, _CODECS.get(codec.name)
        out: list[tuple[int, MediaPacket]] = []
        if codec.name == "red":
            try:
                copies, primary = split_red(payload)
            except MalformedPayload:
                return []
            inner = self._codecs.get(primary.payload_type)
            name = _CODECS.get(inner.name) if inner is not None else None
            payload = primary.data
            if name is None:
                return []
            for back, block in zip(range(len(copies), 0, -1), copies, strict=True):
                if block.data and block.payload_type == primary.payload_type:
                    then = (packet.timestamp - block.back) & 0xFFFFFFFF
                    out.append(
                        (
                            (packet.sequence_number - back) & 0xFFFF,
                            MediaPacket(name, block.data, then, False, packet.ssrc),
                        )
                    )
        if name is None:
            return []
        whole = MediaPacket(name, payload, packet.timestamp, bool(packet.marker), packet.ssrc)
        # First the packet itself: only by it does the buffer learn what is missing before it.
        released = self._buffer.add(packet.sequence_number, whole, now)
        for earlier, copy in out:
            if self._buffer.is_missing(earlier):
                released += self._buffer.add(earlier, copy, now)
        return released

    def _emit(self, released: Released[MediaPacket], now: float) -> None:
        for frame in self._assembler.add(released, now):
            if frame.keyframe:
                self._last_key_s = now
            if self.sink is not None:
                self.sink.frame(frame)

    async def _keep_keyframes_coming(self, now: float) -> None:
        if self.kind != "video":
            return
        # Asked for again until it is here: the request is a single packet, and may be lost too.
        stale = now - self._last_key_s > KEYFRAME_EVERY_S
        if self._assembler.wants_keyframe or stale:
            await self.request_keyframe()

    async def request_keyframe(self) -> None:
        """Ask the sender for a picture that can be decoded on its own, at most twice a second (RFC 4585, PLI)."""
        now = time.monotonic()
        if self._rtcp_ssrc is None or self._media_ssrc is None or now - self._last_pli_s < PLI_PAUSE_S:
            return
        self._last_pli_s = now
        self.plis += 1
        await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc, media_ssrc=self._media_ssrc))

    async def _estimate_bitrate(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        if self._bitrate is None or packet.extensions.abs_send_time is None:
            return
        estimate = self._bitrate.add(
            abs_send_time=packet.extensions.abs_send_time,
            arrival_time_ms=arrival_time_ms,
            payload_size=len(packet.payload) + packet.padding_size,
            ssrc=packet.ssrc,
        )
        if estimate is not None and self._rtcp_ssrc is not None:
            fci = pack_remb_fci(*estimate)
            await self._send(RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=self._rtcp_ssrc, media_ssrc=0, fci=fci))

    async def _chase(self, now: float) -> None:
        wanted = self._buffer.due_nacks(now)[:_MAX_NACKS]
        if wanted and self._rtcp_ssrc is not None and self._media_ssrc is not None:
            # aiortc packs a list that ascends; across the wrap of the 16-bit numbers it takes two.
            for era in sorted({extended >> 16 for extended in wanted}):
                lost = [extended & 0xFFFF for extended in wanted if extended >> 16 == era]
                nack = RtcpRtpfbPacket(
                    fmt=RTCP_RTPFB_NACK, ssrc=self._rtcp_ssrc, media_ssrc=self._media_ssrc, lost=lost
                )
                await self._send(nack)
        for released in self._buffer.advance(now):
            self._emit(released, now)
        if self.kind == "video" and self._assembler.wants_keyframe:
            await self.request_keyframe()

    async def _chase_loop(self) -> None:
        while True:
            due = self._buffer.next_timeout()
            if due is None:
                self._wake.clear()
                await self._wake.wait()
                continue
            await asyncio.sleep(max(0.005, due - time.monotonic()))
            await self._chase(time.monotonic())

    async def _report_loop(self) -> None:
        while True:
            # RFC 3550, section 6.3.1: the interval varies at random between half and one and a half.
            await asyncio.sleep(0.5 + random.random())
            reports = []
            for ssrc, statistics in self._statistics.items():
                last, at = self._last_report.get(ssrc, (0, 0.0))
                delay = int((time.monotonic() - at) * 65536) if last else 0
                reports.append(
                    RtcpReceiverInfo(
                        ssrc=ssrc,
                        fraction_lost=statistics.fraction_lost,
                        packets_lost=statistics.packets_lost,
                        highest_sequence=statistics.max_seq or 0,
                        jitter=statistics.jitter,
                        lsr=last,
                        dlsr=min(delay, 0xFFFFFFFF),
                    )
                )
            if reports and self._rtcp_ssrc is not None:
                await self._send(RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=reports))

    async def _send(self, packet: RtcpPsfbPacket | RtcpRrPacket | RtcpRtpfbPacket) -> None:
        if self._ended:
            return
        try:
            await self._transport._send_rtp(bytes(packet))
        except ConnectionError:
            # The transport went away between the check and the write; its owner hears of it from the connection itself.
            return


_StunReceive = Callable[[StunProtocol, bytes | str, tuple[Any, ...]], None]


def _media_first(parse: _StunReceive) -> _StunReceive:
    """What is media by its first byte (RFC 7983) goes straight on.

    aioice tries to read every datagram as STUN first, and pays for the exception: a seventh of the time of a packet.
    """

    def receive(self: StunProtocol, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and data and 128 <= data[0] <= 191:
            self.receiver.data_received(data, self.local_candidate.component)
        else:
            parse(self, data, addr)

    return receive


def install() -> None:
    """Make every RTCPeerConnection of this process receive encoded frames, and offer and accept RED for Opus."""
    if StunProtocol.datagram_received.__name__ != "receive":
        StunProtocol.datagram_received = _media_first(StunProtocol.datagram_received)  # type: ignore[assignment,method-assign]
    if not any(codec.name == "red" for codec in CODECS["audio"]):
        CODECS["audio"].append(
            RTCRtpCodecParameters(
                mimeType="audio/red", clockRate=48000, channels=2, payloadType=63, parameters={"111/111": None}
            )
        )
    aiortc.rtcpeerconnection.RTCRtpReceiver = EncodedReceiver  # type: ignore[attr-defined,assignment]
