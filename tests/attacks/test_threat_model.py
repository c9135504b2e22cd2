"""docs/threat-model.md and the tests of this folder say the same: the attack, where it is made, the rule, the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from tests.attacks.updates import HOSTILE
from whiteboard_crdt.errors import CloseCode

_HERE = Path(__file__).parent
_DOCS = _HERE.parent.parent / "docs"
_ROW = re.compile(r"^\| A(\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| `([^`]+)` \|$", re.MULTILINE)
_RULE = re.compile(r"\b([A-Z]\d*)\b")
_CODE = re.compile(r"\b(4[45]\d\d)\b")

# Which of our fixtures puts Mallory where. `attack` runs a test twice, once on each way.
_WAYS: Final = {
    "attack": {"relay", "mesh"},
    "at_relay": {"relay"},
    "start_relay": {"relay"},
    "at_mesh": {"mesh"},
    "pair": {"mesh"},
}
# What shows that the others were not harmed, or that nobody got what is not theirs.
_PROOFS: Final = {"unharmed", "_dropped", "_turned_away", "close_code", "draw", "message"}
# Attacks on what both ways share (updates, envelopes, messages: sections P, E, B, W, D) are made on both. These are
# not, and why.
_ONE_WAY: Final = {
    "test_a_frozen_session_stays_out_over_a_restart": "a link has no log to start again from",
    "test_broken_frame": "frames of the WebSocket; a data channel has none",
    "test_malformed_text": "texts are the session socket's",
    "test_oversized_text": "texts are the session socket's",
    "test_reader_that_never_reads": "a data channel's own queue is watched by tests/signaling/links",
    "test_one_history_for_the_relay_and_another_for_a_peer": "made on both at once",
    "test_a_peers_history_gives_way_to_the_relays": "made on both at once",
    "test_work_whispered_before_the_revocation_is_taken_back": "made on both at once",
}
_SHARED_SECTIONS: Final = frozenset("PEBWD")


@dataclass(frozen=True)
class Row:
    number: int
    attack: str
    where: frozenset[str]
    rules: frozenset[str]
    outcome: str
    test: str

    @property
    def function(self) -> str:
        return self.test.partition("[")[0]


@cache
def rows() -> tuple[Row, ...]:
    return tuple(
        Row(
            int(number),
            attack,
            frozenset(re.split(r", | and ", where)),
            frozenset(_RULE.findall(rule)),
            outcome,
            test,
        )
        for number, attack, where, rule, outcome, test in _ROW.findall((_DOCS / "threat-model.md").read_text())
    )


@cache
def functions() -> dict[str, ast.AsyncFunctionDef]:
    found: dict[str, ast.AsyncFunctionDef] = {}
    for path in sorted(_HERE.glob("test_*.py")):
        if path != Path(__file__):
            for node in ast.parse(path.read_text()).body:
                if isinstance(node, ast.AsyncFunctionDef) and node.name.startswith("test_"):
                    assert node.name not in found, f"{node.name} is there twice"
                    found[node.name] = node
    return found


def _names(node: ast.AST) -> Iterator[str]:
    """Everything that is called or taken by name or as a member."""
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute):
            yield part.attr
        elif isinstance(part, ast.Name):
            yield part.id


def _fixtures(function: ast.AsyncFunctionDef) -> set[str]:
    return {argument.arg for argument in function.args.args}


def _ways(function: ast.AsyncFunctionDef) -> set[str]:
    ways = {way for fixture in _fixtures(function) for way in _WAYS.get(fixture, ())}
    # A relay's test whose Mallory has a direct link as well.
    return ways | {"mesh"} if {"memory_pair", "_link"} & set(_names(function)) else ways


def _id(row: Row) -> str:
    return f"A{row.number}"


def test_every_attack_has_a_row_and_every_row_its_test() -> None:
    written = re.findall(r"^\| A\d+ ", (_DOCS / "threat-model.md").read_text(), re.MULTILINE)
    assert [row.number for row in rows()] == list(range(1, len(written) + 1)), "a row is not of the table's form"
    tests = [name for name in functions() if name != "test_hostile_update"]
    tests += [f"test_hostile_update[{hostile.name}]" for hostile in HOSTILE]
    assert sorted(row.test for row in rows()) == sorted(tests)
    assert len(rows()) >= 40


@pytest.mark.parametrize("row", rows(), ids=_id)
def test_attack_is_made_where_its_row_says(row: Row) -> None:
    """On the real relay, on a direct link, or on both: by the fixtures that put Mallory there."""
    ways = _ways(functions()[row.function])
    assert ways, "the test puts Mallory nowhere"
    assert row.where & {"relay", "mesh"} == ways


@pytest.mark.parametrize("row", rows(), ids=_id)
def test_attack_on_what_both_ways_share_is_made_on_both(row: Row) -> None:
    """And not by a condition in the test that leaves one of them out."""
    if row.where >= {"relay", "mesh"}:
        body = ast.unparse(functions()[row.function])
        assert "pytest.skip" not in body
    elif row.function not in _ONE_WAY:
        shared = {rule for rule in row.rules if rule[0] in _SHARED_SECTIONS and rule[1:]}
        assert not shared, f"{sorted(shared)} hold on both ways: make the attack on both, or say in _ONE_WAY why not"


@pytest.mark.parametrize("row", rows(), ids=_id)
def test_attack_ends_with_proof_that_the_others_go_on(row: Row) -> None:
    names = set(_names(functions()[row.function]))
    asserts = any(isinstance(part, ast.Assert) for part in ast.walk(functions()[row.function]))
    assert names & _PROOFS or asserts
    if _fixtures(functions()[row.function]) & {"attack", "at_relay", "at_mesh"}:
        others = {"unharmed", "_turned_away"}
        assert names & others or row.function == "test_closed_room", "nobody asks Ann and Bob"


@pytest.mark.parametrize("row", rows(), ids=_id)
def test_rule_and_code_of_a_row_are_those_of_its_test(row: Row) -> None:
    codes = {int(code) for code in _CODE.findall(row.outcome)}
    if row.function == "test_hostile_update":
        (hostile,) = [one for one in HOSTILE if row.test.endswith(f"[{one.name}]")]
        assert hostile.rule in row.rules
        assert codes == {int(hostile.code)}
    else:
        function = functions()[row.function]
        named = {int(CloseCode[name]) for name in _names(function) if name in CloseCode.__members__}
        texts = [part.value for part in ast.walk(function) if isinstance(part, ast.Constant)]
        logged = {int(code) for text in texts if isinstance(text, str) for code in _CODE.findall(text)}
        assert codes == named | logged


def test_every_rule_of_the_table_is_one_of_the_protocols() -> None:
    protocol = (_DOCS / "protocol.md").read_text()
    defined = set(re.findall(r"^- \*\*([A-Z]\d+)\*\*", protocol, re.MULTILINE))
    defined |= set(re.findall(r"^## ([A-Z])\. ", protocol, re.MULTILINE))
    assert {rule for row in rows() for rule in row.rules} <= defined


def test_exceptions_are_of_tests_that_are_there() -> None:
    assert _ONE_WAY.keys() <= functions().keys()
