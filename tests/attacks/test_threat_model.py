"""docs/threat-model.md and the tests of this folder say the same."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.attacks.updates import HOSTILE

_HERE = Path(__file__).parent
_TABLE = _HERE.parent.parent / "docs" / "threat-model.md"
_ROW = re.compile(r"^\| A(\d+) \|(?:[^|]*\|){4} `([^`]+)` \|$", re.MULTILINE)


def _tests() -> list[str]:
    found: list[str] = []
    for path in sorted(_HERE.glob("test_*.py")):
        if path != Path(__file__):
            tree = ast.parse(path.read_text())
            found += [node.name for node in tree.body if isinstance(node, ast.AsyncFunctionDef | ast.FunctionDef)]
    tests = [name for name in found if name.startswith("test_") and name != "test_hostile_update"]
    return tests + [f"test_hostile_update[{hostile.name}]" for hostile in HOSTILE]


def test_every_attack_has_a_row_and_every_row_its_test() -> None:
    rows = _ROW.findall(_TABLE.read_text())
    assert [int(number) for number, _ in rows] == list(range(1, len(rows) + 1))
    named = [test for _, test in rows]
    assert sorted(named) == sorted(_tests())
    assert len(named) >= 40
