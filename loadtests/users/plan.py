"""What a bot does, from a seed alone: two runs of one scenario with one seed make the same edits in the same order.

A bot moves and erases only what it drew itself, so that nothing depends on who was faster.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from loadtests.users.scenario import Bots, Seat
from whiteboard_crdt.ink import InkPoint

__all__ = ["Edit", "digest_of", "plan", "stroke_of"]

_COLOURS: Final = ("black", "blue", "red", "green")
_WIDTH_PX, _HEIGHT_PX = 1500, 850
_WORDS: Final = "so then why because twice half minus root angle again yes no maybe look here".split()


@dataclass(frozen=True, slots=True)
class Edit:
    """One edit. `target`: which of the bot's own strokes is moved or erased; `pen_s`: how long the pen is down."""

    kind: Literal["stroke", "chat", "move", "erase"]
    points: tuple[InkPoint, ...] = ()
    colour: str = "black"
    size: float = 4.0
    pen_s: float = 0.0
    target: int = 0
    by: tuple[float, float] = (0.0, 0.0)
    words: str = ""


def plan(seed: int, seat: Seat, bots: Bots) -> Iterator[Edit]:
    """The edits of the bot of a seat, without end."""
    # Not for secrets: only that it is the same every time.
    chance = random.Random(f"{seed}/{seat.room}/{seat.place}")
    drawn = 0
    while True:
        dice = chance.random()
        if dice < bots.chat_share:
            yield Edit("chat", words=" ".join(chance.choices(_WORDS, k=chance.randint(1, 8))))
        elif dice < bots.chat_share + bots.erase_share and drawn:
            yield Edit("erase", target=chance.randrange(drawn))
        elif dice < bots.chat_share + bots.erase_share + bots.move_share and drawn:
            by = (float(chance.randint(-40, 40)), float(chance.randint(-40, 40)))
            yield Edit("move", target=chance.randrange(drawn), by=by)
        else:
            yield stroke_of(chance, bots)
            drawn += 1


def digest_of(edits: Iterable[Edit]) -> str:
    """Names a sequence of edits: equal for equal runs."""
    hashed = hashlib.sha256()
    for edit in edits:
        hashed.update(repr(edit).encode())
    return hashed.hexdigest()[:16]


def stroke_of(chance: random.Random, bots: Bots) -> Edit:
    """A curve of a hand: somewhere, some way round, with a pressure that swells and fades."""
    x, y = chance.uniform(50, _WIDTH_PX), chance.uniform(50, _HEIGHT_PX)
    angle, bend, step = chance.uniform(0, math.tau), chance.uniform(-0.3, 0.3), chance.uniform(2, 8)
    pen_s = min(0.8 / bots.strokes_s, 0.8)
    every_ms = pen_s * 1000 / bots.points
    points = []
    for number in range(bots.points):
        points.append(InkPoint(x, y, round(90 + 90 * math.sin(math.pi * number / bots.points)), int(number * every_ms)))
        angle += bend
        x, y = x + step * math.cos(angle), y + step * math.sin(angle)
    return Edit("stroke", tuple(points), chance.choice(_COLOURS), chance.choice((2.0, 4.0, 8.0)), pen_s)
