"""What an attack costs the others: `python -m tests.attacks.latency`. A benchmark, not a test.

A relay in its own process; a lesson of a writer and three readers, timed from send to arrival; in a third process an
attacker who does one thing after the other as fast as the relay lets it, and comes back whenever it is put out. Rounds
without and with it follow each other, so that whatever else the machine does meets both. Where this process may, the
relay and the lesson run before everything else on the machine: what is left is what the attack costs.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, suppress
from itertools import cycle
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event as SharedEvent
from pathlib import Path
from typing import Final

import aiohttp

from tests.signaling.raw_client import Closed, RawClient, Scribe, raw_client
from tests.signaling.relay_process import relay_process
from tests.signaling.school import Person, School
from whiteboard_crdt.ids import BOARD, Role
from whiteboard_crdt.keys import SessionKey
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    HaveMessage,
    PingMessage,
    PongMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)

_PAIRS: Final = 7
_ROUND_S: Final = 3.0
_EVERY_S: Final = 0.005
_PRIORITY: Final = 20


def _says(person: Person) -> Iterator[list[bytes]]:
    """What the attacker sends on one connection after the other."""
    scribe = Scribe(person)
    forged = encode_message(EnvelopeMessage(scribe.seal(scribe.update(), key=SessionKey.generate())))
    far = Scribe(person)
    far.seq = 1_000
    parked = [encode_message(EnvelopeMessage(far.seal(bytes(30_000)))) for _ in range(60)]
    return cycle(
        [
            [encode_message(PingMessage(1))] * 21_000,
            [encode_message(TicketMessage(person.token))] * 600,
            [encode_message(HaveMessage((), reply=True)), encode_message(WantMessage(BOARD, person.session, 1, 200))]
            * 400,
            parked,
            [forged],
            [b"\x01garbage"],
            [b"\x01" * 262_145],
        ]
    )


async def _harass(url: str, person: Person, on: SharedEvent) -> None:
    says = _says(person)
    while True:
        if not on.is_set():
            await asyncio.sleep(0.02)
            continue
        with suppress(Closed, ConnectionError, aiohttp.ClientError, TimeoutError):
            async with raw_client(url) as client:
                await client.join(person)
                reading = asyncio.create_task(client.close_code())
                for message in next(says):
                    await client.socket.send_bytes(message)
                    if not on.is_set() or reading.done():
                        break
                reading.cancel()


def _attacker(urls: Queue[str], person: Person, on: SharedEvent) -> None:
    # Its own work is done elsewhere in life: here it gets what the others leave.
    os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
    os.nice(19)
    asyncio.run(_harass(urls.get(), person, on))


async def _read(client: RawClient, sent: dict[int, float], took_ms: list[float]) -> None:
    while True:
        message = await client.next()
        if isinstance(message, EnvelopeMessage) and message.envelope.seq in sent:
            took_ms.append((time.perf_counter() - sent[message.envelope.seq]) * 1000)
        elif isinstance(message, PingMessage):
            await client.send(PongMessage(message.nonce))


async def _round(
    writer: RawClient, scribe: Scribe, sent: dict[int, float], took_ms: list[float]
) -> tuple[float, float]:
    """Median and p99 in ms of one round."""
    took_ms.clear()
    until_s = time.perf_counter() + _ROUND_S
    while time.perf_counter() < until_s:
        message = scribe.write()
        sent[message.envelope.seq] = time.perf_counter()
        await writer.send(message)
        await asyncio.sleep(_EVERY_S)
    await asyncio.sleep(0.2)
    ordered = sorted(took_ms)
    return statistics.median(ordered), ordered[int(len(ordered) * 0.99)]


async def _measure(school: School, urls: Queue[str], on: SharedEvent) -> None:
    async with relay_process(school.data) as relay, AsyncExitStack() as stack:
        urls.put(relay.url)
        ann = school.person("ann", Role.TUTOR)
        people = [ann, *(school.person(f"bob{i}") for i in range(3))]
        clients = [await stack.enter_async_context(raw_client(relay.url)) for _ in people]
        for client, person in zip(clients, people, strict=True):
            await client.join(person)
        sent: dict[int, float] = {}
        took_ms: list[float] = []
        reading = [asyncio.create_task(_read(client, sent, took_ms)) for client in clients]
        scribe = Scribe(ann)
        gc.disable()
        rounds: list[tuple[float, float, float, float]] = []
        for _ in range(_PAIRS):
            on.clear()
            calm = await _round(clients[0], scribe, sent, took_ms)
            on.set()
            rough = await _round(clients[0], scribe, sent, took_ms)
            rounds.append((*calm, *rough))
            sys.stdout.write("calm p50 {:.2f} p99 {:.2f} ms | attacked p50 {:.2f} p99 {:.2f} ms\n".format(*rounds[-1]))
        ratios = sorted(rough / calm for _, calm, _, rough in rounds)
        sys.stdout.write(f"p99 ratio: median {statistics.median(ratios):.2f}, {ratios[0]:.2f} to {ratios[-1]:.2f}\n")
        on.clear()
        for task in reading:
            task.cancel()


def main() -> None:
    """The command."""
    with suppress(PermissionError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as data:
        school = School(Path(data))
        urls: Queue[str] = context.Queue()
        on = context.Event()
        attacker = context.Process(target=_attacker, args=(urls, school.person("mallory"), on), daemon=True)
        attacker.start()
        try:
            asyncio.run(_measure(school, urls, on))
        finally:
            attacker.terminate()
            attacker.join()


if __name__ == "__main__":
    main()
