"""Fields of a shared map read one by one: a wrong value is none, or the default. Twin of `core/fields.ts`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from whiteboard_crdt.spec import THINGS

__all__ = ["Fields", "Own", "identifier", "is_near", "length", "number", "one_of", "sides", "text"]

Fields = Mapping[str, object]
# What a kind of shape has beside the fields of all. `Any`: values of one dataclass by name.
Own = dict[str, Any]


def text(fields: Fields, name: str) -> str:
    """A string; '' for anything else."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def identifier(fields: Fields, name: str) -> str:
    """A short string; '' for anything else."""
    value = text(fields, name)
    return value if len(value) <= THINGS.id_chars else ""


def number(fields: Fields, name: str) -> float | None:
    """A finite number; None for anything else."""
    value = fields.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def length(fields: Fields, name: str) -> float | None:
    """A length in board px, above 0 and no longer than the longest; None for anything else."""
    value = number(fields, name)
    return value if value is not None and 0 < value <= THINGS.largest else None


def is_near(fields: Fields) -> bool:
    """Whether x and y are not beyond the farthest."""
    return all(abs(number(fields, name) or 0) <= THINGS.farthest for name in ("x", "y"))


def one_of(fields: Fields, name: str, known: Sequence[str]) -> str:
    """One of these words; the first for anything else."""
    value = fields.get(name)
    return value if isinstance(value, str) and value in known else known[0]


def sides(fields: Fields) -> Own | None:
    """`w` and `h` of a box that stands where it can be seen; None where there is none."""
    w, h = length(fields, "w"), length(fields, "h")
    return None if w is None or h is None or not is_near(fields) else {"w": w, "h": h}
