"""A bot that draws: live ink while its pen is down, a stroke when it is up, a pointer that moves, one greeting."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Protocol

from portal.showcase.handwriting import Stroke
from portal.showcase.sketching import Sketchbook, SketchStroke, shape_boxes
from signaling.events import Stopped
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.ids import Role, SessionId
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.presence import PEN, LiveInk
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import Ticket

PEN_SIZE: Final = 4.0
LIVE_EVERY_S: Final = 0.04
POINTER_EVERY_S: Final = 0.1
KEPT_SKETCHES: Final = 3
"""A bot's older sketches make room; tombstones are all that the board keeps of them."""
_ERASE_EVERY_S: Final = 0.12
_POINTER_SPEED_PX_S: Final = 700.0
_FULL_PAGE_S: Final = 5.0
_LIVE_POINTS: Final = 256


class Room(Protocol):
    """What a bot needs of a `signaling.client.Peer`."""

    @property
    def board(self) -> Board:
        """The room's board."""

    @property
    def chat(self) -> Chat:
        """The room's chat."""

    @property
    def stage(self) -> Stage:
        """The room's stage."""

    @property
    def connected(self) -> bool:
        """Whether the relay is within reach."""

    @property
    def stopped(self) -> Stopped | None:
        """Why the room will not be reached again; None while it may be."""

    @property
    def participants(self) -> Mapping[SessionId, object]:
        """The others who are present."""

    def person(self, session: SessionId) -> Ticket | None:
        """Whose session it is."""

    def now_ms(self) -> int:
        """The room's clock, unix ms."""

    def flush(self) -> None:
        """Sends local edits now."""

    def set_presence(self, state: dict[str, object]) -> None:
        """Says where it is."""

    def send_live(
        self, page: str, *, cursor: tuple[int, int] | None = None, ink: LiveInk | None = None, laser: bool = False
    ) -> None:
        """Sends a LIVE packet; lengths in tenths of a board px."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock and the sleep of a bot; tests bring their own. Seconds."""

    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep


class DrawingBot:
    """Draws in one room until it is cancelled."""

    def __init__(self, room: Room, sketchbook: Sketchbook, greeting: str = "", timing: Timing | None = None) -> None:
        self._room = room
        self._book = sketchbook
        self._greeting = greeting
        self._timing = timing or Timing()
        self._sketches: list[tuple[str, list[str]]] = []
        self._pen: tuple[float, float] = (800.0, 450.0)

    async def run(self) -> None:
        """Tidies up after earlier visits, says hello, and sketches."""
        self._room.set_presence({"page": self._room.stage.page, "hand": False, "mic": False, "cam": False})
        self._clear_earlier()
        self._greet()
        while True:
            await self.sketch_once()
            await self._timing.sleep(self._book.rest_s())

    async def sketch_once(self) -> None:
        """Draws one picture on the page that the stage shows; erases the oldest one first if there are enough."""
        page = self._room.stage.page
        if len(self._sketches) >= KEPT_SKETCHES:
            await self._erase_oldest()
        strokes = self._book.next_sketch(shape_boxes(self._room.board.shapes(page)))
        if strokes is None:
            if self._sketches:
                await self._erase_oldest()
            await self._timing.sleep(_FULL_PAGE_S)
            return
        made: list[str] = []
        self._sketches.append((page, made))
        for each in strokes:
            await self._move_to(page, each.stroke[0].x, each.stroke[0].y)
            made += await self._draw(page, each)

    def _greet(self) -> None:
        said = any(self._is_bot(message.author) for message in self._room.chat.messages())
        if self._greeting and not said:
            self._room.chat.post(self._greeting, self._room.now_ms())

    def _clear_earlier(self) -> None:
        board = self._room.board
        present = set(self._room.participants)
        gone = [s.id for s in board.shapes() if s.author not in present and self._is_bot(s.author)]
        board.erase(gone)

    def _is_bot(self, session: SessionId) -> bool:
        ticket = self._room.person(session)
        return ticket is not None and ticket.role is Role.BOT

    async def _erase_oldest(self) -> None:
        page, shapes = self._sketches.pop(0)
        for shape_id in shapes:
            shape = self._room.board.shape(shape_id)
            # Somebody else may have erased it, or moved it.
            if shape is None or shape.erased:
                continue
            self._point(page, shape.x, shape.y)
            self._room.board.erase([shape_id])
            await self._timing.sleep(_ERASE_EVERY_S)

    async def _move_to(self, page: str, x: float, y: float) -> None:
        start_x, start_y = self._pen
        steps = math.ceil(math.dist(self._pen, (x, y)) / _POINTER_SPEED_PX_S / POINTER_EVERY_S)
        for step in range(1, steps + 1):
            share = step / steps
            ease = share * share * (3 - 2 * share)
            self._point(page, start_x + (x - start_x) * ease, start_y + (y - start_y) * ease)
            await self._timing.sleep(POINTER_EVERY_S)

    def _point(self, page: str, x: float, y: float) -> None:
        self._pen = (x, y)
        self._room.send_live(page, cursor=(round(x * 10), round(y * 10)))

    async def _draw(self, page: str, sketch: SketchStroke) -> list[str]:
        stroke = sketch.stroke
        number = self._room.board.next_shape_number()
        await self._live_ink(page, number, stroke, sketch.colour)
        first_ms = stroke[0].t_ms
        ink = [InkPoint(point.x, point.y, point.pressure, point.t_ms - first_ms) for point in stroke]
        self._pen = (stroke[-1].x, stroke[-1].y)
        made = self._room.board.add_stroke(
            page, ink, ShapeType.DRAW, sketch.colour, PEN_SIZE, self._room.now_ms(), at_n=number
        )
        self._room.flush()
        return [*made]

    async def _live_ink(self, page: str, number: int, stroke: Stroke, colour: str) -> None:
        """25 packets a second; each repeats the points of the one before (L4)."""
        points = [(round(point.x * 10), round(point.y * 10), point.pressure) for point in stroke]
        begun_s, first_ms = self._timing.clock(), stroke[0].t_ms
        repeat_from = sent = 0
        while sent < len(points):
            elapsed_ms = (self._timing.clock() - begun_s) * 1000
            due = sent
            while due < len(points) and stroke[due].t_ms - first_ms <= elapsed_ms:
                due += 1
            if due > sent:
                first = max(repeat_from, due - _LIVE_POINTS)
                ink = LiveInk(number, PEN, colour, round(PEN_SIZE * 10), first, tuple(points[first:due]))
                self._room.send_live(page, cursor=points[due - 1][:2], ink=ink)
                repeat_from, sent = sent, due
            await self._timing.sleep(LIVE_EVERY_S)
