"""The rows of a fault run, as a table on the terminal and as docs/reliability.md."""

from __future__ import annotations

import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parents[2] / "docs" / "reliability.md"

_HEAD = """\
# Reliability

What was done to a running Chalkmesh, what it must do, and what happened. This page is written by `make faults`; do not
edit it. A smaller seeded slice of the same runs with every `make test` (tests/signaling/test_faults.py).

"""

_FOOT = """
## How each is done

- **Power cut** (`tests/faults/power_cut.py`): a library loaded before libc writes down every write, truncation, new
  name and fsync of a working relay's log, in order, and each acknowledgement that a client received among them. A cut
  is a place in that record: what was fsynced before it is there; of everything else each 512-byte sector is kept or
  dropped at random. The files that are left are opened as a relay opens them. The control runs the same relay with
  SQLite's `synchronous=NORMAL`: it must lose acknowledged work, or the simulation would prove nothing.
- **kill -9** (`kills.py`): four peers draw without pause; after a seeded number of acknowledgements the relay's process
  is killed. Its log is read before the next one starts: only the disk is asked, no peer. At the end every peer and
  one who comes late must hold every stroke once.
- **Frozen, panic** (`frozen.py`): a relay under the supervisor of `chalkmesh serve`. SIGSTOP makes it silent without
  ending it. The panic is one of the CRDT library's, injected; the relay ends itself with exit code 70.
- **Disk full** (`disk_full.py`): the data folder is a tmpfs of 8 MB that a file fills up to the last byte.
- **Damage** (`damage.py`): the payload of one record in the middle of a stopped relay's log is overwritten.
- **Storm** (`storm.py`): all peers are Python peers in one process on the same machine: most of the time is theirs.
- **Acknowledgements** (`commits.py`): a hundred writers on one log. Closed loop: each writes again when it is
  acknowledged. Paced: each ten times a second, like a hand that draws. `fdatasync` of 4 KB is the disk's own time.
"""


@dataclass(frozen=True)
class Row:
    """One thing that was done. `ok`: whether what happened is what was expected."""

    done: str
    expected: str
    happened: str
    ok: bool


def format_table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| what was done | expected | what happened | |", "|---|---|---|---|"]
    lines += [f"| {row.done} | {row.expected} | {row.happened} | {'ok' if row.ok else '**FAILED**'} |" for row in rows]
    return "\n".join(lines)


def format_document(rows: Sequence[Row], seed: int, day: str) -> str:
    """The whole page."""
    machine = f"{platform.system()}, {os.cpu_count()} cores"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    where = f"Run on {day} with seed {seed}: {machine}, {versions}. Times move with the machine and its load.\n\n"
    return _HEAD + where + format_table(rows) + "\n" + _FOOT
