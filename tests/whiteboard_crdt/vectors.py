"""Reads the golden vectors."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Any:
    """The content of one file of vectors. `Any`: JSON has no types."""
    return json.loads((FOLDER / name).read_text())


def cases(name: str, member: str | None = None) -> list[dict[str, Any]]:
    """A list of cases, at the top of a file or under a member."""
    content = load(name)
    found: list[dict[str, Any]] = content if member is None else content[member]
    return found
