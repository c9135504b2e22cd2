"""The three negotiated data channels of one peer connection as a link (protocol rule M2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from aiortc import RTCDataChannel, RTCPeerConnection

from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.spec import LIMITS

__all__ = ["ChannelLink"]

# aiortc's send() never blocks and its queue has no bound of its own.
_SYNC_BYTES: Final = 4 * 1024 * 1024
_LIVE_BYTES: Final = 65_536
# What waits on `bulk` stands before the board in the one association: a few chunks keep the line full.
_BULK_BYTES: Final = 65_536
_BULK_LOW_BYTES: Final = 16_384
_WINDOW_BYTES: Final = 10 * 1_160


class ChannelBulk:
    """`signaling.links.link.Bulk` over channel `bulk` (2)."""

    def __init__(self, channel: RTCDataChannel) -> None:
        self.on_message: Callable[[bytes], None] | None = None
        self.on_drain: Callable[[], None] | None = None
        self._channel = channel
        channel.bufferedAmountLowThreshold = _BULK_LOW_BYTES
        channel.on("message", self._arrived)
        channel.on("bufferedamountlow", self._drained)
        channel.on("open", self._drained)

    def send(self, data: bytes) -> bool:
        """False when there is no room now."""
        if self._channel.readyState != "open" or self._channel.bufferedAmount + len(data) > _BULK_BYTES:
            return False
        try:
            self._channel.send(data)
        except ConnectionError:
            return False
        return True

    @property
    def waiting_bytes(self) -> int:
        """What was sent and is not on its way yet."""
        return self._channel.bufferedAmount

    def _drained(self) -> None:
        if self.on_drain is not None:
            self.on_drain()

    def _arrived(self, data: bytes | str) -> None:
        if self.on_message is not None:
            self.on_message(data if isinstance(data, bytes) else b"")


class ChannelLink:
    """`signaling.links.link.Link` over `sync` (0), `live` (1) and `bulk` (2).

    Both sides make the channels by their ids, so it does not matter who offers. ``on_open`` is called once, when all
    can be written to.
    """

    def __init__(
        self, session: SessionId, connection: RTCPeerConnection, on_open: Callable[[ChannelLink], None]
    ) -> None:
        self.session = session
        self.on_message: Callable[[bytes], None] | None = None
        self.on_lossy: Callable[[bytes], None] | None = None
        self.on_close: Callable[[], None] | None = None
        self._on_open: Callable[[ChannelLink], None] | None = on_open
        self._closed = False
        self._connection = connection
        self._sync = connection.createDataChannel("sync", negotiated=True, id=0)
        self._live = connection.createDataChannel("live", negotiated=True, id=1, ordered=False, maxRetransmits=0)
        self.bulk = ChannelBulk(connection.createDataChannel("bulk", negotiated=True, id=2))
        for channel, arrived in ((self._sync, self._arrived), (self._live, self._arrived_lossy)):
            channel.on("open", self._opened)
            channel.on("message", arrived)
            channel.on("close", self.close)

    @property
    def open(self) -> bool:
        """Whether both channels can be written to."""
        return self._sync.readyState == "open" and self._live.readyState == "open"

    @property
    def waiting(self) -> bool:
        """Whether messages wait for room in the association."""
        return self._sync.bufferedAmount + self._live.bufferedAmount > 0

    @property
    def packets(self) -> int:
        """How many packets of any kind the connection brought: sound counts too, while the channels are stuck."""
        sctp = self._connection.sctp
        if sctp is None:
            return 0
        received: int = sum(stats.packetsReceived for stats in sctp.transport._get_stats().values())
        return received

    def send(self, data: bytes) -> bool:
        """Reliable and in order. Over its bound the link closes: what is missing is found by HAVE on the next one."""
        if self._sync.bufferedAmount > _SYNC_BYTES:
            self.close()
            return False
        return self._put(self._sync, data)

    def send_lossy(self, data: bytes) -> bool:
        """Unordered, no retransmits; left out while the link lags."""
        return self._live.bufferedAmount <= _LIVE_BYTES and self._put(self._live, data)

    def close(self) -> None:
        """The link is gone; its connection is closed by whoever made it."""
        if not self._closed:
            self._closed = True
            if self.on_close is not None:
                self.on_close()

    def _hold_window(self) -> None:
        """Keep the congestion window from closing on a few small messages.

        aiortc's stands at four packets while a line loses, and at one after a timeout, and it grows only for who fills
        it. At 10 % loss and 200 ms that is 23 kB/s: strokes then wait in this process behind strokes (p99 540 ms at 20
        strokes a second; 180 with ten packets, the initial window of RFC 6928). Who sends much waits for it as ever.
        """
        sctp: Any = self._sync.transport
        few = self._sync.bufferedAmount + self._live.bufferedAmount + self.bulk.waiting_bytes < _WINDOW_BYTES
        if few and sctp._cwnd < _WINDOW_BYTES:
            sctp._cwnd = _WINDOW_BYTES

    def _put(self, channel: RTCDataChannel, data: bytes) -> bool:
        if self._closed or channel.readyState != "open" or len(data) > LIMITS.channel_message_bytes:
            return False
        self._hold_window()
        try:
            channel.send(data)
        except ConnectionError:
            # The association ended, and its channels have not been told yet.
            self.close()
            return False
        return True

    def _opened(self) -> None:
        if self.open and self._on_open is not None:
            on_open, self._on_open = self._on_open, None
            on_open(self)

    def _arrived(self, data: bytes | str) -> None:
        if not self._closed and self.on_message is not None:
            # Text is no message of ours; as bytes it is refused like any other unknown one.
            self.on_message(data if isinstance(data, bytes) else b"")

    def _arrived_lossy(self, data: bytes | str) -> None:
        if not self._closed and self.on_lossy is not None:
            self.on_lossy(data if isinstance(data, bytes) else b"")
