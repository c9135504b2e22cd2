"""Writes docs/performance-load.md and its plots from what `loadtests/results/load` holds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from loadtests.capacity.curves import PARTS
from loadtests.capacity.plots import svg_plot
from loadtests.capacity.summary import KeptCurve, Summary, curve_bars, load_curves, load_summaries
from loadtests.kept import keep_page
from loadtests.targets import ROOT
from loadtests.users.figures import Figure
from loadtests.users.verdict import Bar

__all__ = ["PAGE", "write_page"]

PAGE: Final = ROOT / "docs" / "performance-load.md"
_IMAGES: Final = ROOT / "docs" / "images"
_SHOWN: Final = (
    ("EDIT", "seen by another, relay"), ("EDIT", "seen by another, mesh"), ("EDIT", "durable"), ("ROOM", "join"),
    ("ROOM", "reconnect"), ("ROOM", "whole again"), ("ROOM", "relay serves again"),
)  # fmt: skip

_HEAD: Final = """# Load

Whole participants in rooms: each bot holds the documents, signs its edits, checks everybody's, and draws live ink; what
makes the load runs on the same machine, and its share is in the tables. This page is written by `make bench-load`
(`python -m loadtests.capacity`); do not edit it. A scenario by itself: `chalkmesh loadtest NAME`, see
[operations.md](operations.md#load-tests).
"""

_CURVES: Final = """
## What rooms and boards cost

One relay and one recorder process. Each point: ten seconds at a steady load. Wanted: over the last quarter of the axis
a line rises at most 1.25 times as fast as over the first.
"""


def write_page() -> bool:
    """The page and its plots. Returns whether they were written: figures of a short run are kept without."""
    curves = load_curves()
    for kept in curves:
        for what, words in (("cores", "cores"), ("resident_mb", "MB")):
            lines = {
                part: [(point.x, float(getattr(point, what)[part])) for point in kept.curve.points] for part in PARTS
            }
            plot = svg_plot(f"{kept.curve.name}, {words}", kept.curve.unit, words, lines)
            keep_page(_IMAGES / _image(kept, what), plot)
    return keep_page(PAGE, "\n".join(_lines(load_summaries(), curves)) + "\n")


def _image(kept: KeptCurve, what: str) -> str:
    return f"load-{kept.curve.name.lower()}-{what.removeprefix('resident_')}.svg"


def _lines(summaries: list[Summary], curves: list[KeptCurve]) -> Iterator[str]:
    yield _HEAD
    yield "| scenario | rooms × people | what must hold | |"
    yield "|---|---|---|---|"
    for summary in summaries:
        held = "met" if summary.ok else "**missed**"
        yield f"| {summary.title} | {summary.rooms} × {summary.people} | {_bars_in_short(summary)} | {held} |"
    for summary in summaries:
        yield from _scenario(summary)
    if curves:
        yield _CURVES
    for kept in curves:
        yield f"### {kept.curve.name.capitalize()}\n"
        yield f"{kept.curve.load[0].upper()}{kept.curve.load[1:]}. {kept.at}, {kept.machine}.\n"
        for what in ("cores", "resident_mb"):
            yield f"![{kept.curve.name}, {what.removeprefix('resident_')}](images/{_image(kept, what)})\n"
        yield f"| {kept.curve.unit} | " + " | ".join(f"{part}: cores | MB" for part in PARTS) + " |"
        yield "|---" * (1 + 2 * len(PARTS)) + "|"
        for point in kept.curve.points:
            cells = [f"{point.cores[part]:.3f} | {point.resident_mb[part]:.0f}" for part in PARTS]
            yield f"| {point.x:g} | " + " | ".join(cells) + " |"
        yield ""
        yield from _bars(curve_bars(kept.curve))


def _scenario(summary: Summary) -> Iterator[str]:
    yield f"\n## {summary.title}\n"
    yield f"{summary.at}, {summary.machine}. Limit: {summary.limit}. Again: `{summary.again}`.\n"
    yield from _bars(summary.bars)
    yield "\n| ms | count | p50 | p95 | p99 | longest |\n|---|---|---|---|---|---|"
    for figure in summary.figures:
        if (figure.kind, figure.name) in _SHOWN and figure.count:
            yield _figure(figure)
    yield "\n| process | cores | most memory, MB |\n|---|---|---|"
    for name, cores in summary.cores.items():
        yield f"| {name} | {cores:.2f} | {summary.peak_mb[name]:.0f} |"


def _bars(bars: list[Bar]) -> Iterator[str]:
    yield "| must hold | wanted | measured | |\n|---|---|---|---|"
    for bar in bars:
        value = "does not rise" if bar.value is None else f"{bar.value:g}"
        yield f"| {bar.name} | {bar.wanted} | {value} | {'met' if bar.held else '**missed**'} |"


def _bars_in_short(summary: Summary) -> str:
    told = [bar for bar in summary.bars if bar.wanted != "0" and bar.value is not None]
    lost = "nothing lost" if all(bar.held for bar in summary.bars if bar.wanted == "0") else "**something lost**"
    return "; ".join([lost, *(f"{bar.name} {bar.value:g} ({bar.wanted})" for bar in told)])


def _figure(figure: Figure) -> str:
    values = " | ".join(f"{value:.1f}" for value in (figure.p50, figure.p95, figure.p99, figure.max))
    return f"| {figure.kind} {figure.name} | {figure.count:,} | {values} |"
