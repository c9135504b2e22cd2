"""The load generator: one process, one scenario against one server on this machine; prints one JSON object.

`python -m loadtests.bench.load SCENARIO DIALECT PORT PID DATA --seconds 2`. What is counted are *deliveries*: copies of
an update that reach another client of the room, whatever messages carry them. Order and gaps are checked for each
writer, so a server that is fast because it loses something is found out.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import os
import re
import socket
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import uvloop

from loadtests.bench.dialects import DIALECTS, PRESENCE_TAG, Dialect, SessionDialect
from loadtests.bench.updates import session_of
from loadtests.bench.usage import cpu_s, resident_mb
from loadtests.bench.wire import Socket, connect
from whiteboard_crdt.messages import AckMessage, decode_message

__all__ = ["SCENARIOS", "Client", "Load", "Scenario"]

now = time.perf_counter
_JOIN_AT_ONCE: Final = 20
_SETTLE_S: Final = 0.4
_WARM_S: Final = 0.6
_DRAIN_S: Final = 1.0
_PACE_S: Final = 0.001
_READY_S: Final = 60.0
_BIG_STATE_BYTES: Final = 8_000_000  # all of the board, of either kind
_FLOOD_HZ: Final = 200
_FLOOD_S: Final = 4.0
_TAG: Final = re.compile(rb"#T([0-9a-f]{4})([0-9a-f]{8})")  # `updates.tag`


@dataclass(frozen=True, slots=True)
class Scenario:
    """What a scenario is. `count`: updates made for each writer, `signed` where each is signed (30 µs).

    ``window``: updates under way of each writer in a closed loop; 0 for an open one, at `hz` each."""

    rooms: int
    clients: int
    writers: int
    window: int = 0
    hz: float = 0.0
    presence_hz: float = 0.0
    count: int = 2_000
    signed: int = 500


SCENARIOS: Final = {
    # 50 lessons of four, all drawing, closed loop.
    "small": Scenario(50, 4, 4, window=4, count=1_500),
    # A class: two write, a hundred watch, closed loop.
    "class": Scenario(1, 100, 2, window=8, count=14_000, signed=8_000),
    # A lecture: one teacher at 30 Hz, 200 clients.
    "lecture": Scenario(1, 200, 1, hz=30.0),
    # 60 cursors at 5 Hz beside one writer.
    "cursors": Scenario(1, 60, 1, hz=30.0, presence_hz=5.0),
    # A class of 20, ten of whom stop reading while somebody sends 60 KB 200 times a second.
    "stalled": Scenario(1, 20, 1, hz=30.0),
    # 100 clients that write 10 times a second: how long until it is durable.
    "ack": Scenario(25, 4, 4, hz=10.0),
    "join": Scenario(1, 1, 1),
}


class Client:
    """One connection of a room."""

    def __init__(self, load: Load, room: Room, index: int) -> None:
        self.load = load
        self.room = room
        self.index = index
        self.ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.socket: Socket | None = None
        self.frames: list[bytes] = []
        self.sent = 0
        self.sent_s: list[float] = []
        self.acked = 0
        self.expected: dict[int, int] = {}
        self.credits: frozenset[int] = frozenset()
        self.clock = 1
        self.state_bytes = 0
        self._own_presence = PRESENCE_TAG + b"%04d" % index

    async def enter(self) -> None:
        """Connect and wait until the server's state is here."""
        dialect, port = self.load.dialect, self.load.port
        self.socket = Socket(dialect.path(self.room.name), dialect.subprotocol, self._message)
        await connect(self.socket, port)
        for frame in dialect.opening(self.room.name):
            self.socket.send(frame)
        async with asyncio.timeout(_READY_S):
            await self.ready

    def _message(self, opcode: int, payload: bytes) -> None:
        load = self.load
        tags = _TAG.findall(payload) if opcode == 2 and self.ready.done() else ()
        if not tags:
            self._other(opcode, payload)
            return
        moment = now()
        for first, second in tags:
            writer, number = int(first, 16), int(second, 16)
            if writer != self.index:
                load.delivered += 1
                if self.expected.get(writer, 0) != number:
                    load.gaps += 1
                self.expected[writer] = number + 1
                if load.recording:
                    load.latencies.append(moment - self.room.clients[writer].sent_s[number])
                if writer in self.credits:
                    self.room.clients[writer].send_next()

    def _other(self, opcode: int, payload: bytes) -> None:
        load, name = self.load, self.room.name
        if opcode == 2 and len(payload) < _BIG_STATE_BYTES and PRESENCE_TAG in payload:
            load.presences += payload.count(PRESENCE_TAG) - payload.count(self._own_presence)
        if load.acks_wanted and opcode == 2 and payload[0] == 2:
            self._acknowledged(payload)
        if not self.ready.done() and load.dialect.is_state(opcode, payload, name):
            self.state_bytes += len(payload)
        if self.socket is not None:
            for frame in load.dialect.answer(name, self.index, opcode, payload):
                self.socket.send(frame)
        if not self.ready.done() and load.dialect.is_ready(opcode, payload, name):
            self.ready.set_result(None)

    def _acknowledged(self, payload: bytes) -> None:
        message = decode_message(payload, len(payload))
        moment = now()
        if isinstance(message, AckMessage):
            for entry in message.entries:
                if entry.session == session_of(self.index):
                    if self.load.recording:
                        self.load.ack_latencies += [moment - at for at in self.sent_s[self.acked : entry.seq]]
                    self.acked = max(self.acked, entry.seq)

    def send_next(self) -> None:
        """The next update of this writer, if there is one."""
        if self.sent < len(self.frames) and self.socket is not None:
            self.socket.send(self.frames[self.sent])
            self.sent_s.append(now())
            self.sent += 1
            self.load.sent += 1

    def send_presence(self) -> None:
        """The next cursor of this client."""
        self.clock += 1
        if self.socket is not None:
            self.socket.send(self.load.dialect.presence(self.room.name, self.index, self.clock))

    def stop_reading(self) -> None:
        """From here on nothing is read, as from a laptop that was closed."""
        if self.socket is not None and self.socket.transport is not None:
            self.socket.transport.pause_reading()
            # The kernel would take some megabytes by itself before the server's own queue grows.
            own = self.socket.transport.get_extra_info("socket")
            own.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)

    def leave(self) -> None:
        """Drop the connection."""
        if self.socket is not None and self.socket.transport is not None:
            self.socket.transport.abort()


class Room:
    """A room's clients, by index."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.clients: list[Client] = []


class Load:
    """One scenario under way."""

    def __init__(self, scenario: Scenario, dialect: Dialect, port: int, pid: int, seconds: float) -> None:
        self.scenario = scenario
        self.dialect = dialect
        self.port = port
        self.pid = pid
        self.seconds = seconds
        self.sent = self.delivered = self.gaps = self.presences = 0
        self.latencies: list[float] = []
        self.ack_latencies: list[float] = []
        self.recording = False
        self.acks_wanted = isinstance(dialect, SessionDialect)
        self.rooms: list[Room] = []

    async def enter_all(self) -> None:
        """All clients into their rooms. The first of each goes alone: pycrdt-websocket hangs the second of two."""
        scenario = self.scenario
        count = scenario.signed if isinstance(self.dialect, SessionDialect) else scenario.count
        for number in range(scenario.rooms):
            room = Room(f"bench-{os.getpid()}-{number:04d}")
            self.rooms.append(room)
            room.clients = [Client(self, room, index) for index in range(scenario.clients)]
            for client in room.clients[: scenario.writers]:
                client.frames = self.dialect.stream(room.name, client.index, count)
        for room in self.rooms:
            await room.clients[0].enter()
            for first in range(1, scenario.clients, _JOIN_AT_ONCE):
                await asyncio.gather(*(client.enter() for client in room.clients[first : first + _JOIN_AT_ONCE]))

    @property
    def writers(self) -> list[Client]:
        """Interleaved, so that one tick is not one room's burst."""
        return [room.clients[i] for i in range(self.scenario.writers) for room in self.rooms]

    def start_loop(self) -> None:
        """Closed loop: the receipt by one neighbour lets a writer send its next."""
        for room in self.rooms:
            for writer in room.clients[: self.scenario.writers]:
                neighbour = room.clients[(writer.index + 1) % len(room.clients)]
                neighbour.credits |= {writer.index}
        for writer in self.writers:
            for _ in range(self.scenario.window):
                writer.send_next()

    async def pace(self) -> None:
        """Open loop, for ever."""
        writers, everybody = self.writers, [client for room in self.rooms for client in room.clients]
        updates = presences = 0
        began = now()
        while True:
            passed = now() - began
            while updates < int(passed * len(writers) * self.scenario.hz):
                writers[updates % len(writers)].send_next()
                updates += 1
            while presences < int(passed * len(everybody) * self.scenario.presence_hz):
                everybody[presences % len(everybody)].send_presence()
                presences += 1
            await asyncio.sleep(_PACE_S)

    async def measure(self) -> dict[str, float]:
        """One stretch of `seconds`."""
        self.latencies.clear()
        self.ack_latencies.clear()
        self.recording = not self.scenario.window
        sent, delivered, presences = self.sent, self.delivered, self.presences
        began_s, began_cpu_s, own_cpu_s = now(), cpu_s(self.pid), time.process_time()
        await asyncio.sleep(self.seconds)
        took_s = now() - began_s
        used_s = cpu_s(self.pid) - began_cpu_s
        self.recording = False
        delivered = self.delivered - delivered
        figures = {
            "sent_per_s": (self.sent - sent) / took_s,
            "delivered_per_s": delivered / took_s,
            "presences_per_s": (self.presences - presences) / took_s,
            "cores": used_s / took_s,
            "generator_cores": (time.process_time() - own_cpu_s) / took_s,
            "cpu_ms_per_1000": used_s * 1e6 / max(delivered, 1),
        }
        figures |= _percentiles("", self.latencies) | _percentiles("ack_", self.ack_latencies)
        return figures

    async def run(self) -> dict[str, float]:
        """A bulk scenario from the first client to the last figure."""
        await self.enter_all()
        await asyncio.sleep(_SETTLE_S)
        gc.collect()
        gc.freeze()
        gc.disable()
        pacing = None
        if self.scenario.window:
            self.start_loop()
        else:
            pacing = asyncio.create_task(self.pace())
        await asyncio.sleep(_WARM_S)
        figures = await self.measure()
        figures["resident_mb"] = resident_mb(self.pid)
        if pacing is not None:
            pacing.cancel()
            await asyncio.sleep(_DRAIN_S)
            figures["missing"] = self.sent * (self.scenario.clients - 1) - self.delivered
        figures["gaps"] = self.gaps
        figures["lost_connections"] = sum(
            client.socket is None or client.socket.closed for room in self.rooms for client in room.clients
        )
        return figures


def _percentiles(name: str, seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    ordered = sorted(seconds)
    return {
        f"{name}p{percent}_ms": ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] * 1000
        for percent in (50, 95, 99)
    }


async def run_stalled(load: Load) -> dict[str, float]:
    """First with all reading, then with half of them not: what it costs the others, and the server's memory."""
    await load.enter_all()
    room = load.rooms[0]
    pacing = asyncio.create_task(load.pace())
    sender = room.clients[1].socket
    frames = load.dialect.flood(
        room.name, 1, int(_FLOOD_HZ * (_WARM_S + load.seconds + max(load.seconds, _FLOOD_S) + 1))
    )
    flooded = 0

    async def flood() -> None:
        nonlocal flooded
        for frame in frames:
            if sender is not None:
                sender.send(frame)
            flooded += len(frame)
            await asyncio.sleep(1 / _FLOOD_HZ)

    flooding = asyncio.create_task(flood())
    await asyncio.sleep(_WARM_S)
    before = await load.measure()
    resident = resident_mb(load.pid)
    stalled = room.clients[10:]
    for client in stalled:
        client.stop_reading()
    # What the kernel's own buffers take of it (4 MB each) is nobody's merit.
    load.seconds = max(load.seconds, _FLOOD_S)
    flooded = 0
    during = await load.measure()
    grown = resident_mb(load.pid) - resident
    flooding.cancel()
    pacing.cancel()
    return {
        "p99_ms": during["p99_ms"],
        "p99_before_ms": before["p99_ms"],
        "p99_ratio": during["p99_ms"] / before["p99_ms"],
        "grown_mb_per_stalled": grown / len(stalled),
        "flooded_mb": flooded / 1e6,
        "cpu_ms_per_1000": during["cpu_ms_per_1000"],
    }


async def run_join(load: Load, joins: int, burst: int) -> dict[str, float]:
    """One joins the 8 MB board, then many at once."""
    room = Room(f"bench-{os.getpid()}-join")
    load.rooms.append(room)
    seeder = Client(load, room, 0)
    room.clients = [seeder]
    await seeder.enter()
    for frame in load.dialect.history(room.name):
        if seeder.socket is not None:
            seeder.socket.send(frame)
    began = now()
    index = 1
    while True:
        # Until the server has it all: the first joiner also lets it make what it keeps for the others.
        first = Client(load, room, index)
        await first.enter()
        first.leave()
        index += 1
        if first.state_bytes > _BIG_STATE_BYTES:
            break
        if now() - began > _READY_S:
            raise TimeoutError("the server never served the board")
        await asyncio.sleep(0.1)
    took, cpu = [], cpu_s(load.pid)
    for _ in range(joins):
        client = Client(load, room, index)
        index += 1
        at = now()
        await client.enter()
        took.append((now() - at) * 1000)
        client.leave()
        await asyncio.sleep(0.05)
    used_ms = (cpu_s(load.pid) - cpu) * 1000 / joins
    at = now()
    together = [Client(load, room, index + number) for number in range(burst)]
    await asyncio.gather(*(client.enter() for client in together))
    burst_ms = (now() - at) * 1000
    return {
        "join_ms": sorted(took)[len(took) // 2],
        "join_cpu_ms": used_ms,
        "burst_ms": burst_ms,
        "state_bytes": min(client.state_bytes for client in together),
        "resident_mb": resident_mb(load.pid),
    }


def main() -> None:
    """Run one scenario; figures go to stdout as JSON."""
    parser = argparse.ArgumentParser()
    parser.add_argument("scenario", choices=sorted(SCENARIOS))
    parser.add_argument("dialect", choices=sorted(DIALECTS))
    parser.add_argument("port", type=int)
    parser.add_argument("pid", type=int)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--joins", type=int, default=5)
    parser.add_argument("--burst", type=int, default=30)
    chosen = parser.parse_args()
    scenario = SCENARIOS[chosen.scenario]
    dialect = DIALECTS[chosen.dialect](chosen.data)

    async def run() -> dict[str, float]:
        load = Load(scenario, dialect, chosen.port, chosen.pid, chosen.seconds)
        if chosen.scenario == "join":
            return await run_join(load, chosen.joins, chosen.burst)
        if chosen.scenario == "stalled":
            return await run_stalled(load)
        return await load.run()

    figures = uvloop.run(run())
    sys.stdout.write(json.dumps({"scenario": asdict(scenario), "figures": figures}) + "\n")
    sys.stdout.flush()
    # Hundreds of connections need no farewell each.
    os._exit(0)


if __name__ == "__main__":
    main()
