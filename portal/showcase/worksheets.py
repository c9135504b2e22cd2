"""Worksheets of the demonstration's classes, as PDF: what a tutor brings onto the board. Pure."""

import math
from collections.abc import Sequence
from typing import Final

from fpdf import FPDF

from portal.report_files import new_pdf

# All in mm of an A4 page that lies on its side, as the board does.
_BAR: Final = (180.0, 12.0)
_DISC_RADIUS: Final = 16.0
_LINE: Final = (20.0, 240.0)
_SQUARE: Final = 7.5
_INK: Final = (40, 44, 42)
_SHADE: Final = (169, 203, 184)


def fractions_worksheet() -> bytes:
    """Three pages: equal parts, adding on bars, a number line."""
    pdf = new_pdf("Fractions: equal parts, sums, a number line", orientation="landscape")
    _begin(pdf, "Equal parts", "Which fraction is shaded? Which is left white?")
    for parts, shaded in ((2, 1), (4, 3), (8, 5), (6, 2)):
        _bar(pdf, parts, shaded)
        _answer(pdf)
    for at, (parts, shaded) in enumerate(((4, 1), (6, 4), (8, 3))):
        _disc(pdf, 55.0 + 75.0 * at, pdf.get_y() + 22, parts, shaded)
    pdf.add_page()
    _begin(pdf, "Adding fractions", "Shade both parts of a bar, then write the sum in lowest terms.")
    for words, parts in (("1/2 + 1/4 =", 4), ("1/3 + 1/6 =", 6), ("3/8 + 1/4 =", 8), ("2/5 + 3/10 =", 10)):
        _words(pdf, words)
        _bar(pdf, parts, 0)
        pdf.ln(9)
    pdf.add_page()
    _begin(pdf, "On the number line", "Mark 1/2, 3/4, 5/8 and 11/8. Which lies farthest from 1?")
    for steps in (4, 8):
        _number_line(pdf, steps)
    _words(pdf, "Leo has run 3/4 of a mile, Sofia 5/8 of a mile. Who has run farther, and by how much?")
    return bytes(pdf.output())


def motion_worksheet() -> bytes:
    """One page: a table of distances and squares to draw them in."""
    pdf = new_pdf("Motion: distance and time", orientation="landscape")
    _begin(pdf, "Distance and time", "A cart rolls down a ramp. Draw the points, then the curve. When is it fastest?")
    _table(pdf, (("time in s", "0", "1", "2", "3", "4"), ("distance in m", "0", "0.2", "0.8", "1.8", "3.2")))
    _squares(pdf, 24, 14)
    return bytes(pdf.output())


def _begin(pdf: FPDF, heading: str, task: str) -> None:
    pdf.set_draw_color(*_INK)
    pdf.set_fill_color(*_SHADE)
    pdf.set_font("report", "B", 22)
    pdf.multi_cell(0, 12, heading, new_x="LMARGIN", new_y="NEXT")
    _words(pdf, task)
    pdf.ln(4)


def _words(pdf: FPDF, words: str) -> None:
    pdf.set_font("report", "", 14)
    pdf.multi_cell(0, 9, words, new_x="LMARGIN", new_y="NEXT")


def _answer(pdf: FPDF) -> None:
    _words(pdf, "shaded: ______    white: ______")
    pdf.ln(3)


def _bar(pdf: FPDF, parts: int, shaded: int) -> None:
    width, height = _BAR
    top, each = pdf.get_y() + 1, width / parts
    for part in range(parts):
        pdf.rect(_LINE[0] + part * each, top, each, height, style="DF" if part < shaded else "D")
    pdf.set_y(top + height + 2)


def _disc(pdf: FPDF, x: float, y: float, parts: int, shaded: int) -> None:
    for part in range(parts):
        start = 2 * math.pi * part / parts
        arc = [start + 2 * math.pi / parts * step / 24 for step in range(25)]
        edge = [(x + _DISC_RADIUS * math.cos(angle), y + _DISC_RADIUS * math.sin(angle)) for angle in arc]
        pdf.polygon([(x, y), *edge], style="DF" if part < shaded else "D")


def _number_line(pdf: FPDF, steps: int) -> None:
    left, right = _LINE
    y, each = pdf.get_y() + 12, (right - left) / (2 * steps)
    pdf.line(left, y, right + 6, y)
    pdf.set_font("report", "", 11)
    for step in range(2 * steps + 1):
        x, is_whole = left + step * each, step % steps == 0
        pdf.line(x, y - (4 if is_whole else 2), x, y + (4 if is_whole else 2))
        if is_whole:
            pdf.text(x - 1, y + 10, str(step // steps))
    pdf.set_y(y + 22)


def _table(pdf: FPDF, rows: Sequence[Sequence[str]]) -> None:
    pdf.set_font("report", "", 14)
    with pdf.table(line_height=9, text_align="CENTER") as table:
        for row in rows:
            table.row(row)
    pdf.ln(8)


def _squares(pdf: FPDF, across: int, down: int) -> None:
    left, top = _LINE[0], pdf.get_y()
    pdf.set_draw_color(*_SHADE)
    for column in range(across + 1):
        pdf.line(left + column * _SQUARE, top, left + column * _SQUARE, top + down * _SQUARE)
    for row in range(down + 1):
        pdf.line(left, top + row * _SQUARE, left + across * _SQUARE, top + row * _SQUARE)
    pdf.set_y(top + down * _SQUARE + 4)
