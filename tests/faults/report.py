"""The rows of fault and fuzz runs: kept in docs/reliability.json, shown on the terminal and as docs/reliability.md."""

from __future__ import annotations

import datetime
import json
import os
import platform
import sqlite3
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

__all__ = ["DATA", "DOCUMENT", "ORDER", "Row", "format_document", "format_table", "load_rows", "save_rows"]

_DOCS: Final = Path(__file__).parents[2] / "docs"
DOCUMENT: Final = _DOCS / "reliability.md"
DATA: Final = _DOCS / "reliability.json"

ORDER: Final = (
    "cuts", "control", "kills", "kills-recorder", "kills-portal", "frozen", "panic", "disk", "disk-portal",
    "disk-recorder", "damage-snapshot", "damage", "reload", "storm", "commits",
    "half-open", "slow", "messages", "clock", "migration", "bits-log", "bits-portal", "bits-archive",
    "tab", "turn", "crisis",
    "fuzz", "convergence", "languages",
)  # fmt: skip
"""Names of all rows, as they stand in the table."""

_HEAD = """\
# Reliability

What was done to a running Chalkmesh, what it must do, and what happened. This page is written by `make faults` and
`make fuzz` (the figures are in [reliability.json](reliability.json)); do not edit it. `make faults ROW="kills storm"`
does some rows again and leaves the others as they are. A smaller seeded slice of the same runs with every `make test`
(tests/signaling/test_faults.py, tests/fuzz, tests/property).

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
- **kill -9 of the recorder** (`recorder/__main__.py`, `make faults-recorder`): a lesson of two people with a camera and
  two microphones, strokes ten times a second; the one of the two recorder processes that records is killed at a seeded
  moment. The files that it left are played as they are, from a copy, before the next process touches them.
- **kill -9 of the portal** (`portal_kills.py`): `chalkmesh serve` with a school of one lesson, each kill after a seeded
  number of tickets. Each ticket is a row of the portal's database and one of its audit log, and is looked for there at
  the end. A portal that was killed again and again is started after a pause that doubles up to 5 s; the times are
  without it.
- **Frozen, panic** (`frozen.py`): a relay under the supervisor of `chalkmesh serve`. SIGSTOP makes it silent without
  ending it. The panic is one of the CRDT library's, injected; the relay ends itself with exit code 70.
- **Disk full** (`disk_full.py`, `disk_full_portal.py`, `disk_full_recorder.py`): the data folder of a relay or a
  portal, or the folder of the recordings alone, is a tmpfs of 8, 24 or 64 MB that a file fills up to the last byte.
- **Damage** (`damage.py`): the payload of one record in the middle of a stopped relay's log is overwritten.
- **Storm** (`storm.py`): all peers are Python peers in one process on the same machine: most of the time is theirs.
- **Half-open** (`half_open.py`): a proxy between peer and relay takes bytes and forgets them, and closes nothing.
- **Slow readers** (`slow.py`): a proxy stops reading from the relay, so that first the kernel's buffers and then the
  relay's fill. The same work is done before, with everybody reading. Memory is the growth of the relay's peak.
- **Mangled messages** (`messages.py`): a proxy that knows messages, both ways. Damaged is cut off anywhere, or one bit
  flipped; on the way to the peers envelopes alone, which anybody may carry. What relay and participant tell each other
  besides is kept whole by TLS.
- **Clock** (`clock.py`): `time.time` of the relay's process is set while it runs. Room time is what its recorder is
  told; tickets are issued by the clock as it was and as it is then.
- **Migration** (`migration.py`): a process that migrates an empty database, and one of the first version with rows in
  it, dies by SIGKILL before its first statement, before its second, and so on to the commit.
- **Flipped bits** (`bits.py`): one bit of the file at rest, anywhere; the room log is read as a relay reads it, the
  portal's database by a start and then row by row, the archive by `chalkmesh verify`.
- **Tab** (`tab.py`): Chromium in a lesson of portal, relay and recorder. Its renderer is killed, or told to crash, on
  the news that the pen is up; the same person opens the lesson again in a new tab of the same browser.
- **TURN** (`turn.py`): coturn on the loopback, two people whose tickets allow nothing but TURN.
- **Crisis button** (`crisis.py`): a portal and an SMTP server on the loopback that leaves an ordinary mail without an
  answer, with another one behind it. From the press to the page of alerts that has it, and to the mail that is taken.
- **Hostile cases, schedules** (`tests/fuzz`): see `make fuzz`. A broken rule or a difference prints the line that
  repeats it.
- **Acknowledgements** (`commits.py`): a hundred writers on one log. Closed loop: each writes again when it is
  acknowledged. Paced: each ten times a second, like a hand that draws. `fdatasync` of 4 KB is the disk's own time.
"""


@dataclass(frozen=True)
class Row:
    """One thing that was done. `ok`: whether what happened is what was expected.

    `tally` are the sums that a further run can add to (`--add`); `seeds` says with which seeds it was done.
    """

    name: str
    done: str
    expected: str
    happened: str
    ok: bool
    seeds: str = ""
    tally: dict[str, int] = field(default_factory=dict)
    day: str = field(default_factory=lambda: datetime.datetime.now(datetime.UTC).date().isoformat())


def load_rows(path: Path = DATA) -> dict[str, Row]:
    """What was found so far, by name; rows that are no longer done are left out."""
    if not path.exists():
        return {}
    rows = [Row(**row) for row in json.loads(path.read_text(encoding="utf-8"))["rows"]]
    return {row.name: row for row in rows if row.name in ORDER}


def save_rows(fresh: Sequence[Row], data: Path = DATA, document: Path = DOCUMENT) -> None:
    """Put rows in place of those of their names, and write the page anew."""
    rows = load_rows(data) | {row.name: row for row in fresh}
    ordered = [rows[name] for name in ORDER if name in rows]
    content = {"machine": _machine(), "rows": [asdict(row) for row in ordered]}
    data.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    document.write_text(format_document(ordered), encoding="utf-8")


def format_table(rows: Sequence[Row]) -> str:
    """A Markdown table."""
    lines = ["| what was done | expected | what happened | when | |", "|---|---|---|---|---|"]
    lines += [
        f"| {row.done} | {row.expected} | {row.happened} | {_when(row)} | {'ok' if row.ok else '**FAILED**'} |"
        for row in rows
    ]
    return "\n".join(lines)


def format_document(rows: Sequence[Row]) -> str:
    """The whole page."""
    where = f"Last written on {_machine()}. Times move with the machine and its load.\n\n"
    return _HEAD + where + format_table(rows) + "\n" + _FOOT


def _when(row: Row) -> str:
    return f"{row.day}, {row.seeds}" if row.seeds else row.day


def _machine() -> str:
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{platform.system()}, {os.cpu_count()} cores, {versions}"
