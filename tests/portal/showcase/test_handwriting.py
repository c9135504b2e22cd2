"""The hand: same strokes for the same seed, at a person's speed, with marks that are what they should be."""

import math
from itertools import pairwise

import pytest

from portal.showcase.curves import arc, curve_through, evenly, length_of, line
from portal.showcase.drawings import PICTURES, placed
from portal.showcase.figures import circle, hatching, hop, number_line, spokes
from portal.showcase.glyphs import WAYS, glyph
from portal.showcase.handwriting import Hand, Stroke, duration_ms
from whiteboard_crdt.ink import InkPoint, encode_ink, split_stroke
from whiteboard_crdt.spec import COLOURS


def box(strokes: list[Stroke]) -> tuple[float, float, float, float]:
    xs = [point.x for stroke in strokes for point in stroke]
    ys = [point.y for stroke in strokes for point in stroke]
    return min(xs), min(ys), max(xs), max(ys)


def test_same_seed_writes_the_same_and_another_seed_does_not() -> None:
    assert Hand(5).write("1/2 + 1/4", 0, 0, 80) == Hand(5).write("1/2 + 1/4", 0, 0, 80)
    assert Hand(5).write("1/2", 0, 0, 80) != Hand(6).write("1/2", 0, 0, 80)


@pytest.mark.parametrize("letter", sorted(WAYS))
def test_every_glyph_lies_between_its_lines(letter: str) -> None:
    strokes = Hand(1).write(letter, 100, 500, 100)
    left, top, right, bottom = box(strokes)
    assert left > 85 and right < 100 + 110
    assert top > 380 and bottom < 500 + 50
    assert all(len(stroke) >= 3 for stroke in strokes)


def test_digits_letters_and_signs_are_there() -> None:
    assert all(glyph(letter) is not None for letter in "0123456789+−×÷=/()" + "".join(map(chr, range(97, 123))))
    assert all(glyph(chr(code)) is not None for code in range(65, 91))


def test_an_unknown_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="U\\+00DF"):
        Hand(1).write("ß", 0, 0, 50)


def test_the_pen_moves_at_the_speed_of_a_hand_and_time_only_grows() -> None:
    strokes = Hand(2).write("Adding fractions", 0, 0, 60)
    points = [point for stroke in strokes for point in stroke]
    assert all(a.t_ms <= b.t_ms for a, b in pairwise(points))
    speeds = [
        math.dist((a.x, a.y), (b.x, b.y)) / (b.t_ms - a.t_ms) * 1000
        for stroke in strokes
        for a, b in pairwise(stroke)
        if b.t_ms > a.t_ms
    ]
    assert max(speeds) < 1500
    # A tutor writes two or three letters a second on a board.
    assert 4000 < duration_ms(strokes) < 10_000


def test_pressure_is_light_where_the_pen_lands_and_lifts() -> None:
    (stroke,) = Hand(3).draw([line((0, 0), (300, 0))])
    middle = stroke[len(stroke) // 2].pressure
    assert stroke[0].pressure < middle > stroke[-1].pressure
    assert all(20 <= point.pressure <= 255 for point in stroke)


def test_strokes_become_ink_of_the_board() -> None:
    strokes = Hand(4).draw([circle((400, 400), 380), *spokes((400, 400), 380, 8)])
    for stroke in strokes:
        ink = [InkPoint(p.x, p.y, p.pressure, p.t_ms - stroke[0].t_ms) for p in stroke]
        assert all(encode_ink(part).blob for part in split_stroke(ink))


def test_curve_passes_its_points_and_is_sharp_at_corners() -> None:
    points = [(0.0, 0.0), (50.0, 40.0), (100.0, 0.0), (150.0, 40.0)]
    path = curve_through(points, [1])
    assert all(min(math.dist(point, on) for on in path) < 1e-9 for point in points)
    assert length_of(evenly(path)) == pytest.approx(length_of(path), rel=0.01)
    assert length_of(arc((0, 0), 100, 0, 360)) == pytest.approx(2 * math.pi * 100, rel=0.01)


def test_shading_stays_inside_its_slice() -> None:
    for hatch in hatching((0, 0), 100, -90, 0):
        assert all(x > -2 and y < 2 and math.hypot(x, y) < 99 for x, y in hatch)
    assert len(hatching((0, 0), 100, -90, 90)) > len(hatching((0, 0), 100, -90, 0)) > 3


def test_number_line_and_hop_meet_at_the_ticks() -> None:
    paths = number_line((100, 500), 800, 4)
    assert len(paths) == 2 + 5
    jump, head = hop(100, 500, 480, 120)
    assert jump[0] == pytest.approx((100, 480)) and jump[-1] == pytest.approx((500, 480))
    assert min(y for _, y in jump) == pytest.approx(360, abs=1)
    assert jump[-1] in head


@pytest.mark.parametrize("picture", PICTURES, ids=lambda picture: picture.__name__)
def test_pictures_fit_their_box_in_colours_of_the_palette(picture: object) -> None:
    assert callable(picture)
    lines = placed(picture(), 500, 400, 1.0, 0)
    assert all(each.colour in COLOURS for each in lines)
    points = [point for each in lines for point in each.path]
    assert max(abs(x - 500) for x, _ in points) < 118
    assert max(abs(y - 400) for _, y in points) < 145
