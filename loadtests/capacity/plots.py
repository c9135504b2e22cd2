"""A curve as an SVG file: a line for each part, axes from zero, readable on light and on dark pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final

__all__ = ["svg_plot"]

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 640, 260, 56, 16, 34, 40
# Between light and dark: no page tells a picture which of them it is.
_INKS: Final = ("#2f81f7", "#db6d28", "#2da44e", "#a371f7")
_TEXT: Final = "#7d8590"
_STEPS: Final = 4


def svg_plot(title: str, x_words: str, y_words: str, lines: Mapping[str, Sequence[tuple[float, float]]]) -> str:
    """The whole file."""
    points = [point for line in lines.values() for point in line]
    most_x = max((x for x, _ in points), default=0) or 1
    most_y = max((y for _, y in points), default=0) or 1

    def across(x: float) -> float:
        return round(_LEFT + x / most_x * (_WIDTH - _LEFT - _RIGHT), 1)

    def up(y: float) -> float:
        return round(_HEIGHT - _BOTTOM - y / most_y * (_HEIGHT - _BOTTOM - _TOP), 1)

    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" font-size="12"'
        f' font-family="system-ui,sans-serif" fill="{_TEXT}"><title>{escape(title)}</title>',
    ]
    for step in range(_STEPS + 1):
        y, x = most_y * step / _STEPS, most_x * step / _STEPS
        drawn.append(f'<path d="M{_LEFT} {up(y)}H{_WIDTH - _RIGHT}" stroke="{_TEXT}" stroke-opacity=".25"/>')
        drawn.append(f'<text x="{_LEFT - 6}" y="{up(y) + 4}" text-anchor="end">{y:.3g}</text>')
        drawn.append(f'<text x="{across(x)}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{x:.3g}</text>')
    drawn.append(f'<text x="{_WIDTH - _RIGHT}" y="{_HEIGHT - 6}" text-anchor="end">{escape(x_words)}</text>')
    drawn.append(f'<text x="6" y="14">{escape(y_words)}</text>')
    for number, (name, line) in enumerate(lines.items()):
        ink = _INKS[number % len(_INKS)]
        track = " ".join(f"{across(x)},{up(y)}" for x, y in line)
        drawn.append(f'<polyline points="{track}" fill="none" stroke="{ink}" stroke-width="2"/>')
        drawn += [f'<circle cx="{across(x)}" cy="{up(y)}" r="2.5" fill="{ink}"/>' for x, y in line]
        drawn.append(f'<text x="{_LEFT + 90 + 110 * number}" y="14" fill="{ink}">{escape(name)}</text>')
    return "".join([*drawn, "</svg>\n"])
