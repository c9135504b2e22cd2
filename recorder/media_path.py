"""Media on its shortest way: from the datagram through SRTP to a receiver in one call, and feedback back together.

aiortc puts every datagram into a queue that a task empties, parses all of its header, and awaits a receiver. A recorder
takes a hundred packets a second of each participant, so that way costs more than the recording. Made for aiortc 1.16:
reads private parts of RTCDtlsTransport and RTCIceTransport.
"""

from __future__ import annotations

import asyncio
import logging
import random
import struct
import time
from collections import deque
from typing import TYPE_CHECKING, Any, Final

import pylibsrtp
from aiortc.rtcdtlstransport import RTCDtlsTransport
from aiortc.rtp import RtcpPacket, RtcpPsfbPacket, RtcpRrPacket, RtcpRtpfbPacket

if TYPE_CHECKING:
    from recorder.ingest import EncodedReceiver

__all__ = ["Feedback", "MediaPath", "RtpHeader", "find_path", "path_of"]

log = logging.getLogger("chalkmesh.recorder.media")

_HEADER: Final = struct.Struct("!BBHII")
_MAX_FEEDBACK: Final = 64
_ONE_BYTE_EXTENSIONS: Final = 0xBEDE
# What `path_of` leaves at a transport and at its aioice connection.
_ATTRIBUTE: Final = "chalkmesh_media_path"

Feedback = RtcpPsfbPacket | RtcpRrPacket | RtcpRtpfbPacket


class RtpHeader:
    """What a receiver reads of a packet's header (RFC 3550, 5.1). One object serves all packets of a path, in turn."""

    __slots__ = ("marker", "payload_size", "payload_type", "send_time", "sequence", "ssrc", "timestamp")

    def __init__(self) -> None:
        self.payload_type = self.sequence = self.timestamp = self.ssrc = 0
        self.marker = False
        # With padding, as congestion control counts it.
        self.payload_size = 0
        self.send_time: int | None = None
        """24 bits of abs-send-time, where the packet has it."""


class MediaPath:
    """All media of one DTLS transport, from its first receiver to its last. One task sends what goes to the sender."""

    def __init__(self, transport: RTCDtlsTransport) -> None:
        self._transport = transport
        self._header = RtpHeader()
        self._members: list[EncodedReceiver] = []
        self._routes: dict[tuple[int, int], EncodedReceiver] = {}
        self._send_time_id = 0
        # Over the bound the oldest goes unsent: all of it is asked for again.
        self._waiting: deque[Feedback] = deque(maxlen=_MAX_FEEDBACK)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def join(self, receiver: EncodedReceiver, send_time_id: int) -> None:
        """A receiver begins. `send_time_id`: number of the header extension abs-send-time, 0 for none."""
        self._members.append(receiver)
        self._routes.clear()
        self._send_time_id = send_time_id or self._send_time_id
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="media-feedback")

    async def leave(self, receiver: EncodedReceiver) -> None:
        """A receiver ends."""
        if receiver in self._members:
            self._members.remove(receiver)
        self._routes.clear()
        task = self._task
        if not self._members and task is not None:
            self._task = None
            task.cancel()
            await asyncio.wait((task,))

    def answer(self, packet: Feedback | None = None) -> None:
        """Have a packet sent soon; or only look again when the next one is due."""
        if packet is not None:
            self._waiting.append(packet)
        self._wake.set()

    async def send(self) -> None:
        """Send what waits, as one datagram."""
        packets, self._waiting = self._waiting, deque(maxlen=_MAX_FEEDBACK)
        if packets:
            try:
                await self._transport._send_rtp(b"".join(bytes(packet) for packet in packets))
            except ConnectionError:
                # The transport went away; its owner hears of it from the connection itself.
                return

    async def _run(self) -> None:
        try:
            await self._feed_back()
        except Exception:
            # The edge of this task: without feedback the media goes on, worse.
            log.exception("feedback ended")

    async def _feed_back(self) -> None:
        loop = asyncio.get_running_loop()
        report_s = 0.0
        while True:
            now_s = time.monotonic()
            for member in self._members:
                member.chase(now_s)
            if now_s >= report_s:
                for member in self._members:
                    self._waiting.extend(member.reports(now_s))
                # RFC 3550, section 6.3.1: the interval varies at random between half and one and a half.
                report_s = now_s + 0.5 + random.random()
            await self.send()
            self._wake.clear()
            dues = [due for member in self._members if (due := member.next_timeout()) is not None]
            # Requests that go out together within 5 ms are one datagram.
            pause_s = max(0.005, min([report_s, *dues]) - now_s)
            alarm = loop.call_later(pause_s, self._wake.set)
            await self._wake.wait()
            alarm.cancel()

    def take(self, data: bytes, arrival_s: float) -> bool:
        """One datagram of media; False leaves it to aiortc. What is forged or malformed is dropped."""
        session: Any = self._transport._rx_srtp
        if session is None:
            return False
        try:
            if 64 <= data[1] & 0x7F <= 95:
                if self._transport._rtp_router.senders:
                    # Reports for a sender are awaited.
                    return False
                self._take_rtcp(session.unprotect_rtcp(data), arrival_s)
            else:
                self._take_rtp(session.unprotect(data), arrival_s)
        except (pylibsrtp.Error, ValueError, IndexError, struct.error) as error:
            log.debug("packet dropped error=%s", type(error).__name__)
        return True

    def _take_rtp(self, data: bytes, arrival_s: float) -> None:
        first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
        payload_type = second & 0x7F
        receiver = self._routes.get((ssrc, payload_type)) or self._route(ssrc, payload_type)
        if receiver is None:
            return
        header = self._header
        header.payload_type = payload_type
        header.marker = second >= 0x80
        header.sequence = sequence
        header.timestamp = timestamp
        header.ssrc = ssrc
        header.send_time = None
        begin, end = 12 + 4 * (first & 15), len(data)
        if first & 0x10:
            size = 4 * (data[begin + 2] << 8 | data[begin + 3])
            if self._send_time_id and receiver.kind == "video":
                header.send_time = _send_time(data, begin, begin + 4 + size, self._send_time_id)
            begin += 4 + size
        if begin > end:
            return
        header.payload_size = end - begin
        if first & 0x20:
            end -= data[-1]
            if data[-1] == 0 or end < begin:
                return
        receiver.take(header, data[begin:end], arrival_s)

    def _route(self, ssrc: int, payload_type: int) -> EncodedReceiver | None:
        """As aiortc's router, which knows by the description who gets what."""
        router: Any = self._transport._rtp_router
        receiver = router.ssrc_table.get(ssrc)
        fitting = router.payload_type_table.get(payload_type, ())
        if receiver is None and len(fitting) == 1:
            (receiver,) = fitting
            router.ssrc_table[ssrc] = receiver
        if receiver is None or receiver not in fitting:
            return None
        self._routes[ssrc, payload_type] = receiver
        found: EncodedReceiver = receiver
        return found

    def _take_rtcp(self, data: bytes, arrival_s: float) -> None:
        router: Any = self._transport._rtp_router
        for packet in RtcpPacket.parse(data):
            for receiver in router.route_rtcp(packet):
                receiver.take_rtcp(packet, arrival_s)


def path_of(transport: RTCDtlsTransport) -> MediaPath:
    """The path of a transport, made at the first call."""
    path: MediaPath | None = getattr(transport, _ATTRIBUTE, None)
    if path is None:
        path = MediaPath(transport)
        setattr(transport, _ATTRIBUTE, path)
        ice: Any = getattr(transport, "transport", None)
        if (connection := getattr(ice, "_connection", None)) is not None:
            setattr(connection, _ATTRIBUTE, path)
    return path


# `Any`: an aioice connection, which has no seam for this.
def find_path(connection: Any) -> MediaPath | None:
    """The path that `path_of` made for an aioice connection."""
    path: MediaPath | None = getattr(connection, _ATTRIBUTE, None)
    return path


def _send_time(data: bytes, begin: int, end: int, wanted: int) -> int | None:
    """abs-send-time among the header extensions (RFC 8285, one-byte form; the only one that browsers send)."""
    if data[begin] << 8 | data[begin + 1] != _ONE_BYTE_EXTENSIONS:
        return None
    at = begin + 4
    while at < end:
        first = data[at]
        if first == 0:
            at += 1
            continue
        size = (first & 15) + 1
        if first >> 4 == wanted:
            return int.from_bytes(data[at + 1 : at + 4], "big") if size == 3 and at + 4 <= end else None
        at += 1 + size
    return None
