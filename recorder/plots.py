"""Axes with functions, and number lines. Pure, and the twin of `portal/web/src/board/plots.ts`."""

from __future__ import annotations

import re
from collections.abc import Sequence

from recorder.curves import Window, curve_pieces
from recorder.items import FigureItem, MeasureText
from recorder.sheet import Sheet
from recorder.ticks import Tick, fraction_of, pi_fraction, step_of, ticks_of
from whiteboard_crdt.expression import Expression, ExpressionError, parse_expression
from whiteboard_crdt.shape import PlotRange, Shape
from whiteboard_crdt.spec import THINGS

__all__ = ["entries_of", "plot_item"]

_SPEC = THINGS.plot
# Shares of the size of the letters: pens of axes and curves, ticks, arrow heads, and room around labels.
_AXIS_PEN, _CURVE_PEN, _GRID_PX = 1 / 9, 1 / 6, 1.0
_TICK, _LINE_TICK, _WHOLE_TICK = 0.22, 0.35, 0.6
_HEAD, _INSET = 0.6, 1.2
_ROOM_X, _ROOM_Y = 2.0, 2.0
_DOT = 0.3
_FRACTION = re.compile(r"(-?)([0-9]{1,6})/([0-9]{1,6})")
_OF_PI = re.compile(r"(-?)([0-9]{0,6}) ?(?:π|pi)(?:/([0-9]{1,4}))?")
_MINUS = "\u2212"


def plot_item(shape: Shape, measure: MeasureText) -> FigureItem:
    """What a plot paints."""
    sheet = Sheet(shape, measure)
    shown = shape.range or PlotRange(0.0, 1.0, 0.0, 1.0)
    if shape.form == "line":
        _number_line(sheet, shape, shown)
    else:
        _axes(sheet, shape, shown)
    return sheet.finish()


def entries_of(text: str) -> list[str]:
    """Lines that something is written on, as many as are read."""
    return [line.strip(" ") for line in text.split("\n") if line.strip(" ")][: _SPEC.entries]


def _expression(text: str) -> Expression | None:
    try:
        return parse_expression(text)
    except ExpressionError:
        return None  # shown to whoever writes it, and drawn as nothing


def _colour(number: int) -> str:
    return _SPEC.colours[number % len(_SPEC.colours)]


def _axes(sheet: Sheet, shape: Shape, shown: PlotRange) -> None:
    w, h, size = shape.w, shape.h, shape.size
    x_span, y_span = shown.x_to - shown.x_from, shown.y_to - shown.y_from
    across = ticks_of(shown.x_from, shown.x_to, step_of(shape.x_step, x_span, w, _ROOM_X * size), reduced=shape.reduced)
    down = ticks_of(shown.y_from, shown.y_to, step_of(shape.y_step, y_span, h, _ROOM_Y * size), reduced=shape.reduced)
    xs = [(tick.value - shown.x_from) / x_span * w for tick in across]
    ys = [(shown.y_to - tick.value) / y_span * h for tick in down]
    # An axis that would lie outside stands at the nearer edge.
    x0 = min(w, max(0.0, -shown.x_from / x_span * w))
    y0 = min(h, max(0.0, shown.y_to / y_span * h))
    if shape.grid:
        half = _GRID_PX / 2
        lines = [(x - half, 0.0, x + half, h) for x in xs] + [(0.0, y - half, w, y + half) for y in ys]
        sheet.fill_rects(lines, "grey", _SPEC.grid_opacity)
    pen = size * _AXIS_PEN
    sheet.lines([[(0.0, y0), (w, y0)], [(x0, h), (x0, 0.0)]], shape.colour, pen)
    sheet.lines([_head(w, y0, 1, 0, size), _head(x0, 0.0, 0, -1, size)], shape.colour, pen)
    reach = size * _TICK
    marks = [[(x, y0 - reach), (x, y0 + reach)] for x in xs] + [[(x0 - reach, y), (x0 + reach, y)] for y in ys]
    sheet.lines(marks, shape.colour, pen)
    window = Window(shown.x_from, shown.x_to, shown.y_from, shown.y_to, w, h)
    for number, entry in enumerate(entries_of(shape.entries)):
        expression = _expression(entry)
        if expression is not None:
            sheet.lines(curve_pieces(expression.at, window), _colour(number), size * _CURVE_PEN)
    crosses = shown.x_from < 0 < shown.x_to and shown.y_from < 0 < shown.y_to
    every = _every(across, xs, [sheet.width_of(tick.top, tick.bottom, _sign(tick)) + 0.5 * size for tick in across])
    for tick, x in zip(across, xs, strict=True):
        if tick.number % every == 0 and not (crosses and tick.number == 0):
            sheet.centred(tick.top, tick.bottom, _sign(tick), x, y0 + 0.4 * size)
    every = _every(down, ys, [sheet.height_of(tick.bottom) + 0.4 * size for tick in down])
    for tick, y in zip(down, ys, strict=True):
        if tick.number % every == 0 and not (crosses and tick.number == 0):
            top = y - sheet.height_of(tick.bottom) / 2
            sheet.right_of(tick.top, tick.bottom, _sign(tick), x0 - 0.45 * size, top)
    if crosses:
        sheet.right_of("0", "", "", x0 - 0.45 * size, y0 + 0.4 * size)


def _number_line(sheet: Sheet, shape: Shape, shown: PlotRange) -> None:
    w, size = shape.w, shape.size
    y0 = shape.h / 2
    inset = min(size * _INSET, w / 8)
    span, length = shown.x_to - shown.x_from, w - 2 * inset
    step = step_of(shape.x_step, span, length, _ROOM_X * size)
    ticks = ticks_of(shown.x_from, shown.x_to, step, reduced=shape.reduced)
    xs = [inset + (tick.value - shown.x_from) / span * length for tick in ticks]
    pen = size * _AXIS_PEN
    sheet.lines([[(0.0, y0), (w, y0)]], shape.colour, pen)
    sheet.lines([_head(w, y0, 1, 0, size), _head(0.0, y0, -1, 0, size)], shape.colour, pen)
    reaches = [size * (_LINE_TICK if tick.bottom else _WHOLE_TICK) for tick in ticks]
    marks = [[(x, y0 - reach), (x, y0 + reach)] for x, reach in zip(xs, reaches, strict=True)]
    sheet.lines(marks, shape.colour, pen)
    every = _every(ticks, xs, [sheet.width_of(tick.top, tick.bottom, _sign(tick)) + 0.5 * size for tick in ticks])
    for tick, x in zip(ticks, xs, strict=True):
        if tick.number % every == 0:
            sheet.centred(tick.top, tick.bottom, _sign(tick), x, y0 + 0.8 * size)
    for number, entry in enumerate(entries_of(shape.entries)):
        expression = _expression(entry)
        value = expression.at(0.0) if expression is not None and expression.is_constant else None
        if value is not None and shown.x_from <= value <= shown.x_to:
            x = inset + (value - shown.x_from) / span * length
            sheet.dot(x, y0, size * _DOT, _colour(number))
            top, bottom, sign = _mark(entry, reduced=shape.reduced)
            sheet.centred(top, bottom, sign, x, y0 - 0.75 * size - sheet.height_of(bottom))


def _mark(entry: str, *, reduced: bool) -> tuple[str, str, str]:
    """What is written at a marked value: above the bar, below it, and the sign."""
    of_pi = _OF_PI.fullmatch(entry)
    if of_pi is not None and int(of_pi[3] or 1) > 0:
        return *pi_fraction(int(of_pi[2] or 1), int(of_pi[3] or 1)), _MINUS if of_pi[1] else ""
    match = _FRACTION.fullmatch(entry)
    if match is None or int(match[3]) == 0:
        return entry.replace("-", _MINUS), "", ""
    if int(match[2]) % int(match[3]) == 0 and not reduced:
        return match[2], match[3], _MINUS if match[1] else ""
    return *fraction_of(int(match[2]), int(match[3]), reduced), _MINUS if match[1] else ""


def _sign(tick: Tick) -> str:
    return _MINUS if tick.number < 0 else ""


def _every(ticks: Sequence[Tick], places: Sequence[float], needs: Sequence[float]) -> int:
    """Every how many ticks there is room for what is written at them."""
    if len(ticks) < 2:
        return 1
    gap = abs(places[1] - places[0])
    most = max(needs)
    every = 1
    while every * gap < most and every < len(ticks):
        every += 1
    return every


def _head(x: float, y: float, dx: int, dy: int, size: float) -> list[tuple[float, float]]:
    """An arrow head at the end of an axis that goes (dx, dy)."""
    back, side = size * _HEAD, size * _HEAD / 2
    return [
        (x - dx * back - dy * side, y - dy * back - dx * side),
        (x, y),
        (x - dx * back + dy * side, y - dy * back + dx * side),
    ]
