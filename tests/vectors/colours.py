"""Vectors of people's colours."""

from __future__ import annotations

from typing import Any

from whiteboard_crdt.colours import PARTICIPANT_COLOURS, person_colour

_USERS = ["anna", "ben", "u-17", "demo-amara", "Zoë", "山田", "🙂", "x" * 64]


def colours() -> list[dict[str, Any]]:
    """`colours.json`."""
    numbers = [None, 0, 1, len(PARTICIPANT_COLOURS) - 1, len(PARTICIPANT_COLOURS), 65_535]
    cases = [(user, None) for user in _USERS] + [("anna", number) for number in numbers[1:]]
    return [{"user": user, "number": number, "colour": person_colour(user, number)} for user, number in cases]
