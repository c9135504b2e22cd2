"""From single runs to medians with their spread, the ratios to the peers, and a table in Markdown."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

__all__ = ["OURS", "ROWS", "Row", "Run", "judge", "table"]

OURS: Final = ("ours, open room", "ours, session")


@dataclass(frozen=True, slots=True)
class Run:
    """One scenario against one server. `error` instead of figures where it failed."""

    server: str
    scenario: str
    round: int
    figures: Mapping[str, float]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A figure that is compared. `most`: what ours may be, in parts of the peer's, or as it is without a peer."""

    title: str
    scenario: str
    figure: str
    most: float | None
    peer: str = ""
    beside: str = ""


ROWS: Final = (
    Row("50 rooms × 4, closed loop: CPU ms per 1,000 deliveries", "small", "cpu_ms_per_1000", 0.35, "y-websocket"),
    Row("1 room × 100, 2 writers: CPU ms per 1,000 deliveries", "class", "cpu_ms_per_1000", 0.5, "Hocuspocus"),
    Row("1 × 200 at 30 Hz: p50 ms", "lecture", "p50_ms", 0.9, "y-websocket", "cpu_ms_per_1000"),
    Row("1 × 200 at 30 Hz: p99 ms", "lecture", "p99_ms", 0.9, "y-websocket", "cpu_ms_per_1000"),
    Row("joining an 8 MB board: ms", "join", "join_ms", 0.25, "y-websocket", "join_cpu_ms"),
    Row("30 at once join an 8 MB board: ms", "join", "burst_ms", 0.25, "y-websocket"),
    Row("60 cursors × 5 Hz: cores", "cursors", "cores", 0.5, "y-websocket", "p99_ms"),
    Row("a stalled reader: MB grown", "stalled", "grown_mb_per_stalled", 1.0, "", "flooded_mb"),
    Row("beside stalled readers: p99 by what it was before", "stalled", "p99_ratio", 1.2),
    Row("durable acknowledgement, 100 clients at 10 Hz: p95 ms", "ack", "ack_p95_ms", 20.0, "", "cpu_ms_per_1000"),
)


def _median(runs: Iterable[Run], server: str, scenario: str, figure: str) -> tuple[float, float, float] | None:
    """Median, least and greatest of the rounds."""
    found = [
        run.figures[figure]
        for run in runs
        if run.server == server and run.scenario == scenario and figure in run.figures
    ]
    return (statistics.median(found), min(found), max(found)) if found else None


def judge(runs: Sequence[Run], row: Row, ours: str) -> tuple[float, bool] | None:
    """Ours by the peer's (or ours itself where no peer is asked), and whether that is met. None without a figure."""
    own = _median(runs, ours, row.scenario, row.figure)
    if own is None or row.most is None:
        return None
    if not row.peer:
        return own[0], own[0] <= row.most
    peer = _median(runs, row.peer, row.scenario, row.figure)
    if peer is None or not peer[0]:
        return None
    return own[0] / peer[0], own[0] / peer[0] <= row.most


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _cell(runs: Sequence[Run], row: Row, server: str) -> str:
    found = _median(runs, server, row.scenario, row.figure)
    if found is None:
        failed = [run for run in runs if run.server == server and run.scenario == row.scenario and run.error]
        return "failed" if failed else "–"
    middle, least, most = (_number(value) for value in found)
    beside = _median(runs, server, row.scenario, row.beside) if row.beside else None
    text = f"{middle} ({least}…{most})"
    return f"{text} · {_number(beside[0])}" if beside else text


def table(runs: Sequence[Run], servers: Sequence[str]) -> str:
    """Medians with least and greatest, what stands beside them (after a dot), and ours against the wanted."""
    wanted = [server for server in OURS if server in servers]
    head = ["what", *servers, *(f"{server}: wanted, is" for server in wanted)]
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for row in ROWS:
        cells = [row.title + (f" · {row.beside}" if row.beside else "")]
        cells += [_cell(runs, row, server) for server in servers]
        for server in wanted:
            verdict = judge(runs, row, server)
            if verdict is None:
                cells.append("–")
                continue
            unit = f" × {row.peer}" if row.peer else ""
            cells.append(f"≤ {row.most}{unit}: {verdict[0]:.2f} {'met' if verdict[1] else '**missed**'}")
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
