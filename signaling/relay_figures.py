"""What the relay tells the portal of itself at this moment, for the operator's page: `GET /internal/figures`.

Rooms by their ids, and how many are in them; nobody is named. Counters count since the start of the process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
from prometheus_client import Counter as PrometheusCounter

from signaling.member import Member
from signaling.relay_metrics import CLOSES, COMMITS, EDITS, REFUSALS, RelayState
from whiteboard_crdt.ids import Role

__all__ = ["LiveRoom", "RelayFigures", "relay_figures"]

_STAFF = (Role.TUTOR, Role.COORDINATOR)


class LiveRoom(msgspec.Struct, frozen=True):
    """A room in which somebody is. `people`: everybody but the recorder; `staff` of them lead."""

    room: str
    people: int
    staff: int
    recorder: bool


class RelayFigures(msgspec.Struct, frozen=True):
    """One look. `acks`: up to how many seconds → how many groups of edits were durable by then, cumulative."""

    rooms: list[LiveRoom]
    sockets: int
    queue_writes: int
    queue_bytes: int
    edits: int
    acks: list[tuple[float, int]]
    refusals: dict[str, int]
    closes: dict[str, int]
    log_ok: bool
    log_detail: str = ""


def relay_figures(state: RelayState, rooms: Iterable[tuple[str, Iterable[Member]]]) -> RelayFigures:
    """The figures of a relay and of its rooms, each with who is in it."""
    figures, health = state.figures(), state.health
    return RelayFigures(
        rooms=[live for room, members in rooms if (live := _live(room, members)) is not None],
        sockets=int(figures["sockets"]),
        queue_writes=int(figures["log_queue_writes"]),
        queue_bytes=int(figures["log_queue_bytes"]),
        edits=int(sum(_counts(EDITS).values())),
        acks=_cumulative(),
        refusals=_counts(REFUSALS),
        closes=_counts(CLOSES),
        log_ok=health.ok,
        log_detail="" if health.ok else health.detail,
    )


def _live(room: str, members: Iterable[Member]) -> LiveRoom | None:
    roles = Counter(member.ticket.role for member in members)
    if not roles:
        return None
    recorders = roles.pop(Role.RECORDER, 0)
    return LiveRoom(room, roles.total(), sum(roles[role] for role in _STAFF), recorders > 0)


def _counts(counter: PrometheusCounter) -> dict[str, int]:
    """Label → count; all under one empty name for a counter without labels."""
    return {
        ",".join(sample.labels.values()): int(sample.value)
        for metric in counter.collect()
        for sample in metric.samples
        if sample.name.endswith("_total")
    }


def _cumulative() -> list[tuple[float, int]]:
    return [
        (float(sample.labels["le"]), int(sample.value))
        for metric in COMMITS.collect()
        for sample in metric.samples
        if sample.name.endswith("_bucket") and sample.labels["le"] != "+Inf"
    ]
