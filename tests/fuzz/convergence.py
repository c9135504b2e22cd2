"""Convergence at full size: `python -m tests.fuzz.convergence --schedules 500 --mixed 500 --record`.

Each seed is a schedule of edits, loss, duplicates, reordering, partitions, restarts and undo over three replicas; the
mixed ones run over two of pycrdt and two of yjs, the browser's own core in Node. A failure prints its seed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from tests.faults.report import Row, save_rows
from tests.property.participants import build_core
from tests.property.test_convergence import (
    test_late_joiner_with_a_snapshot_and_the_rest_equals_the_others_P8 as late_joiner,
)
from tests.property.test_convergence import test_replicas_end_equal_whatever_the_network_does as replicas
from tests.property.test_two_languages import test_both_languages_end_equal as both_languages
from tests.property.test_undo import test_undo_restores_only_ones_own_work as undo

_REPORT_EVERY = 50


def run_seeds(name: str, first: int, count: int, one: Callable[[int], None]) -> list[int]:
    """Runs a schedule for each seed. Returns the seeds that failed."""
    failed = []
    began_s = time.perf_counter()
    for seed in range(first, first + count):
        try:
            one(seed)
        except Exception:
            # The edge of one seed: the others are still to be tried.
            traceback.print_exc()
            sys.stdout.write(f"FAILED {name}; replay: --{name} 1 --seed {seed}\n")
            failed.append(seed)
        if (seed - first + 1) % _REPORT_EVERY == 0:
            sys.stdout.write(f"{name}: {seed - first + 1} seeds, {time.perf_counter() - began_s:.0f} s\n")
            sys.stdout.flush()
    return failed


def pycrdt_row(first: int, count: int) -> Row:
    def one(seed: int) -> None:
        replicas(seed)
        late_joiner(seed)
        undo(seed)

    failed = run_seeds("schedules", first, count, one)
    return Row(
        "convergence",
        f"{count} schedules over three replicas: loss, doubles, reordering, partitions, restarts, undo; a late joiner",
        "all end equal by content; undo touches nobody else's work",
        _told(failed),
        not failed,
        f"seeds {first}–{first + count - 1}",
    )


def mixed_row(first: int, count: int) -> Row:
    with tempfile.TemporaryDirectory(prefix="chalkmesh-core-") as folder:
        core = build_core(Path(folder))

        def one(seed: int) -> None:
            with ExitStack() as stack:
                both_languages(seed, core, stack)

        failed = run_seeds("mixed", first, count, one)
    return Row(
        "languages",
        f"{count} schedules over two replicas of pycrdt and two of yjs, each behind its own language's validator",
        "all four end equal by content",
        _told(failed),
        not failed,
        f"seeds {first}–{first + count - 1}",
    )


def _told(failed: list[int]) -> str:
    if not failed:
        return "all equal"
    return f"{len(failed)} differ: seeds {', '.join(str(seed) for seed in failed[:8])}"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.convergence")
    parser.add_argument("--schedules", type=int, default=0)
    parser.add_argument("--mixed", type=int, default=0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--record", action="store_true", help="write what came of it into docs/reliability.md")
    options = parser.parse_args()
    rows = []
    if options.schedules:
        rows.append(pycrdt_row(options.seed, options.schedules))
    if options.mixed:
        rows.append(mixed_row(options.seed, options.mixed))
    for row in rows:
        sys.stdout.write(f"{'ok' if row.ok else 'FAILED'}: {row.done}: {row.happened}\n")
    if options.record:
        save_rows(rows)
    return 0 if all(row.ok for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
