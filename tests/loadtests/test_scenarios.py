from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from loadtests.users.plan import digest_of, plan
from loadtests.users.scenario import Bots, Seat, load_scenario, scenario_names
from whiteboard_crdt.errors import SetupError


@pytest.mark.parametrize("name", scenario_names())
def test_scenario_can_be_read_and_says_when_it_ends(name: str) -> None:
    scenario = load_scenario(name)
    assert scenario.run_s > scenario.duration_s
    assert all(trouble.at_s + trouble.for_s < scenario.run_s for trouble in scenario.trouble)


def test_the_scenarios_that_are_promised_are_there() -> None:
    promised = {"one-to-one", "one-to-four", "class-of-30", "join-storm", "reconnect-storm", "flaky-tutor"}
    assert promised | {"recording-day", "mesh-one-to-four", "smoke"} <= set(scenario_names())


@pytest.mark.parametrize(
    "text", ["title = 'x'\nrooms = 1\npeople = 2\nduration_s = 5\nroms = 3\n", "rooms = 0", "title = "]
)
def test_scenario_with_a_typo_is_refused_in_one_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "own.toml"
    path.write_text(text)
    with pytest.raises(SetupError, match="cannot be read"):
        load_scenario(str(path))


def test_unknown_scenario_names_those_that_are_there() -> None:
    with pytest.raises(SetupError, match="one-to-four"):
        load_scenario("two-to-seven")


def test_one_seed_makes_one_sequence_of_edits_and_another_seed_another() -> None:
    bots = Bots(chat_share=0.2, erase_share=0.2, move_share=0.2)
    first, again, other, neighbour = (
        list(islice(plan(seed, Seat(0, place), bots), 200)) for seed, place in ((7, 1), (7, 1), (8, 1), (7, 2))
    )
    assert digest_of(first) == digest_of(again)
    assert len({digest_of(first), digest_of(other), digest_of(neighbour)}) == 3


def test_plan_changes_only_strokes_that_it_has_drawn_before() -> None:
    drawn = 0
    kinds = set()
    for edit in islice(plan(1, Seat(0, 0), Bots(chat_share=0.1, erase_share=0.3, move_share=0.3)), 500):
        kinds.add(edit.kind)
        if edit.kind == "stroke":
            drawn += 1
            assert len(edit.points) == Bots().points
        elif edit.kind != "chat":
            assert edit.target < drawn
    assert kinds == {"stroke", "chat", "move", "erase"}
