"""What a run came to: its figures, its bars, and whether anything failed; as JSON."""

from __future__ import annotations

import hashlib

import msgspec

from loadtests.users.figures import Figure, Figures, Second
from loadtests.users.lines import RoomEnd, RoomRecording
from loadtests.users.scenario import Scenario
from loadtests.users.usage_watch import Used, is_service, limit_of

__all__ = ["Bar", "Ended", "Verdict", "judge"]

_SEEN = "seen by another, "


class Ended(msgspec.Struct):
    """What the bots of one locust process, or of all, came to."""

    rooms: list[RoomEnd] = []
    edits: dict[str, str] = {}
    planned: int = 0
    done: int = 0
    dropped: int = 0
    bots_cpu_s: float = 0.0
    bots_mb: float = 0.0
    missing: int = 0
    """Processes that gave no answer."""
    recordings: list[RoomRecording] = []


class Bar(msgspec.Struct, frozen=True):
    """Something that must hold. `value`: None where it was not measured, which is no success."""

    name: str
    wanted: str
    value: float | None
    held: bool


class Verdict(msgspec.Struct):
    """The whole report. Times in ms where no unit is named; `curves`: kind and name → seconds."""

    scenario: Scenario
    ok: bool
    again: str
    """The command that repeats the run."""
    machine: str
    at: str
    bars: list[Bar]
    figures: list[Figure]
    path_share: dict[str, float]
    errors: dict[str, int]
    ended: Ended
    edits_digest: str
    """Equal for two runs that made the same edits."""
    limit: str
    curves: dict[str, list[Second]]
    used: list[Used]


def judge(
    scenario: Scenario, figures: Figures, ended: Ended, used: list[Used], *, again: str, machine: str, at: str
) -> Verdict:
    """Put everything together."""
    table = figures.table()
    ways = {line.name.removeprefix(_SEEN): line.count for line in table if line.name.startswith(_SEEN)}
    total = sum(ways.values())
    share = {way: round(count / total, 4) for way, count in ways.items()} if total else {}
    bars = [*_bars(scenario, figures, ended, share), *_recording_bars(scenario, ended), *_service_bars(scenario, used)]
    errors = figures.errors()
    digest = hashlib.sha256(msgspec.json.encode(sorted(ended.edits.items()))).hexdigest()[:16]
    return Verdict(
        scenario=scenario,
        ok=all(bar.held for bar in bars) and not errors,
        again=again,
        machine=machine,
        at=at,
        bars=bars,
        figures=table,
        path_share=share,
        errors=errors,
        ended=ended,
        edits_digest=digest,
        limit=limit_of(used),
        curves={f"{line.kind} {line.name}": figures.curve(line.kind, line.name) for line in table},
        used=used,
    )


def _bars(scenario: Scenario, figures: Figures, ended: Ended, share: dict[str, float]) -> list[Bar]:
    bars = scenario.bars
    found = [
        _none("lost strokes", sum(end.lost for end in ended.rooms), ended),
        _none("rooms whose boards differ", sum(not end.equal for end in ended.rooms), ended),
        _none("edits that were never durable", sum(end.unsaved for end in ended.rooms), ended),
        _none("processes of bots without an answer", ended.missing, ended),
    ]
    for way in sorted(share):
        if bars.edit_p95_ms is not None:
            found.append(_most(f"p95 of an edit over {way}", figures.get("EDIT", _SEEN + way), "p95", bars.edit_p95_ms))
    for name, kind, line, most, which in (
        ("p95 until durable", "EDIT", "durable", bars.ack_p95_ms, "p95"),
        ("p95 of a join", "ROOM", "join", bars.join_p95_ms, "p95"),
        ("the last who is whole again", "ROOM", "whole again", bars.whole_again_max_ms, "max"),
        ("until the relay serves again", "ROOM", "relay serves again", bars.serves_again_ms, "max"),
    ):
        if most is not None:
            found.append(_most(name, figures.get(kind, line), which, most))
    if bars.mesh_share is not None:
        value, least = share.get("mesh", 0.0), bars.mesh_share
        found.append(Bar("share of edits that came over the mesh", f"≥ {least:g}", value, value >= least))
    return found


def _recording_bars(scenario: Scenario, ended: Ended) -> list[Bar]:
    if not scenario.recorded:
        return []
    held = {each.room: each for each in ended.recordings}
    lacking = sum(max(0, end.envelopes - (held[end.room].envelopes if end.room in held else 0)) for end in ended.rooms)
    unsealed = sum(end.room not in held or not held[end.room].sealed for end in ended.rooms)
    return [
        _none("edits that the recordings lack", lacking, ended),
        _none("recordings that are not sealed", unsealed, ended),
    ]


def _service_bars(scenario: Scenario, used: list[Used]) -> list[Bar]:
    most = scenario.bars.service_max_mb
    if most is None:
        return []
    peaks = [each.resident_mb for each in used if is_service(each.name)]
    value = max(peaks, default=None)
    name = "memory of the largest process of the service"
    return [Bar(name, f"≤ {most:g} MB", value, value is not None and value <= most)]


def _none(name: str, value: int, ended: Ended) -> Bar:
    return Bar(name, "0", value, value == 0 and bool(ended.rooms))


def _most(name: str, line: Figure | None, which: str, most: float) -> Bar:
    if line is None or not line.count:
        return Bar(name, f"≤ {most:g} ms", None, False)
    value = float(getattr(line, which))
    return Bar(name, f"≤ {most:g} ms", value, value <= most)
