"""What a change did: the numbers of two folders of results side by side, as ratios new by old.

Every benchmark writes JSON of its own shape; a number is known by its file and its path in it. Files with a time in
their names stand for the newest of their kind.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import median
from typing import Any, Final

from whiteboard_crdt.errors import SetupError

__all__ = ["compare", "format_comparison", "numbers_of"]

_STAMP: Final = re.compile(r"-\d{8}T\d{6}Z$")
# Of a list of things with names, the name says more than the place.
_NAMES: Final = ("server", "name", "scenario", "kind", "x")
_SHOWN: Final = 0.05
_LIST: Final = 12


def numbers_of(folder: Path) -> dict[str, float]:
    """All numbers in a folder's JSON, by file and path; the median of rounds. Raises SetupError without any."""
    if not folder.is_dir():
        raise SetupError(f"{folder} is no folder of results: copy loadtests/results before the change, and name it.")
    newest: dict[str, Path] = {}
    for path in sorted(folder.rglob("*.json")):
        newest[_STAMP.sub("", str(path.relative_to(folder).with_suffix("")))] = path
    found: dict[str, float] = {}
    for name, path in newest.items():
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise SetupError(f"{path} cannot be read: {error}.") from error
        rounds: dict[str, list[float]] = {}
        for where, value in _numbers(content, ""):
            rounds.setdefault(f"{name}: {where}", []).append(value)
        found |= {where: median(values) for where, values in rounds.items()}
    if not found:
        raise SetupError(f"{folder} holds no results.")
    return found


def _numbers(content: Any, where: str) -> Iterator[tuple[str, float]]:
    """`Any`: JSON. Long lists are single measurements: their median stands for them."""
    if isinstance(content, bool) or content is None:
        return
    if isinstance(content, int | float):
        yield where or "value", float(content)
    elif isinstance(content, dict):
        for key, value in content.items():
            yield from _numbers(value, f"{where} {key}".strip())
    elif isinstance(content, list):
        plain = [each for each in content if isinstance(each, int | float) and not isinstance(each, bool)]
        if plain and len(plain) == len(content):
            yield where, sorted(plain)[len(plain) // 2]
            return
        for number, each in enumerate(content):
            if isinstance(each, dict):
                name = " ".join(str(each[key]) for key in _NAMES if isinstance(each.get(key), str | int | float))
                yield from _numbers(each, f"{where} {name or number}".strip())
            elif number < _LIST:
                yield from _numbers(each, f"{where} {number}".strip())


def compare(old: Mapping[str, float], new: Mapping[str, float]) -> list[tuple[str, float, float, float]]:
    """(name, old, new, ratio) of what both have, the largest change first; what is 0 in either has no ratio."""
    both = []
    for name, before in old.items():
        ratio = new[name] / before if name in new and before else 0.0
        if ratio > 0:
            both.append((name, before, new[name], ratio))
    return sorted(both, key=lambda row: (-abs(math.log(row[3])), row[0]))


def format_comparison(old: Mapping[str, float], new: Mapping[str, float]) -> str:
    """A Markdown table of everything that moved by 5 % or more, and what only one of the two has."""
    rows = compare(old, new)
    moved = [row for row in rows if abs(row[3] - 1) >= _SHOWN]
    lines = ["| figure | before | now | now by before |", "|---|---|---|---|"]
    lines += [f"| {name} | {before:.4g} | {now:.4g} | {ratio:.2f} |" for name, before, now, ratio in moved]
    lines.append(f"\n{len(rows)} figures compared, {len(rows) - len(moved)} of them within 5 %.")
    for words, names in (("gone", sorted(old.keys() - new.keys())), ("new", sorted(new.keys() - old.keys()))):
        if names:
            files = sorted({name.split(":", 1)[0] for name in names})
            lines.append(f"{len(names)} figures are {words}, in: {', '.join(files)}.")
    return "\n".join(lines)
