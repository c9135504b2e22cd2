"""The colour by which a person is told from the others of a room (docs/board.md, "People's colours")."""

from __future__ import annotations

from typing import Final

from whiteboard_crdt.spec import load_spec

__all__ = ["PARTICIPANT_COLOURS", "person_colour"]

PARTICIPANT_COLOURS: Final[tuple[str, ...]] = tuple(load_spec("palette")["participants"])
_FNV_OFFSET, _FNV_PRIME = 0x811C9DC5, 0x01000193


def person_colour(user: str, number: int | None) -> str:
    """A css colour `#rrggbb`. `number`: the claim `colour` of the person's tickets; None where they have none."""
    return PARTICIPANT_COLOURS[(_hash(user) if number is None else number) % len(PARTICIPANT_COLOURS)]


def _hash(user: str) -> int:
    """FNV-1a, 32 bits, of the UTF-8 bytes."""
    value = _FNV_OFFSET
    for byte in user.encode(errors="replace"):
        value = (value ^ byte) * _FNV_PRIME & 0xFFFFFFFF
    return value
