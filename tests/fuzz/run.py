"""The fuzzer: `python -m tests.fuzz.run --cases 1000000`. A failure prints the line that repeats it.

Cases run in a child process, so that one which kills it (a stack overflow in a library, say) is named too.
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
from multiprocessing.sharedctypes import Synchronized
from typing import Final

from tests.fuzz.targets import TARGETS, pick

__all__ = ["Failure", "Figures", "run_case", "run_cases"]

STALL_MS: Final = 100.0
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


def _child(seed: int, first: int, cases: int, current: Synchronized[int]) -> None:
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
    for target, (took_ms, case) in figures.slowest.items():
        if took_ms > STALL_MS and min(run_case(seed, case)[1] for _ in range(3)) > STALL_MS:
            stalls.append(f"STALLED {target}: {took_ms:.0f} ms; {replay(seed, case)}")
    sys.stdout.write("\n".join([*figures.lines(), *stalls]) + "\n")
    sys.exit(1 if stalls else 0)


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    options = parser.parse_args()
    context = multiprocessing.get_context("spawn")
    current: Synchronized[int] = context.Value("q", options.first)
    child = context.Process(target=_child, args=(options.seed, options.first, options.cases, current))
    child.start()
    child.join()
    code = child.exitcode or 0
    if code < 0:
        sys.stdout.write(f"KILLED by signal {-code}; {replay(options.seed, current.value)}\n")
    return abs(code)


if __name__ == "__main__":
    sys.exit(main())
