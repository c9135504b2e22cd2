"""The report as one HTML file: no script, no address, the plots are SVG in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from typing import Final

from loadtests.users.figures import Second
from loadtests.users.verdict import Verdict

__all__ = ["report_page"]

_WIDTH, _HEIGHT, _LEFT, _BOTTOM = 720, 200, 56, 24
_INKS: Final = ("#1f6feb", "#d1582b", "#2a8f4f", "#8250df", "#9a6700", "#57606a")
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}"
    "table{border-collapse:collapse;width:100%;margin:1rem 0}td,th{padding:.3rem .6rem;border-bottom:1px solid #d0d7de;"
    "text-align:right;font-variant-numeric:tabular-nums}td:first-child,th:first-child{text-align:left}"
    ".bad{color:#b42318;font-weight:600}.good{color:#1a7f37;font-weight:600}"
    "code{background:#f6f8fa;padding:.1rem .3rem}"
    "svg{width:100%;height:auto}h2{margin-top:2.5rem}"
)


def report_page(verdict: Verdict) -> str:
    """The whole document."""
    word = '<span class="good">held</span>' if verdict.ok else '<span class="bad">failed</span>'
    scenario = verdict.scenario
    parts = [
        f"<h1>{escape(scenario.title)}: {word}</h1>",
        f"<p>{escape(verdict.at)}, {escape(verdict.machine)}. {scenario.rooms} rooms × {scenario.people}, "
        f"{scenario.visitors} visitors, seed {scenario.seed}, {verdict.ended.done} of {verdict.ended.planned} planned "
        f"edits done, digest <code>{verdict.edits_digest}</code>.</p>",
        f"<p>Limit: {escape(verdict.limit)}.</p><p>Again: <code>{escape(verdict.again)}</code></p>",
        "<h2>What must hold</h2>",
        _table(
            ("", "wanted", "measured", ""),
            [(bar.name, bar.wanted, "–" if bar.value is None else f"{bar.value:g}", bar.held) for bar in verdict.bars],
        ),
        "<h2>Figures, ms</h2>",
        _table(
            ("", "count", "failed", "p50", "p95", "p99", "max", "size"),
            [
                (f"{each.kind} {each.name}", each.count, each.errors, each.p50, each.p95, each.p99, each.max, each.size)
                for each in verdict.figures
            ],
        ),
    ]
    if verdict.path_share:
        ways = ", ".join(f"{way} {share:.0%}" for way, share in sorted(verdict.path_share.items()))
        parts.append(f"<p>Ways by which edits came first: {escape(ways)}.</p>")
    if verdict.errors:
        parts += ["<h2>What failed</h2>", _table(("", "times"), list(verdict.errors.items()))]
    for name, seconds in verdict.curves.items():
        if len(seconds) > 1:
            lines = {"p50": _of(seconds, "p50"), "p95": _of(seconds, "p95")}
            parts += [f"<h2>{escape(name)}, ms</h2>", _plot(lines)]
    parts += _usage(verdict)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(scenario.title)}</title>'
        f"<style>{_STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )


def _usage(verdict: Verdict) -> list[str]:
    if not verdict.used:
        return []
    first_s = min(used.at_s for used in verdict.used)
    cores: dict[str, list[tuple[float, float]]] = {}
    memory: dict[str, list[tuple[float, float]]] = {}
    ordered = sorted(verdict.used, key=lambda used: used.name)
    for name, group in groupby(ordered, key=lambda used: used.name):
        seen = list(group)
        cores[name] = [(used.at_s - first_s, used.cores) for used in seen]
        memory[name] = [(used.at_s - first_s, used.resident_mb) for used in seen]
    return ["<h2>Cores in use</h2>", _plot(cores), "<h2>Memory, MB</h2>", _plot(memory)]


def _of(seconds: Sequence[Second], which: str) -> list[tuple[float, float]]:
    return [(float(second.at_s), float(getattr(second, which))) for second in seconds]


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = ["<table><tr>", *(f"<th>{escape(cell)}</th>" for cell in head), "</tr>"]
    for row in rows:
        lines += ["<tr>", *(_cell(cell) for cell in row), "</tr>"]
    return "".join([*lines, "</table>"])


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return '<td class="good">held</td>' if value else '<td class="bad">failed</td>'
    return f"<td>{escape(str(value))}</td>"


def _plot(lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    points = [point for line in lines.values() for point in line]
    most_x = max((x for x, _ in points), default=0.0) or 1.0
    most_y = max((y for _, y in points), default=0.0) or 1.0

    def place(x: float, y: float) -> str:
        across = _LEFT + x / most_x * (_WIDTH - _LEFT - 8)
        return f"{across:.1f},{_HEIGHT - _BOTTOM - y / most_y * (_HEIGHT - _BOTTOM - 24):.1f}"

    most = f"{most_y:,.0f}" if most_y >= 100 else f"{most_y:.3g}"
    drawn = [
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="11" fill="#57606a">',
        f'<path d="M{place(0, most_y)}L{place(0, 0)}L{place(most_x, 0)}" fill="none" stroke="#8c959f"/>',
        f'<text x="{_LEFT - 6}" y="30" text-anchor="end">{most}</text>',
        f'<text x="{_LEFT - 6}" y="{_HEIGHT - _BOTTOM}" text-anchor="end">0</text>',
        f'<text x="{_WIDTH - 8}" y="{_HEIGHT - 6}" text-anchor="end">{most_x:.0f} s</text>',
    ]
    for number, (name, line) in enumerate(lines.items()):
        ink = _INKS[number % len(_INKS)]
        track = " ".join(place(x, y) for x, y in line)
        drawn.append(f'<polyline points="{track}" fill="none" stroke="{ink}" stroke-width="1.5"/>')
        drawn.append(f'<text x="{_LEFT + 110 * number}" y="14" fill="{ink}">{escape(name)}</text>')
    return "".join([*drawn, "</svg>"])
