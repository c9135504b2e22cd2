"""A bot in a lesson's room: a whole peer that draws by its plan, measures what it sees, and can lose its way."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

import aiohttp

from loadtests.users.doors import Entrance
from loadtests.users.live_count import LiveCount
from loadtests.users.measures import EditTimes, Sink
from loadtests.users.media import MediaCounts, mesh_with_media
from loadtests.users.plan import Edit, plan, stroke_of
from loadtests.users.scenario import Scenario, Seat, Trouble
from signaling.client import Peer
from signaling.events import Acked, Disconnected, Event, SeenEnvelope
from signaling.mesh import MeshOptions
from whiteboard_crdt.errors import ChalkmeshError
from whiteboard_crdt.ids import MAIN_PAGE, DocRef, ShapeId
from whiteboard_crdt.presence import PEN, LiveInk
from whiteboard_crdt.shape import ShapeType

__all__ = ["RoomBot"]

log = logging.getLogger("chalkmesh.loadtest")

_JOIN_S: Final = 60.0
_BACK_S: Final = 120.0
_STREAMS_EVERY_S: Final = 1.0
_HURRY: Final = 50
_MIDDLE: Final = (800.0, 450.0)


class RoomBot:
    """One participant. `enter` first, `leave` at the end; between them it lives by itself."""

    def __init__(self, scenario: Scenario, seat: Seat, entrance: Entrance, times: EditTimes, sink: Sink) -> None:
        self.seat = seat
        self.edits: list[Edit] = []
        """What was done, in order."""
        self.strokes: list[ShapeId] = []
        self.hurried = 0
        self.peer: Peer | None = None
        self._scenario = scenario
        self._entrance = entrance
        self._times = times
        self._sink = sink
        self._plan: Iterator[Edit] = plan(scenario.seed, seat, scenario.bots)
        # Ink that only ages a board is none of the plan's: the plan's edits stay what a seed says.
        self._hurried = random.Random(f"hurry/{scenario.seed}/{seat.room}/{seat.place}")
        self._media = MediaCounts()
        self._lively = LiveCount()
        self._made_s = 0.0
        self._waiting: deque[tuple[DocRef, int, float]] = deque()
        self._tasks: list[asyncio.Task[None]] = []
        self._finite: list[asyncio.Task[None]] = []
        self._cut = False

    async def enter(self, *, endless: bool, begun_s: float) -> None:
        """Come in and begin. Raises what the entrance raises, TimeoutError and ConnectionError.

        `begun_s`: when the test began, for its troubles. `endless`: go on after all that was planned.
        """
        came_s = time.monotonic()
        try:
            self.peer = peer = await self._entrance.peer(self._mesh())
            peer.subscribe(self._on_event)
            await peer.prepare()
            self._lively.attach(peer)
            await peer.__aenter__()
            await peer.wait_synced(_JOIN_S)
        except (ChalkmeshError, aiohttp.ClientError, OSError, TimeoutError) as error:
            self._sink.put("ROOM", "join", (time.monotonic() - came_s) * 1000, error=type(error).__name__)
            raise
        self._sink.put("ROOM", "join", (time.monotonic() - came_s) * 1000)
        peer.set_presence({"page": MAIN_PAGE, "hand": False, "mic": False, "cam": False})
        self._tasks = [asyncio.create_task(self._live(peer, endless), name="live")]
        if not endless:
            self._finite = list(self._tasks)
        for trouble in self._scenario.trouble:
            if self.seat.is_among(trouble.who):
                task = asyncio.create_task(self._suffer(peer, trouble, begun_s), name="trouble")
                self._tasks.append(task)
                if not endless and not trouble.every_s:
                    self._finite.append(task)
        if self._scenario.bots.media or self._scenario.bots.live_hz:
            self._tasks.append(asyncio.create_task(self._count_streams(), name="streams"))

    async def hurry(self, strokes: int) -> None:
        """Draw so many strokes as fast as they are stored: a lesson's ink without a lesson's time."""
        peer = self.peer
        assert peer is not None, "entered"
        for number in range(strokes):
            edit = stroke_of(self._hurried, self._scenario.bots)
            peer.board.add_stroke(MAIN_PAGE, edit.points, ShapeType.DRAW, edit.colour, edit.size, peer.now_ms())
            peer.flush()
            if number % _HURRY == _HURRY - 1:
                await peer.saved(_BACK_S)
        await peer.saved(_BACK_S)
        self.hurried += strokes

    async def finish(self, limit_s: float) -> None:
        """Wait until all that was planned is done, troubles that come once included, for at most `limit_s`.

        On a busy machine everything comes later, and a run must not depend on it.
        """
        if self._finite:
            await asyncio.wait(self._finite, timeout=limit_s)

    async def rest(self) -> None:
        """Draw no more, and suffer no more."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for result in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(result, Exception):
                log.error("bot failed room=%d place=%d kind=%s", self.seat.room, self.seat.place, type(result).__name__)
                self._sink.put("ROOM", "bot", 0.0, error=type(result).__name__)
        if self.peer is not None and self._cut:
            self._cut = False
            self.peer.cut(relay=False)

    async def end(self) -> None:
        """End the lesson, where that is this bot's to do."""
        try:
            await self._entrance.end()
        except (ConnectionError, TimeoutError) as error:
            log.error("lesson not ended room=%d kind=%s", self.seat.room, type(error).__name__)

    async def leave(self) -> None:
        """Go, with everything saved that can be."""
        await self.rest()
        if self.peer is not None:
            await self.peer.close()
        await self._entrance.close()

    # Drawing

    async def _live(self, peer: Peer, endless: bool) -> None:
        try:
            await self._entrance.begin()
        except (ConnectionError, TimeoutError) as error:
            self._sink.put("ROOM", "begin", 0.0, error=type(error).__name__)
        every_s = 1 / self._scenario.bots.strokes_s
        # Neighbours are not in step.
        due_s = time.monotonic() + every_s * (self.seat.place + 1) / self._scenario.people
        at = _MIDDLE
        while endless or len(self.edits) < self._scenario.edits_each:
            edit = next(self._plan)
            await self._point(peer, at, due_s)
            due_s = max(due_s + every_s, time.monotonic())
            await self._do(peer, edit)
            self.edits.append(edit)
            if edit.points:
                at = edit.points[-1].x, edit.points[-1].y

    async def _do(self, peer: Peer, edit: Edit) -> None:
        if edit.kind == "stroke":
            number = peer.board.next_shape_number()
            await self._live_ink(peer, number, edit)
            self._made_s = time.monotonic()
            kind, colour = ShapeType.DRAW, edit.colour
            now_ms = peer.now_ms()
            self.strokes += peer.board.add_stroke(MAIN_PAGE, edit.points, kind, colour, edit.size, now_ms, at_n=number)
        else:
            self._made_s = time.monotonic()
            if edit.kind == "chat":
                peer.chat.post(edit.words, peer.now_ms())
            elif edit.kind == "move":
                peer.board.move([self.strokes[edit.target]], *edit.by)
            else:
                peer.board.erase([self.strokes[edit.target]])
        # The end of a stroke is sent at once (E11).
        peer.flush()

    async def _live_ink(self, peer: Peer, number: int, edit: Edit) -> None:
        """The pen is down: each packet repeats the points of the one before (L4)."""
        hz = self._scenario.bots.live_hz
        packets = int(edit.pen_s * hz)
        if packets == 0:
            await asyncio.sleep(edit.pen_s)
            return
        points = [(round(point.x * 10), round(point.y * 10), point.pressure or 0) for point in edit.points]
        begun_s, repeat_from, sent = time.monotonic(), 0, 0
        for packet in range(1, packets + 1):
            due = max(sent + 1, len(points) * packet // packets)
            ink = LiveInk(number, PEN, edit.colour, round(edit.size * 10), repeat_from, tuple(points[repeat_from:due]))
            peer.send_live(MAIN_PAGE, cursor=points[due - 1][:2], ink=ink)
            repeat_from, sent = sent, min(due, len(points) - 1)
            await asyncio.sleep(max(0.0, begun_s + edit.pen_s * packet / packets - time.monotonic()))

    async def _point(self, peer: Peer, at: tuple[float, float], until_s: float) -> None:
        """The pen is up: the cursor goes on until it is time."""
        hz = self._scenario.bots.live_hz
        while (left_s := until_s - time.monotonic()) > 0:
            if hz:
                at = at[0] + 1, at[1]
                peer.send_live(MAIN_PAGE, cursor=(round(at[0] * 10), round(at[1] * 10)))
            await asyncio.sleep(min(left_s, 1 / hz) if hz else left_s)

    # Measuring

    def _on_event(self, event: Event) -> None:
        if isinstance(event, SeenEnvelope):
            self._seen(event)
        elif isinstance(event, Acked):
            self._acked()
        elif isinstance(event, Disconnected) and self._tasks and not self._cut:
            self._lost()

    def _lost(self) -> None:
        """The relay ended, and not by a trouble of ours."""
        assert self.peer is not None
        self._cut = True
        task = asyncio.create_task(self._return(self.peer, time.monotonic()), name="return")
        self._tasks.append(task)
        self._finite.append(task)

    def _seen(self, seen: SeenEnvelope) -> None:
        envelope = seen.envelope
        if seen.via == "own":
            if not self._cut or self._scenario.bots.mesh:
                self._times.made(envelope, self._made_s)
            if not self._cut:
                self._waiting.append((envelope.doc, envelope.seq, time.monotonic()))
        # What was made while one of the two was cut off, or before this one came, is no measure of the way.
        elif not self._cut and self.peer is not None and self.peer.synced:
            age_ms = self._times.age_ms(envelope, time.monotonic())
            if age_ms is not None:
                self._sink.put("EDIT", f"seen by another, {seen.via}", age_ms, len(envelope.raw))

    def _acked(self) -> None:
        peer, now_s = self.peer, time.monotonic()
        while peer is not None and self._waiting:
            doc, seq, sent_s = self._waiting[0]
            if peer.replica.acked(doc, peer.session) < seq:
                return
            self._waiting.popleft()
            self._sink.put("EDIT", "durable", (now_s - sent_s) * 1000)

    async def _count_streams(self) -> None:
        while True:
            await asyncio.sleep(_STREAMS_EVERY_S)
            packets, gap_ms = self._lively.take()
            if packets > 1:
                self._sink.put("LIVE", "packet gap, relay", gap_ms, packets)
            for kind, frames, gap_ms in self._media.take():
                self._sink.put("MEDIA", "picture gap" if kind == "video" else "sound gap", gap_ms, frames)

    # Trouble

    async def _suffer(self, peer: Peer, trouble: Trouble, begun_s: float) -> None:
        due_s = begun_s + trouble.at_s
        while True:
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            self._cut = True
            peer.cut(relay=True)
            await asyncio.sleep(trouble.for_s)
            mended_s = time.monotonic()
            peer.cut(relay=False)
            await self._return(peer, mended_s)
            if not trouble.every_s:
                return
            due_s = max(due_s + trouble.every_s, time.monotonic())

    async def _return(self, peer: Peer, mended_s: float) -> None:
        error = ""
        try:
            await peer.wait_synced(_BACK_S)
            self._sink.put("ROOM", "reconnect", (time.monotonic() - mended_s) * 1000)
            self._cut = False
            await peer.saved(_BACK_S)
        except (TimeoutError, ConnectionError) as fault:
            error = type(fault).__name__
        self._sink.put("ROOM", "whole again", (time.monotonic() - mended_s) * 1000, error=error)

    def _mesh(self) -> MeshOptions | None:
        bots = self._scenario.bots
        if bots.media:
            return mesh_with_media(self._media)
        return MeshOptions() if bots.mesh else None
