"""Writes the vectors: `python -m tests.vectors.generate`. The result is always the same (README.md)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from tests.vectors import (
    alerts,
    colours,
    holds,
    pictures,
    records,
    revocations,
    rules,
    strokes,
    things,
    tickets,
    updates,
    wire,
)

FOLDER: Final = Path(__file__).parent
FILES: Final[dict[str, Callable[[], Any]]] = {
    "varint.json": wire.varint,
    "messages.json": wire.messages,
    "live.json": wire.live,
    "envelopes.json": wire.envelopes,
    "keys.json": wire.keys,
    "tickets.json": tickets.tickets,
    "revocations.json": revocations.revocations,
    "alerts.json": alerts.alerts,
    "ink.json": strokes.ink,
    "records.json": records.records,
    "yupdates.json": updates.yupdates,
    "policy.json": rules.policy,
    "bulk.json": pictures.bulk,
    "colours.json": colours.colours,
    "holds.json": holds.holds,
    "things.json": things.things,
}


def render(name: str) -> str:
    """The text of one file, as it ought to be."""
    content = FILES[name]()
    if isinstance(content, list):
        return _lines(content) + "\n"
    members = (f"{json.dumps(key)}: {_lines(value)}" for key, value in content.items())
    return "{\n" + ",\n".join(members) + "\n}\n"


def _lines(value: Any) -> str:
    """One case a line, so that a change shows where it is."""
    if not isinstance(value, list):
        return json.dumps(value, ensure_ascii=False)
    return "[\n" + ",\n".join(json.dumps(case, ensure_ascii=False) for case in value) + "\n]"


def main() -> None:
    """Writes all files."""
    for name in FILES:
        (FOLDER / name).write_text(render(name))


if __name__ == "__main__":
    main()
