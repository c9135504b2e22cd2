"""The rows of `make faults` about databases: migrations that are killed, bits that flip."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.faults.bits import Flips, flip_archive, flip_portal, flip_room_log
from tests.faults.migration import kill_migrations
from tests.faults.report import Row

__all__ = ["archive_bits_row", "log_bits_row", "migration_row", "portal_bits_row"]


async def migration_row(folder: Path) -> Row:
    result = await kill_migrations(folder)
    return Row(
        "migration",
        f"the portal's migrations killed at each of their {result.kills} statements",
        "the next start finishes them: the schema, every row and the audit chain as if nothing had been",
        "all whole" if not result.faults else f"{len(result.faults)} were not: {result.faults[0]}",
        not result.faults and result.kills > 50,
    )


async def log_bits_row(folder: Path, flips: int, seed: int) -> Row:
    return _row("bits-log", "the room log", await flip_room_log(folder, flips, seed), flips, seed)


async def portal_bits_row(folder: Path, flips: int, seed: int) -> Row:
    return _row("bits-portal", "the portal's database", await flip_portal(folder, flips, seed), flips, seed)


def archive_bits_row(folder: Path, flips: int, seed: int) -> Row:
    return _row("bits-archive", "a sealed archive", flip_archive(folder, flips, seed), flips, seed)


_EXPECTED = {
    "bits-log": "all is there, or what is not is set aside and told; never changed unnoticed, never a strange error",
    "bits-portal": "it starts, or says why not; a value that cannot be read costs one page; the audit log is chained",
    "bits-archive": "`chalkmesh verify` names it",
}


def _row(name: str, what: str, result: Flips, flips: int, seed: int) -> Row:
    for fault in result.bad:
        sys.stdout.write(f"  {fault}\n")
    happened = ", ".join(f"{count} {outcome}" for outcome, count in result.outcomes.most_common())
    return Row(
        name, f"one bit of {what} flipped, {flips} times", _EXPECTED[name], happened, not result.bad, f"seed {seed}"
    )
