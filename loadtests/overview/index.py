"""Writes docs/performance-overview.md: every page of figures, when it was measured, and what held and what did not.

Read from the pages themselves, which their benchmarks write: a row that ends in a verdict is a row of the headline.
"""

from __future__ import annotations

import datetime
import os
import platform
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = ["PAGE", "Verdicts", "format_overview", "read_page", "read_pages", "write_overview"]

DOCS: Final = Path(__file__).parents[2] / "docs"
PAGE: Final = DOCS / "performance-overview.md"
_HELD: Final = re.compile(r"(?:^|\s)(?:met|holds|held|ok)$")
_MISSED: Final = re.compile(r"\*\*(?:missed|failed)\*\*$", re.IGNORECASE)
_DAY: Final = re.compile(r"\b20\d\d-\d\d-\d\d\b")

_HEAD: Final = """# Performance, all pages

Each page is written by its benchmark; `make bench` runs them all, `make bench QUICK=1` the shortest form of each in
five minutes, without a page. `make bench-compare BASE=commit PARTS=relay` measures that commit and this tree by turns
and shows what the change between them did; with a copy of loadtests/results as BASE, what lies there. This page is
written by `make bench-overview`; do not edit it. Figures move with the machine: every page says on
which one, and when.
"""


@dataclass(frozen=True, slots=True)
class Verdicts:
    """What one page says. `held` and `missed`: the first cell of each row, once for each of its verdicts."""

    name: str
    title: str
    day: str
    held: tuple[str, ...]
    missed: tuple[tuple[str, str], ...]


def read_page(name: str, text: str) -> Verdicts:
    """The verdicts of a page of figures."""
    title = next((line.removeprefix("# ") for line in text.splitlines() if line.startswith("# ")), name)
    held: list[str] = []
    missed: list[tuple[str, str]] = []
    columns: list[str] = []
    for line in text.splitlines():
        if not line.startswith("|"):
            columns = []
            continue
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        columns = columns or cells
        for number, cell in enumerate(cells):
            if _MISSED.search(cell):
                missed.append((cells[0], _told(columns, cells, number)))
            elif _HELD.search(cell):
                held.append(cells[0])
    days = _DAY.findall(text)
    return Verdicts(name, title, max(days, default="–"), tuple(held), tuple(missed))


def _told(columns: Sequence[str], cells: Sequence[str], at: int) -> str:
    """What a row says before its verdict: where that holds bar and figure (`≤ 2: 3`) those, or else all, by columns."""
    own = _MISSED.sub("", cells[at]).strip()
    if ": " in own:
        return own
    named = [f"{column} {cell}" for column, cell in zip(columns[1:at], cells[1:at], strict=True) if cell]
    return "; ".join([*named, f"{columns[at]} {own}"] if own else named)


def format_overview(pages: Sequence[Verdicts], machine: str, day: str) -> str:
    """The whole page."""
    return "\n".join(_lines(pages, machine, day)) + "\n"


def _lines(pages: Sequence[Verdicts], machine: str, day: str) -> Iterator[str]:
    yield _HEAD
    yield f"Gathered {day} on {machine}.\n"
    yield "| page | measured | bars that hold | bars missed |"
    yield "|---|---|---|---|"
    for page in pages:
        yield f"| [{page.title}]({page.name}) | {page.day} | {len(page.held)} | {len(page.missed)} |"
    yield ""
    if any(page.missed for page in pages):
        yield "## Missed\n\n| page | what | wanted and measured |\n|---|---|---|"
        for page in pages:
            for what, told in page.missed:
                yield f"| [{page.title}]({page.name}) | {what} | {told} |"
    else:
        yield "Every bar on every page holds."


def read_pages() -> list[Verdicts]:
    """All pages there are, by name."""
    paths = sorted(path for path in DOCS.glob("performance*.md") if path != PAGE)
    return [read_page(path.name, path.read_text(encoding="utf-8")) for path in paths]


def write_overview() -> None:
    """From all pages there are."""
    machine = f"{_processor()}, {os.cpu_count()} processors, Python {platform.python_version()}"
    day = datetime.datetime.now(datetime.UTC).date().isoformat()
    PAGE.write_text(format_overview(read_pages(), machine, day), encoding="utf-8")


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())
