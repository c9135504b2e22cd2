"""An event loop whose ICE sockets are read a few times a second instead of once for every datagram.

Waking a process costs more than the datagram that it wakes for (70 µs on a busy machine, where caches are cold). A
recorder is in no hurry, so as long as media flows all its sockets are emptied together every `DRAIN_EVERY_S`. The
kernel says when each datagram arrived, so that clocks and bandwidth estimates do not see the wait. A socket without
media is read at once.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from typing import Any, Final

import uvloop
from aioice.ice import StunProtocol

__all__ = ["RecorderLoop"]

# Adds to the round trip that a browser measures to the recorder, to the time of a retransmission, and to what a kill
# loses. 20 ms cost 1.3 times as much, 80 ms saved another tenth.
DRAIN_EVERY_S: Final = 0.06
# A socket is read at once again after so many empty looks.
_IDLE_LOOKS: Final = 10
_MOST_DATAGRAMS: Final = 512
_DATAGRAM_BYTES: Final = 2048
# Linux; the module `socket` has no name for it. Elsewhere the moment of reading has to do.
_SO_TIMESTAMPNS: Final = 35
_TIMESPEC: Final = struct.Struct("@qq")
_CONTROL_BYTES: Final = socket.CMSG_SPACE(_TIMESPEC.size)


class IceSocket(asyncio.DatagramTransport):
    """One UDP socket of ICE. `arrival_s`: monotonic seconds when the datagram that is being handed over arrived."""

    def __init__(self, loop: RecorderLoop, sock: socket.socket, protocol: StunProtocol) -> None:
        super().__init__()
        self.arrival_s = 0.0
        self._loop = loop
        self._socket = sock
        self._protocol = protocol
        self._closing = False
        self._empty_looks = 0

    def read(self) -> None:
        """Hand over all datagrams that wait. From the first media on the loop's drain calls this."""
        was_draining = self in self._loop.draining
        read = media = 0
        # The kernel's clock is the wall clock.
        wall_to_monotonic_s = time.monotonic() - time.time()
        while read < _MOST_DATAGRAMS and not self._closing:
            try:
                data, control, _, address = self._socket.recvmsg(_DATAGRAM_BYTES, _CONTROL_BYTES)
            except (BlockingIOError, InterruptedError):
                break
            except OSError as error:
                self._protocol.error_received(error)
                break
            read += 1
            self.arrival_s = _arrival_s(control, wall_to_monotonic_s)
            media += bool(data) and 128 <= data[0] <= 191
            self._hand_over(data, address)
        if media:
            self._empty_looks = 0
            if not was_draining and not self._closing:
                self._loop.remove_reader(self._socket)
                self._loop.drain(self)
        elif was_draining:
            self._empty_looks += 1
            if self._empty_looks > _IDLE_LOOKS and not self._closing:
                self._loop.draining.discard(self)
                self._loop.add_reader(self._socket, self.read)

    def _hand_over(self, data: bytes, address: Any) -> None:
        try:
            self._protocol.datagram_received(data, address)
        except Exception as error:
            # As every loop does it: one hostile datagram must not end the reading of all.
            context = {"message": "a datagram was not understood", "exception": error, "protocol": self._protocol}
            self._loop.call_exception_handler(context)

    # asyncio.DatagramTransport

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """`socket` and `sockname`."""
        if name == "socket":
            return self._socket
        if name == "sockname":
            return self._socket.getsockname()
        return default

    def sendto(self, data: Any, addr: Any = None) -> None:
        """Send at once; what does not fit into the kernel's buffer is dropped, as a network drops it."""
        if self._closing:
            return
        try:
            self._socket.sendto(data, addr)
        except (BlockingIOError, InterruptedError):
            return
        except OSError as error:
            self._protocol.error_received(error)

    def is_closing(self) -> bool:
        """Whether it was closed."""
        return self._closing

    def close(self) -> None:
        """Close; the protocol hears of it in the next turn of the loop."""
        if self._closing:
            return
        self._closing = True
        self._loop.draining.discard(self)
        self._loop.remove_reader(self._socket)
        self._loop.call_soon(self._closed)

    def abort(self) -> None:
        """The same: nothing waits to be sent."""
        self.close()

    def _closed(self) -> None:
        try:
            self._protocol.connection_lost(None)
        finally:
            self._socket.close()


class RecorderLoop(uvloop.Loop):
    """uvloop with `IceSocket` for aioice's host candidates. For `uvloop.run(…, loop_factory=RecorderLoop)`."""

    def __init__(self) -> None:
        super().__init__()
        self.draining: set[IceSocket] = set()
        self._drain_due = False

    # `Any`: the signature of asyncio, of which aioice uses two arguments.
    async def create_datagram_endpoint(  # type: ignore[override]
        self, protocol_factory: Callable[[], Any], local_addr: Any = None, **options: Any
    ) -> tuple[Any, Any]:
        """As everywhere, except for the sockets of ICE. Raises OSError."""
        protocol = protocol_factory()
        if not isinstance(protocol, StunProtocol) or local_addr is None or options:
            return await super().create_datagram_endpoint(lambda: protocol, local_addr=local_addr, **options)
        # aioice binds to addresses of its own, never to names.
        host, port = local_addr
        sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
        except OSError:
            # Not Linux.
            pass
        try:
            sock.bind((host, port))
        except OSError:
            sock.close()
            raise
        transport = IceSocket(self, sock, protocol)
        protocol.connection_made(transport)
        self.add_reader(sock, transport.read)
        return transport, protocol

    def drain(self, ice: IceSocket) -> None:
        """Read this socket with all others from now on."""
        self.draining.add(ice)
        if not self._drain_due:
            self._drain_due = True
            self.call_later(DRAIN_EVERY_S, self._drain)

    def _drain(self) -> None:
        self._drain_due = False
        for ice in tuple(self.draining):
            ice.read()
        if self.draining:
            self._drain_due = True
            self.call_later(DRAIN_EVERY_S, self._drain)


def _arrival_s(control: list[tuple[int, int, bytes]], wall_to_monotonic_s: float) -> float:
    now_s = time.monotonic()
    for level, kind, data in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(data) == _TIMESPEC.size:
            seconds, nanoseconds = _TIMESPEC.unpack(data)
            arrived_s = seconds + nanoseconds / 1e9 + wall_to_monotonic_s
            # A wall clock that was set in between must not move media.
            if now_s - 1.0 < arrived_s <= now_s:
                return float(arrived_s)
    return now_s
