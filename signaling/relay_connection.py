"""Keeps a peer connected to the relay: connects, reads, and comes back with growing pauses until it is told to stop."""

from __future__ import annotations

import asyncio
import logging
import random
from contextlib import suppress
from typing import Final, Protocol

import aiohttp

from signaling.control import ClientControl, RelayControl, Unknown, Welcome
from signaling.links.websocket import Introduction, RelaySocket, SocketClosed
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["RelayConnection", "RelayHost"]

log = logging.getLogger("chalkmesh.peer")

_RETRY_FIRST_S: Final = 0.2
_RETRY_LONGEST_S: Final = 5.0
_ABNORMAL: Final = 1006
# Of the 44xx: a fresh ticket helps the one, a better moment of the line or of this machine the other (section X).
_WORTH_RETRYING: Final = (CloseCode.TICKET_EXPIRED, CloseCode.HELLO_TIMEOUT)


class RelayHost(Protocol):
    """What the connection tells its peer."""

    async def introduce(self, *, expired: bool) -> tuple[str, Introduction]:
        """The relay's address and our hello, with a fresh ticket when the one at hand is `expired`."""
        ...

    def on_welcome(self, welcome: Welcome) -> None:
        """We are in. Raises ProtocolError when the welcome makes no sense."""
        ...

    def on_binary(self, data: bytes) -> None:
        """A binary message. Raises ProtocolError."""
        ...

    def on_control(self, message: RelayControl) -> None:
        """A control object. Raises ProtocolError."""
        ...

    def on_lost(self, code: int, reason: str) -> None:
        """The socket ended; it comes back by itself."""
        ...

    def on_stopped(self, code: int, reason: str) -> None:
        """The socket ended and does not come back by itself."""
        ...


class RelayConnection:
    """One owned task. `send` and its kin drop what they are given while there is no connection."""

    def __init__(self, host: RelayHost) -> None:
        self._host = host
        self._socket: RelaySocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._cut = asyncio.Event()
        self._cut.set()
        self._hurry = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether we were welcomed and the socket still stands."""
        return self._socket is not None

    def start(self) -> None:
        """Begin to connect."""
        self._task = asyncio.get_running_loop().create_task(self._run(), name="relay-connection")

    async def stop(self) -> None:
        """Say goodbye and connect no more."""
        if self._task is not None and not self._task.done():
            self._task.cancel()
            await asyncio.wait((self._task,))

    def send(self, data: bytes) -> None:
        """Queue a binary message."""
        if self._socket is not None:
            self._socket.send(data)

    def send_skippable(self, data: bytes) -> None:
        """Queue a binary message that is worth nothing late."""
        if self._socket is not None:
            self._socket.send_skippable(data)

    def send_control(self, message: ClientControl) -> None:
        """Queue a control object."""
        if self._socket is not None:
            self._socket.send_control(message)

    def drop(self) -> None:
        """Break the socket, as a bad network does; it comes back by itself."""
        if self._socket is not None:
            self._socket.abort()

    def hurry(self) -> None:
        """The network is there again, by another sign: do not sit out the pause."""
        self._hurry.set()

    def lost_address(self, gone: frozenset[str]) -> None:
        """The machine lost these addresses: a socket bound to one of them is dead, and would not say so for 8 s."""
        if self._socket is not None and self._socket.address in gone:
            self.drop()

    def cut(self, broken: bool) -> None:
        """Break the way to the relay until it is mended again: for demos of bad networks, and tests."""
        if broken:
            self._cut.clear()
            self.drop()
        else:
            self._cut.set()

    async def _run(self) -> None:
        delay_s = _RETRY_FIRST_S
        expired = False
        async with aiohttp.ClientSession() as http:
            while True:
                await self._cut.wait()
                try:
                    url, who = await self._host.introduce(expired=expired)
                    socket, welcome = await RelaySocket.connect(http, url, who)
                except SocketClosed as closed:
                    code, reason = closed.code, closed.reason
                except ProtocolError as error:
                    code, reason = _ABNORMAL, error.reason
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    code, reason = _ABNORMAL, type(error).__name__
                else:
                    delay_s = _RETRY_FIRST_S
                    code, reason = await self._converse(socket, welcome)
                if 4400 <= code < 4500 and code not in _WORTH_RETRYING:
                    self._host.on_stopped(code, reason)
                    return
                expired = code == CloseCode.TICKET_EXPIRED
                self._host.on_lost(code, reason)
                log.debug("relay lost code=%d, again in %.1f s", code, delay_s)
                self._hurry.clear()
                with suppress(TimeoutError):
                    async with asyncio.timeout(delay_s * random.uniform(0.8, 1.2)):
                        await self._hurry.wait()
                delay_s = min(delay_s * 2, _RETRY_LONGEST_S)

    async def _converse(self, socket: RelaySocket, welcome: Welcome) -> tuple[int, str]:
        self._socket = socket
        try:
            self._host.on_welcome(welcome)
            while True:
                message = await socket.receive()
                if isinstance(message, bytes):
                    self._host.on_binary(message)
                elif not isinstance(message, Unknown):
                    self._host.on_control(message)
        except SocketClosed as closed:
            return closed.code, closed.reason
        except ProtocolError as error:
            log.warning("relay said what makes no sense code=%d reason=%s", error.code, error.reason)
            return _ABNORMAL, error.reason
        finally:
            self._socket = None
            await socket.close()
