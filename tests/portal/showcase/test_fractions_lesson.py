"""The script of the finished lesson: it is possible, complete, and the same every time."""

from collections import defaultdict

import pytest

from portal.showcase.fractions_lesson import AMARA, LEO, TUTOR, fractions_lesson
from portal.showcase.handwriting import Style
from portal.showcase.pointers import EVERY_MS, pointers
from portal.showcase.script import AddPage, Desk, Draw, Erase, RaiseHand, TurnTo, Type, Undo, Write


def test_the_script_is_the_same_every_time() -> None:
    fractions_lesson.cache_clear()
    first = fractions_lesson()
    fractions_lesson.cache_clear()
    assert fractions_lesson() == first


def test_everything_a_lesson_has_happens() -> None:
    script = fractions_lesson()
    kinds = {type(action) for action in script.actions}
    assert {Draw, Type, Erase, Undo, AddPage, TurnTo, Write, RaiseHand} <= kinds
    assert {a.actor for a in script.actions if isinstance(a, Draw)} == {TUTOR, LEO, AMARA}
    assert {a.colour for a in script.actions if isinstance(a, Draw) and a.actor == TUTOR} > {"black", "red"}
    assert {a.page for a in script.actions if isinstance(a, Draw)} == {"main", "line"}
    assert any(a.highlight for a in script.actions if isinstance(a, Draw))
    assert len([a for a in script.actions if isinstance(a, Write)]) >= 5


def test_nobody_draws_two_strokes_at_once_and_all_is_done_before_the_end() -> None:
    script = fractions_lesson()
    assert 70_000 <= script.length_ms <= 80_000
    busy: dict[str, int] = defaultdict(int)
    for action in script.actions:
        if isinstance(action, Draw):
            assert action.at_ms >= busy[action.actor]
            busy[action.actor] = action.up_ms
    assert max(busy.values()) < script.length_ms - 3000
    assert all(0 <= speech.from_ms < speech.to_ms < script.length_ms for speech in script.speeches)


def test_the_lesson_fits_the_sheet() -> None:
    points = [point for action in fractions_lesson().actions if isinstance(action, Draw) for point in action.stroke]
    assert all(20 < point.x < 1580 and 20 < point.y < 880 for point in points)


def test_what_is_erased_was_drawn_before() -> None:
    drawn: set[str] = set()
    for action in fractions_lesson().actions:
        if isinstance(action, Draw):
            drawn.add(action.tag)
        if isinstance(action, Erase):
            assert set(action.tags) <= drawn


def test_a_script_that_cannot_be_kept_is_refused() -> None:
    desk = Desk("tutor", 1, Style())
    desk.write("abc", 0, 0, 60).say(5000)
    with pytest.raises(ValueError, match="busy"):
        desk.at(10)
    with pytest.raises(ValueError, match="speaks"):
        desk.say(100)


def test_pointers_move_in_small_steps_of_time() -> None:
    script = fractions_lesson()
    last: dict[str, int] = {}
    for pointer in pointers(script):
        assert pointer.at_ms - last.get(pointer.actor, -EVERY_MS) >= EVERY_MS
        last[pointer.actor] = pointer.at_ms
    assert set(last) == set(script.actors)
