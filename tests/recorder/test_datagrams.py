"""The event loop that empties its media sockets together: `recorder.datagrams`."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Coroutine
from types import SimpleNamespace
from typing import Any

import pytest
import uvloop
from aioice.ice import StunProtocol

from recorder.datagrams import DRAIN_EVERY_S, IceSocket, RecorderLoop

MEDIA, DTLS = b"\x80" + bytes(11), b"\x16" + bytes(20)


class Connection:
    """As much of aioice's as a protocol needs; remembers what came, when, and when it is said to have arrived."""

    def __init__(self) -> None:
        self.came: list[tuple[bytes, float, float]] = []
        self.news = asyncio.Event()
        self.lost = asyncio.Event()
        self.transport: IceSocket | None = None

    def data_received(self, data: bytes, component: int) -> None:
        assert self.transport is not None
        self.came.append((data, time.monotonic(), self.transport.arrival_s))
        self.news.set()

    def protocol_lost(self, protocol: StunProtocol) -> None:
        self.lost.set()

    async def until(self, count: int) -> None:
        async with asyncio.timeout(5):
            while len(self.came) < count:
                self.news.clear()
                await self.news.wait()


async def open_socket() -> tuple[Connection, IceSocket, StunProtocol]:
    held = Connection()
    receiver: Any = held
    loop = asyncio.get_running_loop()
    transport, protocol = await loop.create_datagram_endpoint(
        lambda: StunProtocol(receiver), local_addr=("127.0.0.1", 0)
    )
    found: Any = transport
    assert isinstance(found, IceSocket)
    candidate: Any = SimpleNamespace(component=1)
    protocol.local_candidate = candidate
    held.transport = found
    return held, found, protocol


def run(work: Coroutine[Any, Any, None]) -> None:
    uvloop.run(work, loop_factory=RecorderLoop)


def test_media_waits_for_the_next_drain_and_keeps_the_moment_of_its_arrival() -> None:
    async def work() -> None:
        held, transport, protocol = await open_socket()
        sent: list[float] = []
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:

            def send(count: int) -> None:
                sender.sendto(MEDIA + bytes([count]), transport.get_extra_info("sockname"))
                sent.append(time.monotonic())

            for count in range(1, 31):
                asyncio.get_running_loop().call_later(count / 100, send, count)
            await held.until(30)
        assert [data[-1] for data, _, _ in held.came] == list(range(1, 31))
        for at, (_, _, arrival_s) in zip(sent, held.came, strict=True):
            assert abs(arrival_s - at) < 0.005
        # Handed over in a few turns: those of one turn come within a moment.
        turns = 1 + sum(b[1] - a[1] > DRAIN_EVERY_S / 3 for a, b in zip(held.came, held.came[1:], strict=False))
        assert turns <= 10
        await protocol.close()

    run(work())


def test_socket_without_media_is_read_at_once_also_after_media_stopped() -> None:
    async def work() -> None:
        held, transport, protocol = await open_socket()
        loop = asyncio.get_running_loop()
        assert isinstance(loop, RecorderLoop)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(MEDIA, transport.get_extra_info("sockname"))
            await held.until(1)
            assert loop.draining
            async with asyncio.timeout(5):
                while loop.draining:  # noqa: ASYNC110 - the loop tells nobody
                    await asyncio.sleep(DRAIN_EVERY_S)
            began_s = time.monotonic()
            sender.sendto(DTLS, transport.get_extra_info("sockname"))
            await held.until(2)
            assert time.monotonic() - began_s < DRAIN_EVERY_S / 2
        assert not loop.draining
        await protocol.close()

    run(work())


def test_datagram_that_breaks_its_reader_stops_nothing() -> None:
    async def work() -> None:
        held, transport, protocol = await open_socket()
        faults: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        take = protocol.datagram_received

        def fragile(data: bytes | str, addr: tuple[Any, ...]) -> None:
            if data == MEDIA + b"bad":
                raise ValueError("hostile")
            take(data, addr)

        protocol.datagram_received = fragile  # type: ignore[method-assign]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for count in range(1, 5):
                for end in (b"good", b"bad"):
                    sender.sendto(MEDIA + end, transport.get_extra_info("sockname"))
                await held.until(count)
        assert len(held.came) == 4
        await asyncio.sleep(0)
        assert {str(fault["exception"]) for fault in faults} == {"hostile"}
        await protocol.close()

    run(work())


def test_closed_socket_says_so_and_sends_no_more() -> None:
    async def work() -> None:
        held, transport, protocol = await open_socket()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(MEDIA, transport.get_extra_info("sockname"))
            await held.until(1)
        await protocol.close()
        assert held.lost.is_set()
        assert transport.is_closing()
        transport.sendto(DTLS, ("127.0.0.1", 9))
        transport.close()

    run(work())


def test_address_that_cannot_be_had_is_an_error_and_others_get_sockets_of_uvloop() -> None:
    async def work() -> None:
        loop = asyncio.get_running_loop()
        receiver: Any = Connection()
        with pytest.raises(OSError, match=r".+"):
            await loop.create_datagram_endpoint(lambda: StunProtocol(receiver), local_addr=("192.0.2.1", 0))
        plain, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
        assert not isinstance(plain, IceSocket)
        plain.close()

    run(work())
