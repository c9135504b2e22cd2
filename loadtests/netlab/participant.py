"""A participant in a process of its own, inside a host's namespace, driven by JSON lines: what lab runs are made of.

``python -m loadtests.netlab.participant FOLDER USER [--tone HZ] [SERVER…]``. FOLDER holds the lab school
(`school.py`); each SERVER is a TURN URL; with `--tone` it sends sound and picture (`bot_media.py`). One command a line
on standard input, one answer a line on standard output. Times are seconds of CLOCK_MONOTONIC, which all processes of a
machine share.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

from loadtests.netlab.bot_media import BotMedia
from loadtests.netlab.school import LabSchool
from signaling.client import Peer
from signaling.events import SeenEnvelope
from signaling.mesh import MeshOptions
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import MAIN_PAGE, SessionId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

__all__ = ["stroke_points"]

_POINTS: Final = 40


def stroke_points(number: int) -> list[InkPoint]:
    """An ordinary stroke: 40 points, somewhere else each time."""
    at = (number * 37) % 900
    return [InkPoint(at + i * 3.1, 200 + (i * i) % 61, 120 + i, i * 12) for i in range(_POINTS)]


class Participant:
    """Answers commands about one peer."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._pen: dict[str, float] = {}
        self._seen: dict[str, float] = {}
        self._via: dict[str, str] = {}
        self._number = 0
        self._pen_up_s = 0.0
        self._drawing: asyncio.Task[int] | None = None
        peer.on_envelope = self._on_envelope
        self._commands: Mapping[str, Callable[..., Any]] = {
            "draw": self.draw, "begin": self.begin, "finish": self.finish,
            "times": self.times, "state": self.state, "wait": self.wait,
        }  # fmt: skip

    def _on_envelope(self, seen: SeenEnvelope) -> None:
        name = _name(seen.envelope)
        if seen.via == "own":
            self._pen[name] = self._pen_up_s
        else:
            self._seen[name] = time.monotonic()
            self._via[name] = seen.via

    async def answer(self, line: bytes) -> Any:
        """One command: a JSON object whose `do` names it."""
        command = msgspec.json.decode(line)
        return await self._commands[command.pop("do")](**command)

    async def draw(self, rate: float, seconds: float) -> int:
        """Draw strokes at a steady rate. Returns how many."""
        begun_s, count = time.monotonic(), int(rate * seconds)
        for n in range(count):
            await asyncio.sleep(max(0.0, begun_s + n / rate - time.monotonic()))
            self._pen_up_s = time.monotonic()
            self._number += 1
            points = stroke_points(self._number)
            self._peer.board.add_stroke(MAIN_PAGE, points, ShapeType.DRAW, "blue", 4.0, self._peer.now_ms())
            # The end of a stroke is sent at once (E11).
            self._peer.flush()
        return count

    async def begin(self, rate: float, seconds: float) -> None:
        """Draw while other commands are answered; `finish` waits for it."""
        self._drawing = asyncio.create_task(self.draw(rate, seconds))

    async def finish(self) -> None:
        """Wait for what `begin` began."""
        if self._drawing is not None:
            await self._drawing

    async def times(self) -> dict[str, Any]:
        """Pen-up times of own strokes, arrival times and ways of others', since the last call."""
        found = {"pen": self._pen, "seen": self._seen, "via": self._via}
        self._pen, self._seen, self._via = {}, {}, {}
        return found

    async def state(self) -> dict[str, Any]:
        """How things stand."""
        peer = self._peer
        return {
            "relay": peer.connected,
            "links": sum(link.healthy for link in peer.direct.values()),
            "shapes": len(peer.board.shapes()),
            "unacked": len(peer.replica.unacked()),
            "heads": sorted(f"{head.doc.text}/{head.session}/{head.seq}" for head in peer.replica.heads()),
            "pairs": [_pair(peer, session) for session in peer.direct],
            "loss": [link.meter.share for link in peer.direct.values()],
            "epochs": [] if peer.mesh is None else [link.epoch for link in peer.mesh.links.values()],
        }

    async def wait(self, timeout_s: float, **wanted: Any) -> dict[str, Any]:
        """Until `state` has these values. Raises TimeoutError."""
        async with asyncio.timeout(timeout_s):
            while True:
                state = await self.state()
                if all(state[name] == value for name, value in wanted.items()):
                    return state
                # The state of a connection changes without an event of the peer.
                await asyncio.sleep(0.05)


def _name(envelope: Envelope) -> str:
    return f"{envelope.doc.text}/{envelope.session}/{envelope.seq}"


def _pair(peer: Peer, session: SessionId) -> str:
    """Types of the candidates in use, as "host host" or "relay relay". aiortc tells them nowhere else."""
    link = None if peer.mesh is None else peer.mesh.links.get(session)
    if link is None or link.connection is None or link.connection.sctp is None:
        return ""
    ice: Any = link.connection.sctp.transport.transport._connection
    return " ".join(f"{pair.local_candidate.type} {pair.remote_candidate.type}" for pair in ice._nominated.values())


async def _main(folder: Path, user: str, urls: list[str], tone_hz: int | None) -> None:
    school = LabSchool.load(folder)
    options = MeshOptions() if tone_hz is None else MeshOptions(media=BotMedia(tone_hz).tracks)
    async with school.peer(user, urls, mesh=options) as peer:
        participant = Participant(peer)
        lines = asyncio.StreamReader()
        await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
        while line := await lines.readline():
            try:
                answer = {"ok": await participant.answer(line)}
            except (TimeoutError, ConnectionError) as error:
                answer = {"error": type(error).__name__, "state": await participant.state()}
            sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("user")
    parser.add_argument("--tone", type=int)
    parser.add_argument("servers", nargs="*")
    given = parser.parse_args()
    asyncio.run(_main(given.folder, given.user, given.servers, given.tone))
