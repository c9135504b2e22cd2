"""The rows of `make faults`: each does one fault at its full size and says what came of it."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.faults import rows_databases, rows_disk, rows_lines, rows_service
from tests.faults.clock import jump
from tests.faults.commits import measure_commits
from tests.faults.damage import damage_log
from tests.faults.frozen import freeze_relay, panic_relay
from tests.faults.half_open import half_open
from tests.faults.kills import kill_relays
from tests.faults.power_cut import PowerCuts, cut_power, record_trace
from tests.faults.reloads import measure_reload
from tests.faults.report import Row
from tests.faults.storm import reconnect_storm
from tests.faults.waiting import within

__all__ = ["ROWS", "Sizes"]

CUTS_A_TRACE: Final = 40
CONTROL_CUTS: Final = 40
KILLS_A_ROOM: Final = 20
RELOAD_ENVELOPES: Final = 5_000
PART_S: Final = 300.0
HALF_OPEN_S: Final = 10.0
HOUR_S: Final = 3_600
FLIPS: Final = 200
TAB_CRASHES: Final = 20
CRISIS_PRESSES: Final = 20
PORTAL_KILLS: Final = 10
SLOW_READERS: Final = 8
MANGLED_ENVELOPES: Final = 4_000
DAMAGED_UPLOADS: Final = 200


@dataclass(frozen=True)
class Sizes:
    """How much of each is done. `before`: tallies of earlier runs, to which a row that can be added to adds."""

    cuts: int
    kills: int
    peers: int
    seed: int
    before: Mapping[str, Row]

    def added(self, name: str, tally: dict[str, int]) -> dict[str, int]:
        """The sums with those of the run before."""
        old = self.before[name].tally if name in self.before else {}
        return {key: count + old.get(key, 0) for key, count in tally.items()}

    def seeds(self, name: str, last: int) -> str:
        """Which seeds were used, with those of the run before."""
        own = f"seed {self.seed}" if last == self.seed else f"seeds {self.seed}–{last}"
        return f"{self.before[name].seeds}, {own}" if name in self.before else own


async def cuts_row(folder: Path, sizes: Sizes) -> Row:
    total = PowerCuts()
    last = sizes.seed
    for part in range(0, sizes.cuts, CUTS_A_TRACE):
        work = _fresh(folder, f"cuts-{part}")
        last = sizes.seed + part
        async with within(PART_S, f"power cuts of seed {last}", "their end"):
            changes = await record_trace(work, last)
            some = await cut_power(work, changes, min(CUTS_A_TRACE, sizes.cuts - part), last)
        total.cuts += some.cuts
        total.acked += some.acked
        total.with_snapshots += some.with_snapshots
        total.lost += some.lost
    _say(total.lost)
    tally = sizes.added("cuts", {"cuts": total.cuts, "lost": len(total.lost), "snapshots": total.with_snapshots})
    return Row(
        "cuts",
        f"{tally['cuts']} power cuts, unsynced writes dropped or torn",
        "every acknowledged envelope is there, no record damaged, the room loads whole",
        f"{tally['lost']} cuts lost something; {tally['snapshots']} loaded from a snapshot",
        total.cuts == sizes.cuts and not tally["lost"],
        sizes.seeds("cuts", last),
        tally,
    )


async def control_row(folder: Path, sizes: Sizes) -> Row:
    work = _fresh(folder, "control")
    changes = await record_trace(work, sizes.seed, normal=True)
    result = await cut_power(work, changes, CONTROL_CUTS, sizes.seed)
    return Row(
        "control",
        f"the control: {CONTROL_CUTS} power cuts with `synchronous=NORMAL`",
        "acknowledged work is lost",
        f"lost in {len(result.lost)} of {result.cuts}",
        bool(result.lost),
        f"seed {sizes.seed}",
    )


async def kills_row(folder: Path, sizes: Sizes) -> Row:
    lost: list[str] = []
    done = acked = strokes = 0
    last = sizes.seed
    for part in range(0, sizes.kills, KILLS_A_ROOM):
        last = sizes.seed + part
        async with within(PART_S, f"kills of seed {last}", "their end"):
            some = await kill_relays(_fresh(folder, f"kills-{part}"), min(KILLS_A_ROOM, sizes.kills - part), last)
        done, acked, strokes = done + some.kills, acked + some.acked, strokes + some.strokes
        lost += some.lost + ([some.unequal] if some.unequal else [])
    _say(lost)
    tally = {"kills": done, "strokes": strokes, "acked": acked, "faults": len(lost)}
    tally = sizes.added("kills", tally)
    return Row(
        "kills",
        f"{tally['kills']} × kill -9 of the relay while four peers draw",
        "no acknowledged envelope lost, no stroke doubled, a late joiner equal",
        f"{tally['strokes']:,} strokes, {tally['acked']:,} envelopes acknowledged; {tally['faults']} faults",
        done == sizes.kills and not tally["faults"],
        sizes.seeds("kills", last),
        tally,
    )


async def frozen_row(folder: Path, sizes: Sizes) -> Row:
    result = await freeze_relay(_fresh(folder, "frozen"))
    ok = result.restarts == 1 and result.strokes == result.held and result.healthy_s <= 3.0
    return Row(
        "frozen",
        "SIGSTOP: the relay freezes",
        "another one serves within 3 s, from the log",
        f"healthy after {result.healthy_s:.1f} s, a peer back after {result.back_s:.1f} s, "
        f"{result.held} of {result.strokes} strokes",
        ok,
    )


async def panic_row(folder: Path, sizes: Sizes) -> Row:
    result = await panic_relay(_fresh(folder, "panic"))
    return Row(
        "panic",
        "a panic of the CRDT library",
        "the relay ends at once and is started again, nothing lost",
        f"healthy after {result.healthy_s:.1f} s, {result.held} of {result.strokes} strokes",
        result.restarts == 1 and result.strokes == result.held,
    )


async def disk_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_disk.relay_disk_row(_fresh(folder, "disk-relay"))


async def disk_portal_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_disk.portal_disk_row(_fresh(folder, "disk-portal"))


async def disk_recorder_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_disk.recorder_disk_row(_fresh(folder, "disk-recorder"))


async def _damage_row(folder: Path, *, snapshot: bool) -> Row:
    result = await damage_log(_fresh(folder, f"damage-{snapshot}"), snapshot=snapshot)
    return Row(
        "damage-snapshot" if snapshot else "damage",
        f"a record rots, {'under' if snapshot else 'without'} a snapshot",
        "set aside; rebuilt from the snapshot, and put back by whoever holds it"
        if snapshot
        else "set aside; all before it served; the rest comes back with its author",
        f"{result.held_alone} strokes alone, {result.held_after} of {result.strokes} after, log whole: "
        f"{_yes(result.whole_again)}",
        result.quarantined == 1 and result.equal and result.whole_again and result.held_after == result.strokes,
    )


async def damage_under_a_snapshot_row(folder: Path, sizes: Sizes) -> Row:
    return await _damage_row(folder, snapshot=True)


async def damage_without_row(folder: Path, sizes: Sizes) -> Row:
    return await _damage_row(folder, snapshot=False)


async def storm_row(folder: Path, sizes: Sizes) -> Row:
    result = await reconnect_storm(_fresh(folder, "storm"), sizes.peers)
    return Row(
        "storm",
        f"{result.peers} peers in rooms of ten come back after a kill",
        "all of them whole again",
        f"half after {result.half_s:.1f} s, all after {result.all_s:.1f} s, equal: {_yes(result.equal)}",
        result.equal,
    )


async def reload_row(folder: Path, sizes: Sizes) -> Row:
    result = await measure_reload(_fresh(folder, "reload"), RELOAD_ENVELOPES)
    return Row(
        "reload",
        f"a room of {result.envelopes} strokes is loaded",
        "from its snapshot: the same heads and state, sooner",
        f"whole log {result.whole_s:.2f} s, snapshot {result.snapshot_s:.2f} s",
        result.equal,
    )


async def commits_row(folder: Path, sizes: Sizes) -> Row:
    result = await measure_commits(_fresh(folder, "commits"), 5.0)
    return Row(
        "commits",
        "100 writers on one log",
        "p95 of a durable acknowledgement ≤ 20 ms",
        f"closed loop {result.closed_acks_s:,.0f} acks/s, p50 {result.closed_p50_ms:.1f} ms, p95 "
        f"{result.closed_p95_ms:.1f} ms; paced p50 {result.paced_p50_ms:.1f} ms, p95 {result.paced_p95_ms:.1f} ms; "
        f"fdatasync {result.fsync_ms:.1f} ms",
        result.paced_p95_ms <= 20,
    )


async def half_open_row(folder: Path, sizes: Sizes) -> Row:
    result = await half_open(_fresh(folder, "half-open"))
    return Row(
        "half-open",
        "connections that die without a word: bytes go nowhere, nobody is told",
        f"noticed on both sides within {HALF_OPEN_S:.0f} s (S9), nothing lost",
        f"back with all work stored after {result.back_s:.1f} s, the others told of one that stays away after "
        f"{result.gone_s:.1f} s; {result.strokes} strokes, equal: {_yes(result.equal)}",
        result.equal and max(result.back_s, result.gone_s) <= HALF_OPEN_S,
    )


async def clock_row(folder: Path, sizes: Sizes) -> Row:
    ahead = await jump(_fresh(folder, "ahead"), HOUR_S)
    behind = await jump(_fresh(folder, "behind"), -HOUR_S)
    return Row(
        "clock",
        "the relay's wall clock is set an hour ahead, and an hour back, in a lesson",
        "room time goes on, nobody is put out; tickets by the old clock and by the new one let in",
        "; ".join(
            f"{name}: room time passed {one.room_ms} ms in {one.took_ms} ms, all stayed: {_yes(one.stayed)}, let in: "
            f"{_yes(all(one.admitted))}, equal: {_yes(one.equal)}"
            for name, one in (("ahead", ahead), ("back", behind))
        ),
        ahead.ok and behind.ok,
    )


async def migration_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_databases.migration_row(_fresh(folder, "migration"))


async def log_bits_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_databases.log_bits_row(_fresh(folder, "bits-log"), FLIPS, sizes.seed)


async def portal_bits_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_databases.portal_bits_row(_fresh(folder, "bits-portal"), FLIPS, sizes.seed)


async def archive_bits_row(folder: Path, sizes: Sizes) -> Row:
    return rows_databases.archive_bits_row(_fresh(folder, "bits-archive"), FLIPS, sizes.seed)


async def tab_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_service.tab_row(_fresh(folder, "tab"), TAB_CRASHES)


async def turn_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_service.turn_row(_fresh(folder, "turn"))


async def crisis_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_service.crisis_row(_fresh(folder, "crisis"), CRISIS_PRESSES)


async def portal_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_service.portal_row(_fresh(folder, "portal"), PORTAL_KILLS, sizes.seed)


async def slow_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_lines.slow_row(_fresh(folder, "slow"), SLOW_READERS)


async def messages_row(folder: Path, sizes: Sizes) -> Row:
    return await rows_lines.messages_row(_fresh(folder, "messages"), MANGLED_ENVELOPES, DAMAGED_UPLOADS, sizes.seed)


def _fresh(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _say(faults: list[str]) -> None:
    for fault in faults:
        sys.stdout.write(f"  {fault}\n")


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


# Row → how it is done, and the seconds after which it is given up.
ROWS: Final[Mapping[str, tuple[Callable[[Path, Sizes], Awaitable[Row]], float]]] = {
    "cuts": (cuts_row, 3_600),
    "control": (control_row, PART_S),
    "kills": (kills_row, 3_600),
    "frozen": (frozen_row, PART_S),
    "panic": (panic_row, PART_S),
    "disk": (disk_row, PART_S),
    "disk-portal": (disk_portal_row, PART_S),
    "disk-recorder": (disk_recorder_row, PART_S),
    "damage-snapshot": (damage_under_a_snapshot_row, PART_S),
    "damage": (damage_without_row, PART_S),
    "reload": (reload_row, PART_S),
    "storm": (storm_row, PART_S),
    "commits": (commits_row, PART_S),
    "half-open": (half_open_row, PART_S),
    "slow": (slow_row, PART_S),
    "messages": (messages_row, PART_S),
    "clock": (clock_row, PART_S),
    "migration": (migration_row, 3 * PART_S),
    "bits-log": (log_bits_row, PART_S),
    "bits-portal": (portal_bits_row, PART_S),
    "bits-archive": (archive_bits_row, PART_S),
    "tab": (tab_row, PART_S),
    "turn": (turn_row, PART_S),
    "kills-portal": (portal_row, PART_S),
    "crisis": (crisis_row, PART_S),
}
