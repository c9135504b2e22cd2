"""``make faults``: every fault at its full size, a table on the terminal, and docs/reliability.md.

``python -m tests.faults [--cuts 200] [--kills 200] [--peers 200] [--seed N] [--dry]``. The exit code is 1 when
something is not as expected.
"""

from __future__ import annotations

import argparse
import asyncio
import datetime
import logging
import sys
import tempfile
from collections.abc import Awaitable
from pathlib import Path

from tests.faults.commits import measure_commits
from tests.faults.damage import damage_log
from tests.faults.disk_full import fill_disk, small_disk
from tests.faults.frozen import freeze_relay, panic_relay
from tests.faults.kills import kill_relays
from tests.faults.power_cut import PowerCuts, cut_power, record_trace
from tests.faults.reloads import measure_reload
from tests.faults.report import DOCUMENT, Row, format_document, format_table
from tests.faults.storm import reconnect_storm

CUTS_A_TRACE = 40
CONTROL_CUTS = 40
KILLS_A_ROOM = 20
RELOAD_ENVELOPES = 5_000


async def cuts_row(folder: Path, cuts: int, seed: int) -> Row:
    total = PowerCuts()
    for part in range(0, cuts, CUTS_A_TRACE):
        work = _fresh(folder, f"cuts-{part}")
        changes = await record_trace(work, seed + part)
        some = await cut_power(work, changes, min(CUTS_A_TRACE, cuts - part), seed + part)
        total.cuts += some.cuts
        total.acked += some.acked
        total.with_snapshots += some.with_snapshots
        total.lost += some.lost
    _say(total.lost)
    return Row(
        f"{total.cuts} power cuts, unsynced writes dropped or torn",
        "every acknowledged envelope is there, no record damaged, the room loads whole",
        f"{len(total.lost)} cuts lost something; {total.with_snapshots} loaded from a snapshot",
        total.cuts == cuts and not total.lost,
    )


async def control_row(folder: Path, seed: int) -> Row:
    work = _fresh(folder, "control")
    changes = await record_trace(work, seed, normal=True)
    result = await cut_power(work, changes, CONTROL_CUTS, seed)
    return Row(
        f"the control: {CONTROL_CUTS} power cuts with `synchronous=NORMAL`",
        "acknowledged work is lost",
        f"lost in {len(result.lost)} of {result.cuts}",
        bool(result.lost),
    )


async def kills_row(folder: Path, kills: int, seed: int) -> Row:
    lost: list[str] = []
    done = acked = strokes = 0
    for part in range(0, kills, KILLS_A_ROOM):
        some = await kill_relays(_fresh(folder, f"kills-{part}"), min(KILLS_A_ROOM, kills - part), seed + part)
        done, acked, strokes = done + some.kills, acked + some.acked, strokes + some.strokes
        lost += some.lost + ([some.unequal] if some.unequal else [])
    _say(lost)
    return Row(
        f"{done} × kill -9 of the relay while four peers draw",
        "no acknowledged envelope lost, no stroke doubled, a late joiner equal",
        f"{strokes} strokes, {acked} envelopes acknowledged; {len(lost)} faults",
        done == kills and not lost,
    )


async def frozen_row(folder: Path) -> Row:
    result = await freeze_relay(_fresh(folder, "frozen"))
    ok = result.restarts == 1 and result.strokes == result.held and result.healthy_s <= 3.0
    return Row(
        "SIGSTOP: the relay freezes",
        "another one serves within 3 s, from the log",
        f"healthy after {result.healthy_s:.1f} s, a peer back after {result.back_s:.1f} s, "
        f"{result.held} of {result.strokes} strokes",
        ok,
    )


async def panic_row(folder: Path) -> Row:
    result = await panic_relay(_fresh(folder, "panic"))
    return Row(
        "a panic of the CRDT library",
        "the relay ends at once and is started again, nothing lost",
        f"healthy after {result.healthy_s:.1f} s, {result.held} of {result.strokes} strokes",
        result.restarts == 1 and result.strokes == result.held,
    )


async def disk_row(folder: Path) -> Row:
    done = "the disk fills up to the last byte, and is freed again"
    expected = "no ack, live goes on, /healthz red; all of it stored by itself afterwards"
    try:
        with small_disk(folder / "disk") as disk:
            result = await fill_disk(disk)
    except PermissionError:
        return Row(done, expected, "not done: mounting a small disk needs root", False)
    ok = not result.acked_while_full and result.seen_while_full == result.drawn_while_full
    return Row(
        done,
        expected,
        f"{result.acked_while_full} acks; {result.seen_while_full} of {result.drawn_while_full} strokes seen live; "
        f"503; green again: {_yes(result.healed)}, saved: {_yes(result.saved)}, equal: {_yes(result.equal)}",
        ok and result.healed and result.saved and result.equal,
    )


async def damage_row(folder: Path, *, snapshot: bool) -> Row:
    result = await damage_log(_fresh(folder, f"damage-{snapshot}"), snapshot=snapshot)
    return Row(
        f"a record rots, {'under' if snapshot else 'without'} a snapshot",
        "set aside; rebuilt from the snapshot, and put back by whoever holds it"
        if snapshot
        else "set aside; all before it served; the rest comes back with its author",
        f"{result.held_alone} strokes alone, {result.held_after} of {result.strokes} after, log whole: "
        f"{_yes(result.whole_again)}",
        result.quarantined == 1 and result.equal and result.whole_again and result.held_after == result.strokes,
    )


async def storm_row(folder: Path, peers: int) -> Row:
    result = await reconnect_storm(_fresh(folder, "storm"), peers)
    return Row(
        f"{result.peers} peers in rooms of ten come back after a kill",
        "all of them whole again",
        f"half after {result.half_s:.1f} s, all after {result.all_s:.1f} s, equal: {_yes(result.equal)}",
        result.equal,
    )


async def reload_row(folder: Path) -> Row:
    result = await measure_reload(_fresh(folder, "reload"), RELOAD_ENVELOPES)
    return Row(
        f"a room of {result.envelopes} strokes is loaded",
        "from its snapshot: the same heads and state, sooner",
        f"whole log {result.whole_s:.2f} s, snapshot {result.snapshot_s:.2f} s",
        result.equal,
    )


async def commits_row(folder: Path) -> Row:
    result = await measure_commits(_fresh(folder, "commits"), 5.0)
    return Row(
        "100 writers on one log",
        "p95 of a durable acknowledgement ≤ 20 ms",
        f"closed loop {result.closed_acks_s:,.0f} acks/s, p50 {result.closed_p50_ms:.1f} ms, p95 "
        f"{result.closed_p95_ms:.1f} ms; paced p50 {result.paced_p50_ms:.1f} ms, p95 {result.paced_p95_ms:.1f} ms; "
        f"fdatasync {result.fsync_ms:.1f} ms",
        result.paced_p95_ms <= 20,
    )


async def run(options: argparse.Namespace, folder: Path) -> list[Row]:
    rows: list[Row] = []

    def add(row: Row) -> None:
        rows.append(row)
        sys.stdout.write(f"{'ok    ' if row.ok else 'FAILED'} {row.done}: {row.happened}\n")
        sys.stdout.flush()

    async def attempt(done: str, making: Awaitable[Row]) -> None:
        try:
            add(await making)
        except Exception as error:
            # The edge of one fault: the others are still to be tried.
            logging.getLogger("chalkmesh.faults").critical("not carried through: %s", done, exc_info=True)
            add(Row(done, "to be carried through", f"{type(error).__name__}: {error}", False))

    await attempt("power cuts", cuts_row(folder, options.cuts, options.seed))
    await attempt("the control of the power cuts", control_row(folder, options.seed))
    await attempt("kill -9 under load", kills_row(folder, options.kills, options.seed))
    await attempt("a frozen relay", frozen_row(folder))
    await attempt("a panic", panic_row(folder))
    await attempt("a full disk", disk_row(folder))
    await attempt("a damaged record under a snapshot", damage_row(folder, snapshot=True))
    await attempt("a damaged record", damage_row(folder, snapshot=False))
    await attempt("loading a room", reload_row(folder))
    await attempt("everybody comes back", storm_row(folder, options.peers))
    await attempt("acknowledgements", commits_row(folder))
    return rows


def _fresh(folder: Path, name: str) -> Path:
    made = folder / name
    made.mkdir()
    return made


def _say(faults: list[str]) -> None:
    for fault in faults:
        sys.stdout.write(f"  {fault}\n")


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    for name, default in (("cuts", 200), ("kills", 200), ("peers", 200), ("seed", 1)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--dry", action="store_true", help="do not write docs/reliability.md")
    options = parser.parse_args()
    logging.basicConfig(level=logging.CRITICAL)
    with tempfile.TemporaryDirectory(prefix="chalkmesh-faults-") as folder:
        rows = asyncio.run(run(options, Path(folder)))
    sys.stdout.write(f"\n{format_table(rows)}\n")
    if not options.dry:
        day = datetime.datetime.now(datetime.UTC).date().isoformat()
        DOCUMENT.write_text(format_document(rows, options.seed, day), encoding="utf-8")
        sys.stdout.write(f"\nwritten: {DOCUMENT.relative_to(Path.cwd())}\n")
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
