"""Small plots for pages: the points of an SVG line, made on the server, so that a page needs no script to show them."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT = 240, 48
_MARGIN = 3


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Lines of `x,y` points, one for each stretch without a gap; `top` is the value at the upper edge."""

    lines: tuple[str, ...]
    top: float
    width: int = WIDTH
    height: int = HEIGHT


def sparkline(values: Sequence[float | None], least_top: float) -> Sparkline:
    """The values in their order, the newest at the right; None is a gap. The axis begins at 0."""
    top = max([least_top, *(value for value in values if value is not None)])
    step = WIDTH / max(1, len(values) - 1)
    lines: list[list[str]] = [[]]
    for number, value in enumerate(values):
        if value is None:
            lines.append([])
            continue
        # A single look stands at the right, where the newest is.
        x = WIDTH if len(values) == 1 else number * step
        y = HEIGHT - _MARGIN - max(0.0, value) / top * (HEIGHT - 2 * _MARGIN)
        lines[-1].append(f"{x:.1f},{y:.1f}")
    return Sparkline(tuple(" ".join(line) for line in lines if line), top)
