"""The lines between locust and a process of bots. Both sides import this, so it imports nothing that runs a loop."""

from __future__ import annotations

from typing import Literal, NamedTuple

import msgspec

from loadtests.users.scenario import Scenario, Seat

__all__ = ["Command", "Report", "RoomEnd", "RoomRecording", "Row", "Setup"]


class Row(NamedTuple):
    """One measurement as locust counts them. `ms`: how long; `size`: bytes or number of things; `error`: or empty."""

    kind: str
    name: str
    ms: float
    size: int = 0
    error: str = ""


class Setup(msgspec.Struct, frozen=True):
    """What a process of bots is told first. Either `accounts`, a file, or `data`, a folder, with `relay_url`."""

    scenario: Scenario
    accounts: str = ""
    data: str = ""
    relay_url: str = ""
    prefix: str = "load"
    endless: bool = False
    first_room: int = 0
    """Of all locust processes that share the school's lessons, and `room_step` apart."""
    room_step: int = 1


class Command(msgspec.Struct, frozen=True):
    """One line in."""

    do: Literal["enter", "leave", "hurry", "settle"]
    seat: Seat = Seat(0, 0)
    limit_s: float = 30.0
    strokes: int = 0
    """How many to draw at once, for `hurry`."""


class RoomEnd(msgspec.Struct, frozen=True):
    """How a room ended. `lost`: strokes that somebody in it does not have; `took_ms`: until all was equal."""

    room: int
    bots: int
    strokes: int
    lost: int
    equal: bool
    unsaved: int
    took_ms: float
    envelopes: int = 0
    """Edits that the room came to, of everybody and in all documents: what a recording must hold."""


class RoomRecording(msgspec.Struct, frozen=True):
    """What the archive of a room holds. `envelopes`: edits of everybody."""

    room: int
    envelopes: int
    sealed: bool


class Report(msgspec.Struct, frozen=True):
    """One line out. `cpu_s`: of this process since its start; `ends` and `edits` are the answer to `settle`."""

    rows: list[Row]
    cpu_s: float
    resident_mb: float
    bots: int
    dropped: int = 0
    ends: list[RoomEnd] | None = None
    edits: dict[str, str] | None = None
    """Room and place → digest of what that bot did, in order."""
    planned: int = 0
    done: int = 0
    hurried: int = 0
    """Strokes that were drawn at once, and are stored."""
