"""The fuzzer: `python -m tests.fuzz.run --cases 1000000`. A failure prints the line that repeats it.

Cases run in child processes, a quarter of a million with one seed, so that a case which kills its process (a stack
overflow in a library, say) is named too. `--record` writes the sums into docs/reliability.md.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import sys
import time
import traceback
from collections import Counter
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.sharedctypes import Synchronized
from typing import Final

from tests.faults.report import Row, load_rows, save_rows
from tests.fuzz.targets import TARGETS, pick

__all__ = ["Failure", "Figures", "run_case", "run_cases"]

STALL_MS: Final = 100.0
CASES_A_SEED: Final = 250_000
_REPORT_EVERY: Final = 50_000
_COLLECT_EVERY: Final = 2_000


class Failure(Exception):
    """A case that broke a rule; the message is the line that repeats it."""


class Figures:
    """Cases and the slowest of each target, in ms of CPU."""

    def __init__(self) -> None:
        self.cases: Counter[str] = Counter()
        self.slowest: dict[str, tuple[float, int]] = {}

    def note(self, target: str, took_ms: float, case: int) -> None:
        """One case is done."""
        self.cases[target] += 1
        self.slowest[target] = max(self.slowest.get(target, (0.0, 0)), (took_ms, case))

    def lines(self) -> list[str]:
        """A table for people."""
        return [
            f"{target:12} {self.cases[target]:9,} cases, slowest {took_ms:7.2f} ms (case {case})"
            for target, (took_ms, case) in sorted(self.slowest.items())
        ]


def run_case(seed: int, case: int) -> tuple[str, float]:
    """One case: its target, and ms of CPU. Raises Failure."""
    target, rnd = pick(seed, case)
    began_s = time.thread_time()
    try:
        TARGETS[target][1](rnd)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # a panic of the CRDT library is no Exception
        raise Failure(f"{target}: {type(error).__name__}; {replay(seed, case)}") from error
    return target, (time.thread_time() - began_s) * 1000


def replay(seed: int, case: int) -> str:
    """How to see it again."""
    return f"replay: python -m tests.fuzz.run --seed {seed} --first {case} --cases 1"


def run_cases(seed: int, first: int, cases: int, current: Synchronized[int] | None = None) -> Figures:
    """Many cases. Raises Failure at the first that breaks a rule."""
    figures = Figures()
    for case in range(first, first + cases):
        if current is not None:
            current.value = case
        target, took_ms = run_case(seed, case)
        figures.note(target, took_ms, case)
        if current is not None and (case - first + 1) % _COLLECT_EVERY == 0:
            gc.collect()
        if current is not None and (case - first + 1) % _REPORT_EVERY == 0:
            sys.stdout.write(f"{case - first + 1:,} cases\n")
            sys.stdout.flush()
    return figures


def _child(seed: int, first: int, cases: int, current: Synchronized[int], found: Connection) -> None:
    logging.disable(logging.CRITICAL)
    # Garbage of many cases is no stall of one.
    gc.disable()
    try:
        figures = run_cases(seed, first, cases, current)
    except Failure as failure:
        traceback.print_exception(failure.__cause__)
        sys.stdout.write(f"FAILED {failure}\n")
        sys.exit(1)
    stalls = []
    longest_ms, longest = 0.0, ""
    for target, (took_ms, case) in figures.slowest.items():
        # What else the machine did is no stall of ours: the least of four counts.
        least_ms = min(took_ms, *(run_case(seed, case)[1] for _ in range(3)))
        if least_ms > longest_ms:
            longest_ms, longest = least_ms, target
        if least_ms > STALL_MS:
            stalls.append(f"STALLED {target}: {least_ms:.0f} ms; {replay(seed, case)}")
    sys.stdout.write("\n".join([*figures.lines(), *stalls]) + "\n")
    found.send(Piece(figures.cases.total(), len(stalls), longest_ms, longest))
    sys.exit(1 if stalls else 0)


@dataclass(frozen=True)
class Piece:
    """What came of one child's cases. `faults`: broken rules and panics, or the child's death."""

    cases: int
    stalls: int
    longest_ms: float
    longest: str
    faults: int = 0


def run_piece(seed: int, first: int, cases: int) -> Piece:
    """Cases in a process of their own."""
    context = multiprocessing.get_context("spawn")
    current: Synchronized[int] = context.Value("q", first)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_child, args=(seed, first, cases, current, theirs))
    child.start()
    theirs.close()
    try:
        piece: Piece = ours.recv()
    except EOFError:
        piece = Piece(current.value - first, 0, 0.0, "", faults=1)
    child.join()
    code = child.exitcode or 0
    if code < 0:
        sys.stdout.write(f"KILLED by signal {-code}; {replay(seed, current.value)}\n")
    return piece


def row_of(pieces: list[Piece], seed: int, before: Row | None) -> Row:
    """The line of docs/reliability.md, with what stood there before when that is to be added to."""
    tally = {
        "cases": sum(piece.cases for piece in pieces),
        "faults": sum(piece.faults for piece in pieces),
        "stalls": sum(piece.stalls for piece in pieces),
    }
    slowest = max(pieces, key=lambda piece: piece.longest_ms)
    longest_us, last = round(slowest.longest_ms * 1000), seed + len(pieces) - 1
    seeds = f"seed {seed}" if last == seed else f"seeds {seed}–{last}"
    longest = slowest.longest
    if before is not None:
        tally = {key: count + before.tally.get(key, 0) for key, count in tally.items()}
        longest_us = max(longest_us, before.tally.get("longest_us", 0))
        longest = ""
        seeds = f"{before.seeds}, {seeds}"
    where = f" ({longest})" if longest else ""
    return Row(
        "fuzz",
        f"{tally['cases']:,} hostile cases: bytes to every decoder and document, conversations with replicas and rooms",
        f"refused by rule or harmless; nothing panics the CRDT library; no case takes over {STALL_MS:.0f} ms",
        f"{tally['faults']} panics and broken rules, {tally['stalls']} stalls; the longest took "
        f"{longest_us / 1000:.1f} ms{where}",
        not tally["faults"] and not tally["stalls"],
        seeds,
        {**tally, "longest_us": longest_us},
    )


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--record", action="store_true", help="write what came of it into docs/reliability.md")
    parser.add_argument("--add", action="store_true", help="add to what is recorded there")
    options = parser.parse_args()
    pieces = []
    for number, start in enumerate(range(0, options.cases, CASES_A_SEED)):
        cases = min(CASES_A_SEED, options.cases - start)
        pieces.append(run_piece(options.seed + number, options.first, cases))
    row = row_of(pieces, options.seed, load_rows().get("fuzz") if options.add else None)
    sys.stdout.write(f"{'ok' if row.ok else 'FAILED'}: {row.done}: {row.happened}\n")
    if options.record:
        save_rows([row])
    return 0 if row.ok else 1


if __name__ == "__main__":
    sys.exit(main())
