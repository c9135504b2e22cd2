"""People's colours: whiteboard_crdt/colours.py."""

from __future__ import annotations

from typing import Any

import pytest

from tests.whiteboard_crdt.vectors import load
from whiteboard_crdt.colours import PARTICIPANT_COLOURS, person_colour


@pytest.mark.parametrize("case", load("colours.json"))
def test_colours_are_those_of_the_vectors(case: dict[str, Any]) -> None:
    assert person_colour(case["user"], case["number"]) == case["colour"]


def test_as_many_people_as_there_are_colours_are_told_apart() -> None:
    given = {person_colour("anybody", number) for number in range(len(PARTICIPANT_COLOURS))}
    assert given == set(PARTICIPANT_COLOURS)


def test_a_user_id_that_is_no_unicode_still_has_a_colour() -> None:
    assert person_colour("\ud800", None) in PARTICIPANT_COLOURS
