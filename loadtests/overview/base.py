"""An earlier tree beside this one, measured by turns on the same machine: what did the change between them do?"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

from loadtests.overview.compare import numbers_of
from loadtests.overview.parts import Done, Part, run_quick
from loadtests.targets import ROOT
from whiteboard_crdt.errors import SetupError

__all__ = ["Turns", "earlier_tree", "measure_by_turns"]

# What was installed for this tree serves the other too; that it fits is looked at by their lock files.
_INSTALLED: Final = (
    ".venv",
    "portal/web/node_modules",
    "loadtests/peers/node_modules",
    "loadtests/peers/board/node_modules",
    "tests/interop/node_modules",
)
_LOCKS: Final = ("requirements.lock", "portal/web/package-lock.json", "loadtests/peers/package-lock.json")

Turns = tuple[dict[str, float], dict[str, float]]


@contextmanager
def earlier_tree(commit: str, *, web: bool) -> Iterator[Path]:
    """The sources of a commit in a folder of their own. `web`: its web client is built. Raises SetupError."""
    with tempfile.TemporaryDirectory(prefix="chalkmesh-base-") as name:
        tree = Path(name) / "tree"
        _git("clone", "--quiet", "--shared", "--no-checkout", str(ROOT), str(tree))
        _git("-C", str(tree), "checkout", "--quiet", "--detach", commit)
        for each in _INSTALLED:
            if (ROOT / each).is_dir():
                (tree / each).parent.mkdir(parents=True, exist_ok=True)
                (tree / each).symlink_to(ROOT / each)
        for lock in _LOCKS:
            if (tree / lock).is_file() and (tree / lock).read_bytes() != (ROOT / lock).read_bytes():
                sys.stdout.write(f"{lock} differs: {commit} is measured with today's packages.\n")
        if web:
            _run([str(ROOT / "portal/web/node_modules/.bin/vite"), "build", "--logLevel", "warn"], tree / "portal/web")
        yield tree


def measure_by_turns(parts: Sequence[Part], commit: str, rounds: int) -> tuple[Turns, list[Done]]:
    """The medians of both, and how every single run ended. Raises SetupError where the commit cannot be had."""
    before: list[dict[str, float]] = []
    now: list[dict[str, float]] = []
    done: list[Done] = []
    with (
        earlier_tree(commit, web=any(part.web for part in parts)) as tree,
        tempfile.TemporaryDirectory(prefix="chalkmesh-compare-") as name,
    ):
        for number in range(rounds):
            for source, kept, word in ((tree, before, commit), (ROOT, now, "now")):
                folder = Path(name) / f"{len(kept)}-{word.replace('/', '_')}"
                folder.mkdir()
                sys.stdout.write(f"== round {number + 1} of {rounds}: {word}\n")
                ended = run_quick(parts, source, folder)
                done += [Done(f"{each.name}, {word}", each.code, each.took_s) for each in ended]
                # A tree that does not know another folder yet keeps its figures in its own.
                own = source / "loadtests" / "results"
                found = next((each for each in (folder, own) if any(each.rglob("*.json"))), None)
                if found is None or (found is own and source is ROOT):
                    raise SetupError(f"{word} left no figures of {', '.join(part.name for part in parts)}.")
                kept.append(numbers_of(found))
    return (_medians(before), _medians(now)), done


def _medians(rounds: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: median(each[name] for each in rounds if name in each) for name in rounds[0]}


def _git(*words: str) -> None:
    _run(["git", *words], ROOT)


def _run(command: Sequence[str], folder: Path) -> None:
    try:
        done = subprocess.run(command, cwd=folder, check=False, capture_output=True, text=True)
    except OSError as error:
        raise SetupError(f"{command[0]} cannot be run: {error.strerror or error}.") from error
    if done.returncode:
        raise SetupError(f"{' '.join(command[:4])} … failed: {done.stderr.strip() or done.stdout.strip()}")
