"""How many messages a mesh of six spends on each change: `python -m loadtests.bench.mesh [--changes 100] [--check]`.

Six peers on real connections over the loopback, without loss. Counted at every receiver, for each envelope: how often
it came over a data channel, on `sync` and again on `live` (protocol rule M7), and what else was said because of it
(HAVE, WANT, TICKET). Pings and presence go by the clock, not by the change. Writes `docs/performance-mesh.md`.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import aioice.ice
import uvloop

from loadtests.kept import FOLDER, keep_page
from loadtests.netlab.participant import stroke_points
from loadtests.netlab.school import LabSchool
from signaling.client import Peer
from signaling.events import SeenEnvelope
from signaling.links.link import Link
from signaling.mesh import MeshOptions
from signaling.server import Relay
from signaling.settings import RelaySettings
from whiteboard_crdt.ids import MAIN_PAGE
from whiteboard_crdt.messages import MessageType
from whiteboard_crdt.shape import ShapeType

__all__ = ["Figures", "bench", "main"]

PEERS: Final = 6
BAR: Final = 2.1
_Y_WEBRTC: Final = 5.7
# Strokes a second in the room. One process holds six peers with thirty ends of links; each page has a core of its own.
_RATE: Final = 10.0
# Copies of the last envelope come up to 140 ms after it.
_SETTLE_S: Final = 1.0
_OTHERS: Final = (MessageType.HAVE, MessageType.WANT, MessageType.TICKET)
_PAGE: Final = Path("docs/performance-mesh.md")
_JSON: Final = FOLDER / "mesh.json"


@dataclass(slots=True)
class Tally:
    """What came to all peers over data channels while `counting`."""

    counting: bool = False
    sync: Counter[int] = field(default_factory=Counter)
    live: Counter[int] = field(default_factory=Counter)

    def note(self, counter: Counter[int], data: bytes) -> None:
        """One message that arrived."""
        if self.counting and data:
            counter[data[0]] += 1


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one scenario; each figure is for one receiver of one envelope."""

    name: str
    envelopes: int
    sync: float
    live: float
    others: float
    p50_ms: float
    p99_ms: float

    @property
    def messages(self) -> float:
        """Copies of an envelope, the redundant one included."""
        return self.sync + self.live


def _counted(peer: Peer, tally: Tally) -> Callable[[Link], None]:
    attach = peer.attach

    def attach_counted(link: Link) -> None:
        attach(link)
        for name, counter in (("on_message", tally.sync), ("on_lossy", tally.live)):
            setattr(link, name, partial(_pass_on, getattr(link, name), tally, counter))

    return attach_counted


def _pass_on(take: Callable[[bytes], None], tally: Tally, counter: Counter[int], data: bytes) -> None:
    tally.note(counter, data)
    take(data)


def _all_linked(peer: Peer) -> bool:
    return _links(peer) == PEERS - 1


def _links(peer: Peer) -> int:
    return sum(link.healthy for link in peer.direct.values())


def _draw(peer: Peer, number: int) -> None:
    peer.board.add_stroke(MAIN_PAGE, stroke_points(number), ShapeType.DRAW, "blue", 4.0, peer.now_ms())
    peer.flush()


class _Times:
    """From an envelope's sealing to its being applied at each of the others, seconds."""

    def __init__(self, peers: Sequence[Peer]) -> None:
        self._sealed_s: dict[tuple[str, int], float] = {}
        self.took_s: list[float] = []
        for peer in peers:
            peer.on_envelope = self._seen

    def _seen(self, seen: SeenEnvelope) -> None:
        key, now_s = (seen.envelope.session, seen.envelope.seq), time.perf_counter()
        if seen.via == "own":
            self._sealed_s[key] = now_s
        elif key in self._sealed_s:
            self.took_s.append(now_s - self._sealed_s[key])

    def share(self, part: float) -> float:
        """A quantile in ms."""
        ordered = sorted(self.took_s)
        return 1000 * ordered[min(len(ordered) - 1, int(part * len(ordered)))]


async def _scenario(name: str, peers: Sequence[Peer], writers: Sequence[Peer], changes: int, tally: Tally) -> Figures:
    before = {peer.session: len(peer.board.shapes()) for peer in peers}
    times = _Times(peers)
    tally.sync.clear()
    tally.live.clear()
    tally.counting = True
    begun_s = time.perf_counter()
    for n in range(changes):
        await asyncio.sleep(max(0.0, begun_s + n / _RATE - time.perf_counter()))
        _draw(writers[n % len(writers)], n)
    for peer in peers:
        await peer.wait_for(partial(_has, peer, before[peer.session] + changes), 30)
    await asyncio.sleep(_SETTLE_S)
    tally.counting = False
    received = changes * (len(peers) - 1)
    return Figures(
        name,
        changes,
        tally.sync[MessageType.ENVELOPE] / received,
        tally.live[MessageType.ENVELOPE] / received,
        sum(tally.sync[kind] for kind in _OTHERS) / received,
        times.share(0.5),
        times.share(0.99),
    )


def _has(peer: Peer, shapes: int) -> bool:
    return len(peer.board.shapes()) >= shapes


async def bench(changes: int, folder: Path) -> list[Figures]:
    """With the relay (whose acknowledgement often spares the copy) and without; one who draws, and all at once."""
    # aioice leaves the loopback out, and there may be no other address here.
    aioice.ice.get_host_addresses = lambda *_args, **_options: ["127.0.0.1"]
    school = LabSchool.create(folder / "school", "")
    relay = Relay(RelaySettings(data=folder / "school", port=0))
    await relay.start()
    tally = Tally()
    try:
        async with AsyncExitStack() as stack:
            near = LabSchool(school.private, f"ws://127.0.0.1:{relay.port}/v1/session", "")
            peers = [near.peer(f"student{n}", [], MeshOptions()) for n in range(PEERS)]
            for peer in peers:
                # The mesh calls it on the object; this one counts first. Ignored: a method is put over on one object.
                peer.attach = _counted(peer, tally)  # type: ignore[method-assign, assignment]
                await stack.enter_async_context(peer)
            for peer in peers:
                await peer.wait_for(partial(_all_linked, peer), 60)
            found = [await _scenario("one draws, with the relay", peers, peers[:1], changes, tally)]
            found.append(await _scenario("all draw, with the relay", peers, peers, changes, tally))
            for peer in peers:
                peer.cut(relay=True)
            found.append(await _scenario("one draws, without a relay", peers, peers[:1], changes, tally))
            found.append(await _scenario("all draw, without a relay", peers, peers, changes, tally))
            for peer in peers:
                peer.cut(relay=False)
    finally:
        await relay.stop()
    return found


def format_page(figures: Sequence[Figures], changes: int, day: str) -> str:
    """The page of figures, measured on `day`."""
    rows = "\n".join(
        f"| {one.name} | {one.envelopes} | **{one.messages:.2f}** | {one.sync:.2f} | {one.live:.2f} | {one.others:.3f} "
        f"| {one.p50_ms:.1f} / {one.p99_ms:.1f} | ≤ {BAR} {'holds' if one.messages <= BAR else '**missed**'} |"
        for one in figures
    )
    return f"""# Messages in a mesh

`make bench-mesh`, {day}: {PEERS} Python peers in one process, each linked with each other one over real
connections (aiortc) on the loopback, without loss; {changes} strokes in each run, {_RATE:g} a second. Counted
where they arrive, for each receiver of each envelope.

| | envelopes | messages | on `sync` | on `live` | HAVE, WANT, TICKET | integrated after, p50 / p99 ms | wanted |
|---|---|---|---|---|---|---|---|
{rows}

The bar is {BAR}: every envelope once on `sync`, and once more on `live` while the relay has not acknowledged
it (rule M7). Nobody hands an envelope on that its author sends by itself; y-webrtc does, and spends {_Y_WEBRTC}
messages (six peers, 100 updates: 2,850 messages where 500 do). With the relay there, its acknowledgement
mostly comes before the copy is due, and the copy is not sent. Pings (`sync` once and `live` twice a second,
M6) and presence go by the clock and are not counted.

All peers share one process and one core here, so the times say how long six of them need for each other's
work rather than what a page sees; [performance.md](performance.md) has those.
"""


def main(arguments: Sequence[str]) -> int:
    """Run, print, and write the page; 1 when a figure is over the bar."""
    parser = argparse.ArgumentParser(description="Messages of a mesh of six.")
    parser.add_argument("--changes", type=int, default=100, help="strokes in each scenario")
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-mesh-") as name:
        figures = uvloop.run(bench(given.changes, Path(name)))
    page = format_page(figures, given.changes, datetime.datetime.now(datetime.UTC).date().isoformat())
    sys.stdout.write(page)
    if not given.check:
        keep_page(_PAGE, page)
        _JSON.parent.mkdir(parents=True, exist_ok=True)
        _JSON.write_text(json.dumps([asdict(one) for one in figures], indent=1) + "\n", encoding="utf-8")
    return int(any(one.messages > BAR for one in figures))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
