"""Joins a lesson as a bot and draws a circle on its board, the way a hand would.

    make run                                                    # in another terminal: a demo school
    .venv/bin/python examples/draw_a_circle.py --lesson LESSON  # the last part of a lesson's address

`local_bot` makes the ticket with the school's keys in --data. docs/client.md explains each step.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys
from pathlib import Path

from portal.local_bot import RELAY_URL, local_bot
from signaling.mesh import MeshOptions
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.shape import ShapeType

POINTS = 90
STEP_MS = 16


def circle(x: float, y: float, radius: float) -> list[InkPoint]:
    """One turn, pressed a little harder at the bottom; 16 ms a point, so that a replay draws at this speed."""
    turn = [2 * math.pi * step / (POINTS - 1) for step in range(POINTS)]
    return [
        InkPoint(x + radius * math.cos(a), y + radius * math.sin(a), int(128 + 60 * math.sin(a)), step * STEP_MS)
        for step, a in enumerate(turn)
    ]


async def draw(options: argparse.Namespace) -> None:
    """Join, draw, wait until it is saved, leave."""
    async with local_bot(
        options.data,
        "Circle bot",
        lesson=options.lesson,
        room=options.room,
        relay_url=options.relay,
        mesh=MeshOptions(),
    ) as peer:
        await peer.wait_synced()
        found = len(peer.board.shapes())
        points = circle(options.x, options.y, options.radius)
        peer.board.add_stroke(MAIN_PAGE, points, ShapeType.DRAW, "blue", 4.0, peer.now_ms())
        await peer.saved()
        present = ", ".join(person.name for person in peer.participants.values()) or "nobody"
        sys.stdout.write(f"Drew a circle beside {found} shapes; saved. Also there: {present}.\n")


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Draw a circle on a lesson's board.")
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--lesson", help="the lesson's id: the last part of its address")
    where.add_argument("--room", help="the room itself, in place of --lesson")
    parser.add_argument("--data", type=Path, default=Path("data"), help="the school's data folder")
    parser.add_argument("--relay", default=RELAY_URL, help="the relay's session socket")
    parser.add_argument("--x", type=float, default=400.0, help="of the middle, board px")
    parser.add_argument("--y", type=float, default=300.0, help="of the middle, board px")
    parser.add_argument("--radius", type=float, default=120.0, help="board px")
    asyncio.run(draw(parser.parse_args()))


if __name__ == "__main__":
    main()
