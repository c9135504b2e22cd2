"""What is kept of a run: the bars and a few lines, not its every second. One JSON file for each scenario and curve."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from loadtests.capacity.curves import PARTS, SLOPE, Curve, slope_ratio
from loadtests.kept import FOLDER
from loadtests.users.figures import Figure
from loadtests.users.usage_watch import MACHINE
from loadtests.users.verdict import Bar, Verdict

__all__ = ["RESULTS", "KeptCurve", "Summary", "curve_bars", "load_curves", "load_summaries", "save", "summary_of"]

RESULTS: Final = FOLDER / "load"
_CURVE: Final = "curve-"


class Summary(msgspec.Struct, frozen=True):
    """One scenario's run. `cores`: of each process, mean of the middle half; `peak_mb`: at the highest."""

    name: str
    title: str
    rooms: int
    people: int
    at: str
    machine: str
    again: str
    ok: bool
    limit: str
    bars: list[Bar]
    figures: list[Figure]
    path_share: dict[str, float]
    cores: dict[str, float]
    peak_mb: dict[str, float]


class KeptCurve(msgspec.Struct, frozen=True):
    """One curve, with where and when it was measured."""

    at: str
    machine: str
    curve: Curve


def summary_of(name: str, verdict: Verdict) -> Summary:
    """What is kept of a verdict."""
    used = verdict.used
    middle = used[len(used) // 4 : len(used) - len(used) // 4] or used
    names = sorted({each.name for each in used if each.name != MACHINE})
    cores = {}
    for each in names:
        seen = [one.cores for one in middle if one.name == each]
        cores[each] = round(sum(seen) / len(seen), 3) if seen else 0.0
    return Summary(
        name, verdict.scenario.title, verdict.scenario.rooms, verdict.scenario.people, verdict.at, verdict.machine,
        verdict.again, verdict.ok, verdict.limit, verdict.bars, verdict.figures, verdict.path_share, cores,
        {each: max(one.resident_mb for one in used if one.name == each) for each in names},
    )  # fmt: skip


def curve_bars(curve: Curve) -> list[Bar]:
    """Whether the last quarter of each line rises like the first; a line that does not rise at first has no bar."""
    found = []
    for part in PARTS:
        for words, values in (
            ("cores", [(point.x, point.cores[part]) for point in curve.points]),
            ("memory", [(point.x, point.resident_mb[part]) for point in curve.points]),
        ):
            ratio = slope_ratio(values)
            name = f"{part}, {words}: slope of the last quarter by the first"
            value = None if ratio is None else round(ratio, 2)
            found.append(Bar(name, f"≤ {SLOPE:g}", value, ratio is None or ratio <= SLOPE))
    return found


def save(name: str, what: Summary | KeptCurve) -> None:
    """Write it where `load_summaries` and `load_curves` find it."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    prefix = _CURVE if isinstance(what, KeptCurve) else ""
    (RESULTS / f"{prefix}{name}.json").write_bytes(msgspec.json.format(msgspec.json.encode(what), indent=1) + b"\n")


def load_summaries(folder: Path = RESULTS) -> list[Summary]:
    """All that were kept, by name."""
    paths = sorted(path for path in folder.glob("*.json") if not path.name.startswith(_CURVE))
    return [msgspec.json.decode(path.read_bytes(), type=Summary) for path in paths]


def load_curves(folder: Path = RESULTS) -> list[KeptCurve]:
    """All that were kept, by name."""
    return [msgspec.json.decode(path.read_bytes(), type=KeptCurve) for path in sorted(folder.glob(f"{_CURVE}*.json"))]
