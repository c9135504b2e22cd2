"""The encoded receiver: takes the place of aiortc's RTCRtpReceiver and hands on complete *encoded* frames.

Nothing is decoded.

Made for aiortc 1.16: it speaks the private interface between RTCPeerConnection, RTCDtlsTransport and a receiver.
`install` is called once in the recorder's process, before any connection is made. Frames arrive at a
`FrameSink`.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Protocol

import aiortc.rtcpeerconnection
from aioice.ice import StunProtocol
from aiortc.codecs import CODECS, get_capabilities, is_rtx
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtcrtpparameters import RTCRtpCapabilities, RTCRtpCodecParameters, RTCRtpReceiveParameters
from aiortc.rtcrtpreceiver import RemoteStreamTrack
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
)
from aiortc.stats import RTCStatsReport

from recorder.assemble import FrameAssembler, MediaPacket, TimestampUnwrapper
from recorder.frames import EncodedFrame, Kind
from recorder.media_path import Feedback, RtpHeader, find_path, path_of
from recorder.reception import BitrateEstimator, Reception
from recorder.red import MalformedPayload, red_primary, split_red
from recorder.reorder import Released, ReorderBuffer

# Video waits for retransmissions this long; a recorder is in no hurry, but a frozen second must not become two.
VIDEO_WAIT_S = 0.6
# Redundancy (RED) brings back a single lost packet with the next one; of a run only the last. The rest is asked for.
AUDIO_WAIT_S = 0.4
NACK_EVERY_S = 0.08
# Less than the ten that players are promised by what an answer may take on a bad line: two requests that are lost, and
# a picture of which something has to be sent again.
KEYFRAME_EVERY_S = 8.0
PLI_PAUSE_S = 0.5
_CODECS = {"VP8": "vp8", "H264": "h264", "opus": "opus"}
_MAX_NACKS = 200
# Of the bandwidth that the sender was told before.
_LESS_BANDWIDTH = 0.97
_ABS_SEND_TIME = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"


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
        # By payload type: the codec whose frames are kept, RED, and what a retransmission stands for.
        self._names: dict[int, str] = {}
        self._red: set[int] = set()
        self._retransmissions: dict[int, int | None] = {}
        self._bitrate = BitrateEstimator() if kind == "video" else None
        self._receptions: dict[int, Reception] = {}
        self._bandwidth: tuple[int, list[int]] | None = None
        self._last_report: dict[int, tuple[int, float]] = {}
        self._media_ssrc: int | None = None
        self._buffer = self._new_buffer()
        self._unwrap = TimestampUnwrapper()
        self._assembler = FrameAssembler(kind, self._unwrap)
        self._last_pli_s = float("-inf")
        self._last_key_s = float("-inf")
        self._path = path_of(transport)
        self._receiving = False
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
        if self._receiving or self._ended:
            return
        for codec in parameters.codecs:
            if codec.payloadType is not None:
                self._learn(codec.payloadType, codec)
        for encoding in parameters.encodings:
            if encoding.rtx is not None:
                self._rtx[encoding.rtx.ssrc] = encoding.ssrc
        self._receiving = True
        self._transport._register_rtp_receiver(self, parameters)
        times = [extension.id for extension in parameters.headerExtensions if extension.uri == _ABS_SEND_TIME]
        self._path = path_of(self._transport)
        self._path.join(self, times[0] if times else 0)

    def _learn(self, payload_type: int, codec: RTCRtpCodecParameters) -> None:
        self._codecs[payload_type] = codec
        if is_rtx(codec):
            associated = codec.parameters.get("apt")
            self._retransmissions[payload_type] = associated if isinstance(associated, int) else None
        elif codec.name == "red":
            self._red.add(payload_type)
        elif (name := _CODECS.get(codec.name)) is not None:
            self._names[payload_type] = name

    async def stop(self) -> None:
        """End for good."""
        if self._receiving:
            self._receiving = False
            self._transport._unregister_rtp_receiver(self)
            await self._path.leave(self)
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
        """What `MediaPath` left to aiortc."""
        self.take_rtcp(packet, time.monotonic())

    async def _handle_rtp_packet(self, packet: RtpPacket, arrival_time_ms: int) -> None:
        """As aiortc calls it, for packets that do not come by a `MediaPath`."""
        header = RtpHeader()
        header.payload_type, header.marker = packet.payload_type, bool(packet.marker)
        header.sequence, header.timestamp, header.ssrc = packet.sequence_number, packet.timestamp, packet.ssrc
        header.payload_size = len(packet.payload) + packet.padding_size
        header.send_time = packet.extensions.abs_send_time
        self.take(header, packet.payload, time.monotonic())
        await self._path.send()

    def take_rtcp(self, packet: AnyRtcpPacket, arrival_s: float) -> None:
        """A report of the sender, or its end."""
        if isinstance(packet, RtcpSrPacket):
            info = packet.sender_info
            self._last_report[packet.ssrc] = ((info.ntp_timestamp >> 16) & 0xFFFFFFFF, arrival_s)
            timestamp = self._unwrap.nearest(info.rtp_timestamp) if packet.ssrc == self._media_ssrc else None
            # aiortc reports zeros before its first packet.
            if timestamp is not None and info.ntp_timestamp and self.sink is not None:
                self.sink.report(timestamp, info.ntp_timestamp, arrival_s)
        elif isinstance(packet, RtcpByePacket):
            self._end()

    def take(self, header: RtpHeader, payload: bytes, arrival_s: float) -> None:
        """One RTP packet. Feedback to the sender waits in the path for its task."""
        if not self._enabled or self._ended:
            return
        codec = self._codecs.get(header.payload_type)
        if header.send_time is not None:
            self._estimate_bitrate(header, header.send_time, arrival_s)
        if codec is None:
            return
        reception = self._receptions.get(header.ssrc)
        if reception is None:
            reception = self._receptions[header.ssrc] = Reception(codec.clockRate)
        reception.add(header.sequence, header.timestamp, arrival_s)
        payload_type, sequence, ssrc = header.payload_type, header.sequence, header.ssrc
        if payload_type in self._retransmissions:
            associated, original = self._retransmissions[payload_type], self._rtx.get(ssrc)
            if original is None or associated is None or len(payload) < 2:
                return
            # RFC 4588, section 4: the original number stands before the original payload.
            payload_type, ssrc = associated, original
            sequence, payload = payload[0] << 8 | payload[1], payload[2:]
        if ssrc != self._media_ssrc:
            self._switch_stream(ssrc)
        self.packets += 1
        for released in self._accept(payload_type, sequence, header.timestamp, header.marker, ssrc, payload, arrival_s):
            self._emit(released, arrival_s)
        if self.kind == "video" and (self._assembler.wants_keyframe or arrival_s - self._last_key_s > KEYFRAME_EVERY_S):
            # Asked for again until it is here: the request is a single packet, and may be lost too.
            self._ask_keyframe()
        if self._buffer.waiting:
            self.chase(arrival_s)
            self._path.answer()

    def _switch_stream(self, ssrc: int) -> None:
        if self._media_ssrc is not None:
            # Another source in the same section: nothing of the old one fits to it.
            self._buffer = self._new_buffer()
            self._unwrap = TimestampUnwrapper()
            self._assembler = FrameAssembler(self.kind, self._unwrap)
        self._media_ssrc = ssrc

    def _accept(
        self, payload_type: int, sequence: int, timestamp: int, marker: bool, ssrc: int, payload: bytes, now: float
    ) -> list[Released[MediaPacket]]:
        whole = payload
        is_redundant = payload_type in self._red
        if is_redundant:
            try:
                payload_type, payload = red_primary(payload)
            except MalformedPayload:
                return []
        name = self._names.get(payload_type)
        if name is None:
            return []
        # First the packet itself: only by it does the buffer learn what is missing before it.
        released = self._buffer.add(sequence, MediaPacket(name, payload, timestamp, marker, ssrc), now)
        if is_redundant and self._buffer.waiting:
            released += self._accept_copies(name, sequence, timestamp, ssrc, whole, now)
        return released

    def _accept_copies(
        self, name: str, sequence: int, timestamp: int, ssrc: int, payload: bytes, now: float
    ) -> list[Released[MediaPacket]]:
        try:
            copies, primary = split_red(payload)
        except MalformedPayload:
            return []
        released: list[Released[MediaPacket]] = []
        for back, block in zip(range(len(copies), 0, -1), copies, strict=True):
            earlier = (sequence - back) & 0xFFFF
            if block.data and block.payload_type == primary.payload_type and self._buffer.is_missing(earlier):
                copy = MediaPacket(name, block.data, (timestamp - block.back) & 0xFFFFFFFF, False, ssrc)
                released += self._buffer.add(earlier, copy, now)
        return released

    def _emit(self, released: Released[MediaPacket], now: float) -> None:
        for frame in self._assembler.add(released, now):
            if frame.keyframe:
                self._last_key_s = now
            if self.sink is not None:
                self.sink.frame(frame)

    async def request_keyframe(self) -> None:
        """Ask the sender for a picture that can be decoded on its own, at most twice a second (RFC 4585, PLI)."""
        self._ask_keyframe()
        await self._path.send()

    def _ask_keyframe(self) -> None:
        now = time.monotonic()
        if self._rtcp_ssrc is None or self._media_ssrc is None or now - self._last_pli_s < PLI_PAUSE_S:
            return
        self._last_pli_s = now
        self.plis += 1
        self._path.answer(RtcpPsfbPacket(fmt=RTCP_PSFB_PLI, ssrc=self._rtcp_ssrc, media_ssrc=self._media_ssrc))

    def _estimate_bitrate(self, header: RtpHeader, send_time: int, arrival_s: float) -> None:
        if self._bitrate is None:
            return
        estimate = self._bitrate.add(
            abs_send_time=send_time,
            arrival_time_ms=int(arrival_s * 1000),
            payload_size=header.payload_size,
            ssrc=header.ssrc,
        )
        if estimate is None or self._rtcp_ssrc is None:
            return
        before, self._bandwidth = self._bandwidth, estimate
        # More bandwidth can wait for the next report; less of it cannot.
        if before is None or estimate[0] < before[0] * _LESS_BANDWIDTH:
            self._path.answer(self._remb(self._rtcp_ssrc, *estimate))

    @staticmethod
    def _remb(ssrc: int, bits_s: int, sources: list[int]) -> RtcpPsfbPacket:
        return RtcpPsfbPacket(fmt=RTCP_PSFB_APP, ssrc=ssrc, media_ssrc=0, fci=pack_remb_fci(bits_s, sources))

    # What `MediaPath` asks for

    def next_timeout(self) -> float | None:
        """When `chase` has something to do, monotonic seconds; None while nothing is missing."""
        return self._buffer.next_timeout()

    def chase(self, now: float) -> None:
        """Ask again for what is missing, and give up on what was waited for long enough."""
        if not self._buffer.waiting:
            return
        wanted = self._buffer.due_nacks(now)[:_MAX_NACKS]
        if wanted and self._rtcp_ssrc is not None and self._media_ssrc is not None:
            # aiortc packs a list that ascends; across the wrap of the 16-bit numbers it takes two.
            for era in sorted({extended >> 16 for extended in wanted}):
                lost = [extended & 0xFFFF for extended in wanted if extended >> 16 == era]
                ssrc, media = self._rtcp_ssrc, self._media_ssrc
                self._path.answer(RtcpRtpfbPacket(fmt=RTCP_RTPFB_NACK, ssrc=ssrc, media_ssrc=media, lost=lost))
        for released in self._buffer.advance(now):
            self._emit(released, now)
        if self.kind == "video" and self._assembler.wants_keyframe:
            self._ask_keyframe()

    def reports(self, now: float) -> list[Feedback]:
        """What the sender is told about once a second."""
        if self._rtcp_ssrc is None or not self._receptions:
            return []
        blocks = []
        for ssrc, reception in self._receptions.items():
            last, at = self._last_report.get(ssrc, (0, 0.0))
            delay = int((now - at) * 65536) if last else 0
            blocks.append(
                RtcpReceiverInfo(
                    ssrc=ssrc,
                    fraction_lost=reception.fraction_lost(),
                    packets_lost=reception.lost,
                    highest_sequence=reception.highest & 0xFFFFFFFF,
                    jitter=reception.jitter,
                    lsr=last,
                    dlsr=min(delay, 0xFFFFFFFF),
                )
            )
        found: list[Feedback] = [RtcpRrPacket(ssrc=self._rtcp_ssrc, reports=blocks)]
        if self._bandwidth is not None:
            found.append(self._remb(self._rtcp_ssrc, *self._bandwidth))
        return found


_StunReceive = Callable[[StunProtocol, bytes | str, tuple[Any, ...]], None]


def _media_first(parse: _StunReceive) -> _StunReceive:
    """What is media by its first byte (RFC 7983) goes straight to its receiver.

    aioice tries to read every datagram as STUN first, and pays for the exception.
    """

    def receive(self: StunProtocol, data: bytes | str, addr: tuple[Any, ...]) -> None:
        if isinstance(data, bytes) and len(data) >= 12 and 128 <= data[0] <= 191:
            path = find_path(self.receiver)
            # Only the loop of a recorder process knows when a datagram arrived.
            if path is None or not path.take(data, getattr(self.transport, "arrival_s", None) or time.monotonic()):
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
