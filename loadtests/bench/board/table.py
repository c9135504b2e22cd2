"""The bench's results as a page: what must hold, what was measured, and what Excalidraw does with the same ink."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import Any, Final

__all__ = ["format_page"]


@dataclass(frozen=True, slots=True)
class _Row:
    """A figure of both boards; `most` or `least` is the bar for ours. `scale` turns the figure into its unit."""

    title: str
    figure: str
    unit: str
    most: float | None = None
    least: float | None = None
    digits: int = 0

    @property
    def is_of_frames(self) -> bool:
        """Whether a page with nothing on it has it, too."""
        return self.figure.startswith(("pan_", "zoom_", "draw_", "pen_"))


_ROWS: Final = (
    _Row("open, everything seen: from the bytes to the last change of the picture", "open_fit_ms", "ms", most=400),
    _Row("open at 100 %: the same", "open_one_ms", "ms", most=300),
    _Row("pan: new views a second", "pan_s", "", least=58, digits=1),
    _Row("pan: 99 of 100 follow within", "pan_p99_ms", "ms", most=20, digits=1),
    _Row("zoom: new views a second", "zoom_s", "", least=58, digits=1),
    _Row("zoom: 99 of 100 follow within", "zoom_p99_ms", "ms", most=20, digits=1),
    _Row("draw: frames with new ink a second", "draw_s", "", least=58, digits=1),
    _Row("draw: 99 of 100 follow within", "draw_p99_ms", "ms", most=20, digits=1),
    _Row("tasks above 50 ms: pan", "pan_long_tasks", "", most=0),
    _Row("tasks above 50 ms: zoom", "zoom_long_tasks", "", most=0),
    _Row("tasks above 50 ms: draw", "draw_long_tasks", "", most=0),
    _Row("sharp after a pan", "sharp_pan_ms", "ms", most=150),
    _Row("sharp after a zoom", "sharp_zoom_ms", "ms", most=150),
    _Row("pointer to pixel, median", "pen_median_ms", "ms", most=13, digits=1),
    _Row("pointer to pixel, 95 of 100", "pen_p95_ms", "ms", digits=1),
    _Row("what scripts hold after it all (objects)", "heap_mb", "MB", most=30, digits=1),
    _Row("the same in buffers beside the objects", "buffers_mb", "MB", digits=1),
    _Row("the page's process after it all", "renderer_mb", "MB", most=450),
)
_METHOD: Final = (
    "A view or a frame counts when the pixels of the page's canvases have changed, read after each frame: 768 px in"
    " three rows for pan and zoom, the place of each pointer event for the pen. An animation frame that paints the same"
    " again is none. Input comes through the browser, 125 events a second; four other people draw in the middle of the"
    " screen all the while, as packets and edits. In the time of opening are the reading of the document's bytes and"
    " shapes, and the page around the board. The empty page is one canvas with moving bars, without ink or anybody"
    " else: what its frames are late by is the machine's, the browser's and the probe's own."
)
# The bytes of one stroke elsewhere, as published or measured before: docs of either, a run of 2026-11-23.
_WIRE: Final = (("Excalidraw", "1,897", "27–81"), ("tldraw sync", "93", "15"))


def _text(values: list[float], row: _Row) -> str:
    if not values:
        return "–"
    middle, least, most = (
        f"{value:,.{row.digits}f}" for value in (statistics.median(values), min(values), max(values))
    )
    spread = f" ({least}…{most})" if len(values) > 1 else ""
    return f"{middle}{' ' + row.unit if row.unit else ''}{spread}"


def _verdict(values: list[float], row: _Row) -> tuple[str, str]:
    bar = f"≤ {row.most:g} {row.unit}" if row.most is not None else f"≥ {row.least:g}" if row.least is not None else ""
    if not values or not bar:
        return bar.strip(), ""
    middle = statistics.median(values)
    holds = middle <= row.most if row.most is not None else middle >= (row.least or 0)
    return bar.strip(), "holds" if holds else "**missed**"


def format_page(results: dict[str, Any]) -> str:
    """Markdown. `Any`: read from JSON."""
    rounds: dict[str, list[dict[str, float]]] = results["rounds"]
    lines = []
    for row in _ROWS:
        own, other = (
            [each[row.figure] for each in rounds.get(name, []) if each.get(row.figure) == each.get(row.figure, 0)]
            for name in ("ours", "excalidraw")
        )
        bar, verdict = _verdict(own, row)
        empty = [each[row.figure] for each in results.get("empty", []) if row.is_of_frames and row.figure in each]
        lines.append(
            f"| {row.title} | {_text(own, row)} | {bar} | {_text(empty, row)} | {_text(other, row)} | {verdict} |"
        )
    lines.append(_appending(rounds.get("ours", [])))
    machine = results["machine"]
    taken = ", ".join(f"{len(each)} of {name}" for name, each in rounds.items())
    return "\n".join(
        [
            "# The board, measured",
            "",
            f"`make bench-board`, {results['measured_at']}, {machine['cores']} cores, {machine['chromium']}, headless,"
            f" without a GPU; load {machine['load'][0]:.1f} at the start. {results['strokes']:,} seeded strokes of"
            f" {results['points']:,} points; ours is the whole classroom, the other Excalidraw 0.18 from npm. Rounds:"
            f" {taken}, taking turns. Median, least and greatest.",
            "",
            "Raw figures: `loadtests/results/board.json`.",
            "",
            "| what | ours | bar | empty page | Excalidraw | |",
            "|---|---|---|---|---|---|",
            *lines,
            "",
            _METHOD,
            "",
            *_wire(results),
        ]
    )


def _appending(rounds: list[dict[str, float]]) -> str:
    first, last = ([each[key] for each in rounds if key in each] for key in ("append_first_ms", "append_last_ms"))
    if not first or not last:
        return "| one more stroke by the first ones | – | ±20 % | – | – | |"
    ratio = statistics.median(last) / statistics.median(first)
    text = f"{ratio:.2f} × ({statistics.median(first):.3f} and {statistics.median(last):.3f} ms)"
    return (
        f"| one more stroke, by what the first ones cost | {text} | 0.8…1.2 × | – | – | {_holds(0.8 <= ratio <= 1.2)} |"
    )


def _wire(results: dict[str, Any]) -> list[str]:
    wire: dict[str, Any] | None = results.get("wire")
    if wire is None:
        return []
    live, largest = wire["bytes_a_point"], wire["largest_bytes"]
    stored = results.get("stored_bytes", 0) / max(1, results["points"])
    lag = f"p50 {wire['lag_p50_ms']:.0f} ms, p95 {wire['lag_p95_ms']:.0f} ms"
    return [
        "## Between two people",
        "",
        f"Two Chromiums in a lesson of the demo school, {wire['measured_at']}; one draws {wire['strokes']} strokes of"
        f" {wire['points'] / wire['strokes']:.0f} points, 125 pointer events a second, over the relay alone.",
        "",
        "| what | ours | bar | Excalidraw | tldraw sync | |",
        "|---|---|---|---|---|---|",
        f"| bytes sent for each point at the socket: live ink, cursor and edit | {live:.1f} | ≤ 21 | {_WIRE[0][1]} |"
        f" {_WIRE[1][1]} | {_holds(live <= 21)} |",
        f"| bytes of the bench's document for each point | {stored:.2f} | ≤ 4 | {_WIRE[0][2]} | {_WIRE[1][2]} |"
        f" {_holds(stored <= 4)} |",
        f"| largest message of the last ten strokes by that of the first ten | {wire['growth']:.2f} ×"
        f" ({largest} bytes) | 1 × | the whole scene every 20 s | – | {_holds(wire['growth'] <= 1.2)} |",
        f"| pen here to ink there, {wire['lags']} samples | {lag} | < 100 ms | – | – |"
        f" {_holds(wire['lag_p95_ms'] < 100)} |",
        "",
        "The lag is from the pointer event in one browser to the first frame of the other in which the ink has come as"
        " far, both on this machine and by its clock. Bytes of others: published, or measured before with the same"
        " stroke.",
        "",
    ]


def _holds(holds: bool) -> str:
    return "holds" if holds else "**missed**"
