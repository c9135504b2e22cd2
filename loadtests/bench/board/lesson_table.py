"""The section of the board's page about a board of ninety minutes in the classroom."""

from __future__ import annotations

from typing import Any, Final

__all__ = ["format_lesson"]

# Title, figure, unit, digits, most, least.
_ROWS: Final[tuple[tuple[str, str, str, int, float | None, float | None], ...]] = (
    ("from the press that enters the lesson to the page whole and sharp", "open_ms", "ms", 0, None, None),
    ("pan: new views a second", "pan_s", "", 1, None, 58),
    ("pan: 99 of 100 follow within", "pan_p99_ms", "ms", 1, 20, None),
    ("zoom: new views a second", "zoom_s", "", 1, None, 58),
    ("zoom: 99 of 100 follow within", "zoom_p99_ms", "ms", 1, 20, None),
    ("draw: frames with new ink a second", "draw_s", "", 1, None, 58),
    ("draw: 99 of 100 follow within", "draw_p99_ms", "ms", 1, 20, None),
    ("pointer to pixel, median", "pen_median_ms", "ms", 1, 13, None),
    ("pointer to pixel, 99 of 100", "pen_p99_ms", "ms", 1, None, None),
    ("what scripts hold (objects)", "heap_mb", "MB", 1, 30, None),
    ("the page's process", "renderer_mb", "MB", 0, 450, None),
)


def _row(found: dict[str, Any], row: tuple[str, str, str, int, float | None, float | None]) -> str:
    title, figure, unit, digits, most, least = row
    value = float(found[figure])
    bar = f"≤ {most:g} {unit}" if most is not None else f"≥ {least:g}" if least is not None else ""
    holds = (most is None or value <= most) and (least is None or value >= least)
    verdict = "" if not bar else "holds" if holds else "**missed**"
    return f"| {title} | {value:,.{digits}f}{' ' + unit if unit else ''} | {bar.strip()} | {verdict} |"


def format_lesson(found: dict[str, Any]) -> str:
    """Markdown. `found`: what `tests.browser.ninety_minutes` has written; `Any`: read from JSON."""
    lines = [
        "## A board of ninety minutes in the classroom",
        "",
        f"`python -m tests.browser.ninety_minutes`, {found['measured_at']}: the real classroom in Chromium at 1280×720,"
        f" with portal, relay and recorder beside it; {found['pages']} pages, three of them of a PDF, with formulas, a"
        f" photograph and {found['strokes']:,} strokes, {found['strokes'] // found['pages']} a page. Two others draw at"
        " 20 Hz on these pages all the while. Pen, pan and zoom are counted as above: frames that show a new view, by"
        f" the pixels ({found['views_seen']:,.0f} views were seen).",
        "",
        "| what | measured | bar | |",
        "|---|---|---|---|",
        *(_row(found, row) for row in _ROWS),
        "",
    ]
    use: list[dict[str, float]] = found.get("use", [])
    if len(use) > 1:
        lines += [
            f"Memory while the board is used for {use[-1]['at_s']:.0f} s without a rest (a page is turned, two strokes"
            " are drawn, the page is moved, zoomed and fitted, a stroke is undone and a list is opened every five"
            " seconds, which is several times what a lesson does), after a collection each time:",
            "",
            "| after | shapes | objects | buffers | process | nodes | listeners |",
            "|---|---|---|---|---|---|---|",
            *(
                f"| {each['at_s']:.0f} s | {each['shapes']:,.0f} | {each['heap_mb']:.1f} MB |"
                f" {each['buffers_mb']:.1f} MB | {each['renderer_mb']:.0f} MB | {each['nodes']:,.0f} |"
                f" {each['listeners']:,.0f} |"
                for each in use
            ),
            "",
        ]
    return "\n".join(lines)
