"""The benchmarks: the word of the Makefile for each whole one, and what its shortest useful form is."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from loadtests.kept import VARIABLE
from whiteboard_crdt.errors import SetupError

__all__ = ["PARTS", "Done", "Part", "format_done", "parts_named", "run_quick", "run_whole"]

_MISSED: Final = 1
_NOT_RUN: Final = 127


@dataclass(frozen=True, slots=True)
class Part:
    """One benchmark. `quick`: modules with their words; the bars of a page mean nothing for those, the figures do.

    `web`: it needs the built web client.
    """

    name: str
    quick: tuple[str, ...]
    web: bool = False


PARTS: Final = (
    Part("relay", ("loadtests.bench --rounds 1 --seconds 0.5 --scenarios small,class,ack",)),
    Part("mesh", ("loadtests.bench.mesh --changes 10",)),
    Part("board", ("loadtests.bench.board --rounds 1 --strokes 11000 --minute 1",), web=True),
    Part("recorder", ("loadtests.bench.recorder --rounds 1 --seconds 2 --long 4",), web=True),
    Part("portal", ("loadtests.bench.portal --people 10 --seconds 1 --rows 500",), web=True),
    Part("load", ("loadtests.capacity smoke",)),
)


@dataclass(frozen=True, slots=True)
class Done:
    """What became of a part: the exit code of the first of its commands that failed, or 0.

    `figures`: whether it left any; without them it failed, with them it missed a bar.
    """

    name: str
    code: int
    took_s: float
    figures: bool = True

    @property
    def ran(self) -> bool:
        """Whether it came to its end."""
        return self.code == 0 or (self.code == _MISSED and self.figures)


def parts_named(names: str) -> tuple[Part, ...]:
    """Those of a list with blanks or commas, in their own order; all of an empty one. Raises SetupError."""
    wanted = names.replace(",", " ").split()
    unknown = set(wanted) - {part.name for part in PARTS}
    if unknown:
        known = ", ".join(part.name for part in PARTS)
        raise SetupError(f"There is no benchmark {', '.join(sorted(unknown))}; there are: {known}.")
    return tuple(part for part in PARTS if not wanted or part.name in wanted)


def run_whole(parts: Iterable[Part], tree: Path) -> list[Done]:
    """Every one, one after the other, each as `make bench-…` does it. None is left out for the failure of another."""
    return [_timed(part.name, [["make", f"bench-{part.name}"]], tree, dict(os.environ)) for part in parts]


def run_quick(parts: Iterable[Part], tree: Path, folder: Path) -> list[Done]:
    """The same in their short forms, with the sources of `tree`; figures go to `folder`, pages stay as they are."""
    environment = {**os.environ, VARIABLE: str(folder), "PYTHONPATH": str(tree)}
    done = []
    for part in parts:
        commands = [[sys.executable, "-m", *words.split()] for words in part.quick]
        before = _newest_s(folder)
        ended = _timed(part.name, commands, tree, environment)
        done.append(replace(ended, figures=_newest_s(folder) > before))
    return done


def _newest_s(folder: Path) -> float:
    return max((path.stat().st_mtime for path in folder.rglob("*.json")), default=0.0)


def _timed(name: str, commands: Sequence[Sequence[str]], tree: Path, environment: dict[str, str]) -> Done:
    begun_s = time.monotonic()
    codes = [_run(command, tree, environment) for command in commands]
    return Done(name, next((code for code in codes if code), 0), time.monotonic() - begun_s)


def _run(command: Sequence[str], tree: Path, environment: dict[str, str]) -> int:
    sys.stdout.write(f"== {' '.join(command)}\n")
    sys.stdout.flush()
    try:
        return subprocess.run(command, cwd=tree, env=environment, check=False).returncode
    except OSError as error:
        sys.stdout.write(f"{error}\n")
        return _NOT_RUN


def format_done(done: Sequence[Done]) -> str:
    """A line for each, with what its exit code means."""
    return "\n".join(f"{each.name:9} {each.took_s / 60:5.1f} min  {_words(each)}" for each in done)


def _words(each: Done) -> str:
    if each.code == 0:
        return "ran, all held"
    return "ran, missed bars" if each.ran else f"FAILED (exit code {each.code})"
