"""Writes docs/performance-portal.md from what a run found."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from loadtests.bench.portal.district import Figures
from loadtests.bench.portal.load import Asked

__all__ = ["BAR_P95_MS", "BAR_ROSTER_S", "Found", "Round", "Row", "Upload", "format_page", "missed"]

BAR_P95_MS: Final = 30.0
BAR_ROSTER_S: Final = 20.0


class Row(msgspec.Struct, frozen=True):
    """One list of lessons under one load. `name`: whose; `cores`: what the portal took of its one core."""

    name: str
    think_s: float
    asked: Asked
    cores: float


class Upload(msgspec.Struct, frozen=True):
    """A large roster, when, and in s: kept with its first dry run, looked at once more, applied."""

    when: str
    rows: int
    keep_s: float
    look_s: float
    apply_s: float


class Round(msgspec.Struct, frozen=True):
    """Lists asked for while the portal makes the lessons of the weeks ahead, and how many it made in that time."""

    row: Row
    classes: int
    lessons: int


class Found(msgspec.Struct, frozen=True):
    """A whole run."""

    when: str
    machine: str
    people: int
    district: Figures
    fill_s: float
    beside: Round
    rows: list[Row]
    roster: Upload
    portal_mb: float


def missed(found: Found) -> list[str]:
    """The names of what missed its bar."""
    over = [f"{row.name}, {_load(row)}" for row in (found.beside.row, *found.rows) if not _holds(row)]
    return over + ([] if found.roster.apply_s <= BAR_ROSTER_S else ["roster"])


def _holds(row: Row) -> bool:
    return row.asked.p95_ms <= BAR_P95_MS and not row.asked.failed


def _load(row: Row) -> str:
    return f"{row.think_s:g} s to think" if row.think_s else "closed loop"


def format_page(found: Found) -> str:
    """Markdown."""
    return "\n".join(_lines(found)) + "\n"


def _lines(found: Found) -> Iterator[str]:
    size = found.district
    yield "# The portal under a district\n"
    yield f"`make bench-portal`, {found.when}, {found.machine}. The portal is the real process on one core, the people"
    yield "are on the other; they share the machine's memory and disk. SQLite, as a fresh installation has it.\n"
    yield f"The district: {size.schools} schools, {size.students:,} students, {size.lessons:,} lessons in four weeks,"
    yield f"{size.places:,} places in them, made in {found.fill_s:.0f} s by the roster and the weekly hours themselves."
    yield f"{found.people} people of one kind at a time, each signed in on a connection of their own, everybody's page"
    yield "read from the database each time; rows that show the same as before are not drawn anew. *1 s to think*:"
    yield f"people at work. *Closed loop*: everybody asks again at once, so that {found.people} requests are always"
    yield f"under way and a time is {found.people} times what one page costs; {BAR_P95_MS:g} ms there would be"
    yield f"{1000 * found.people / BAR_P95_MS:,.0f} pages a second of one core.\n"
    yield "| lesson list of | load | p50 | p95 | p99 | requests/s | kB | of its core | p95 wanted |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in (*found.rows, found.beside.row):
        asked = row.asked
        failed = f", {asked.failed} failed" if asked.failed else ""
        yield (
            f"| {row.name} | {_load(row)} | {asked.p50_ms:.1f} ms | {asked.p95_ms:.1f} ms | {asked.p99_ms:.1f} ms "
            f"| {asked.requests_s:,.0f}{failed} | {asked.answer_kb:.1f} | {row.cores:.0%} "
            f"| ≤ {BAR_P95_MS:g} ms {'holds' if _holds(row) else '**missed**'} |"
        )
    beside = found.beside
    yield f"\nThe last line: meanwhile the hourly round went over {beside.classes:,} classes, at its busiest, when a"
    yield f"week is new. It made {beside.lessons:,} lessons in this time, with the lists of who is in them."
    roster = found.roster
    yield "\n| roster | measured | wanted |\n|---|---|---|"
    verdict = "holds" if roster.apply_s <= BAR_ROSTER_S else "**missed**"
    yield f"| applying {roster.rows:,} rows | {roster.apply_s:.1f} s | ≤ {BAR_ROSTER_S:g} s {verdict} |"
    yield f"| reading it, with the dry run | {roster.keep_s:.1f} s | |"
    yield f"| the dry run again, when the page is opened | {roster.look_s:.1f} s | |"
    yield f"\nThe roster was measured {roster.when}; every student in it has an address, to which a letter with a"
    yield "link goes, and wants two subjects. It is a school's first one."
    yield f"\nThe portal held {found.portal_mb:.0f} MB after the lists. The calendar address is what people put into"
    yield "their calendars; a school's programs read lessons by the [API](api.md), which is not measured here."
