"""Joins a lesson as a bot and draws a circle on its board, the way a hand would.

    make run                                                    # in another terminal: a demo school
    .venv/bin/python examples/draw_a_circle.py --lesson LESSON  # the last part of a lesson's address

The ticket comes from `chalkmesh ticket`, which needs the school's keys in --data. docs/client.md explains each step.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import secrets
import shutil
import sys
from pathlib import Path

from signaling.client import Grant, Peer
from signaling.mesh import MeshOptions
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.ink import InkPoint
from whiteboard_crdt.keys import SessionKey, encode_base64url, load_jwks
from whiteboard_crdt.shape import ShapeType

POINTS = 90
STEP_MS = 16


async def make_ticket(options: argparse.Namespace, key: SessionKey) -> str:
    """Asks `chalkmesh ticket` for a ticket that names our key and a fresh client id."""
    command = shutil.which("chalkmesh", path=str(Path(sys.executable).parent)) or "chalkmesh"
    where = ["--lesson", options.lesson] if options.lesson else ["--room", options.room]
    process = await asyncio.create_subprocess_exec(
        command, "ticket", "--data", str(options.data), *where, "--user", "circle", "--name", "Circle bot",
        "--role", "bot", "--key", encode_base64url(key.public), "--client", str(secrets.randbelow(2**32 - 1) + 1),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output, _ = await process.communicate()
    if process.returncode != 0:
        sys.exit("chalkmesh ticket said no")
    return output.decode().strip()


def circle(x: float, y: float, radius: float) -> list[InkPoint]:
    """One turn, pressed a little harder at the bottom; 16 ms a point, so that a replay draws at this speed."""
    turn = [2 * math.pi * step / (POINTS - 1) for step in range(POINTS)]
    return [
        InkPoint(x + radius * math.cos(a), y + radius * math.sin(a), int(128 + 60 * math.sin(a)), step * STEP_MS)
        for step, a in enumerate(turn)
    ]


async def draw(options: argparse.Namespace) -> None:
    """Join, draw, wait until it is saved, leave."""
    key = SessionKey.generate()
    jwks = load_jwks((options.data / "keys" / "ticket.pub.json").read_bytes())
    grant = Grant(await make_ticket(options, key), options.relay)
    async with Peer.from_ticket(grant, key, jwks, mesh=MeshOptions()) as peer:
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
    parser.add_argument("--relay", default="ws://127.0.0.1:8081/v1/session", help="the relay's session socket")
    parser.add_argument("--x", type=float, default=400.0, help="of the middle, board px")
    parser.add_argument("--y", type=float, default=300.0, help="of the middle, board px")
    parser.add_argument("--radius", type=float, default=120.0, help="board px")
    asyncio.run(draw(parser.parse_args()))


if __name__ == "__main__":
    main()
