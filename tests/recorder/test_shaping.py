"""Hebrew and Arabic in the recorder's painter; golden boards lay them beside Chromium's."""

from __future__ import annotations

import numpy as np
import pytest

from recorder.direction import is_right_to_left, needs_shaping
from recorder.painter import Canvas, Pixels, measure_text


@pytest.mark.parametrize(
    ("line", "right_to_left", "shaped"),
    [
        ("שלום", True, True),
        ("1 + 2: مرحبا abc", True, True),
        ("abc שלום", False, True),
        ("½ = 50 %", False, False),
        ("", False, False),
        ("\u200f!", False, False),
    ],
)
def test_a_line_runs_as_its_first_letter_does(line: str, right_to_left: bool, shaped: bool) -> None:
    assert (is_right_to_left(line), needs_shaping(line)) == (right_to_left, shaped)


def test_arabic_letters_are_joined() -> None:
    assert measure_text("ببب", 40.0) < 0.8 * 3 * measure_text("ب", 40.0)
    assert measure_text("ببب", 40.0, True) != measure_text("ببب", 40.0)


def _painted(*lines: tuple[str, float]) -> Pixels:
    canvas = Canvas(300, 60)
    canvas.fill("paper")
    for text, x in lines:
        canvas.label(text, x, 45.0, 40.0, "black")
    return canvas.pixels.copy()


def test_hebrew_letters_stand_from_right_to_left_from_the_left_end_that_was_given() -> None:
    word = _painted(("אב", 20.0))
    letters = _painted(("ב", 20.0), ("א", 20.0 + measure_text("ב", 40.0)))
    assert np.abs(word.astype(int) - letters.astype(int)).max() <= 40
    assert np.abs(word.astype(int) - _painted(("בא", 20.0)).astype(int)).max() > 100


def test_numbers_and_latin_words_in_it_run_the_other_way() -> None:
    width = measure_text("שלום 12", 40.0)
    both = _painted(("שלום 12", 20.0))
    number = _painted(("12", 20.0))
    end = round(20 + measure_text("12", 40.0))
    assert width == pytest.approx(measure_text("שלום ", 40.0) + measure_text("12", 40.0), abs=1.0)
    assert np.abs(both[:, :end].astype(int) - number[:, :end].astype(int)).max() <= 60
