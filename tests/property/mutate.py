"""Mutations of real updates: what an attacker with a Yjs encoder would try."""

from __future__ import annotations

import json
import random
from pathlib import Path

_VECTORS = Path(__file__).parent.parent / "vectors" / "yupdates.json"
_NUMBERS = (0, 1, 2, 3, 5, 7, 8, 16, 27, 33, 39, 40, 72, 127, 128, 132, 136, 164, 168, 196, 255)


def real_updates(longest: int = 2000) -> list[bytes]:
    """Updates made by pycrdt and yjs, of the vectors."""
    cases = json.loads(_VECTORS.read_text())
    found = [bytes.fromhex(case["hex"]) for case in cases if case["source"] != "hand" and case["limits"] == "update"]
    return [data for data in found if len(data) <= longest]


def mutate(update: bytes, rnd: random.Random) -> bytes:
    """A few changes of bytes: set, nudged, inserted, taken out, repeated, cut, swapped."""
    data = bytearray(update)
    for _ in range(rnd.choice((1, 1, 1, 2, 3, 6))):
        at = rnd.randrange(len(data) + 1)
        how = rnd.randrange(7)
        if how == 0 and at < len(data):
            data[at] = rnd.choice(_NUMBERS)
        elif how == 1 and at < len(data):
            data[at] = (data[at] + rnd.choice((-1, 1, -2, 2))) % 256
        elif how == 2:
            data[at:at] = bytes(rnd.choice(_NUMBERS) for _ in range(rnd.randint(1, 4)))
        elif how == 3:
            del data[at : at + rnd.randint(1, 4)]
        elif how == 4:
            piece = data[at : at + rnd.randint(1, 20)]
            data[at:at] = piece * rnd.randint(1, 3)
        elif how == 5 and at:
            del data[at:]
        elif at < len(data):
            other = rnd.randrange(len(data))
            data[at], data[other] = data[other], data[at]
    return bytes(data)
