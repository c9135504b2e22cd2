"""The rows of `make faults` about what goes between peers and relay: readers that stall, messages that are mangled."""

from __future__ import annotations

from pathlib import Path

from tests.faults.messages import mangle_messages
from tests.faults.report import Row
from tests.faults.slow import stall_readers

__all__ = ["messages_row", "slow_row"]

_EDIT_LIMIT_MS = 50.0
# A reader's own bound is 1 MiB (`send_buffer_bytes`); as much again for what the process keeps around it.
_READER_LIMIT_MB = 2.0


async def slow_row(folder: Path, readers: int) -> Row:
    result = await stall_readers(folder, readers)
    more_mb = result.during_mb - result.before_mb
    return Row(
        "slow",
        f"{readers} of a room stop reading, while three others draw and write 10 MB",
        f"closed with 4502, ≤ {_READER_LIMIT_MB:.0f} MB each in the relay; the others' edits p95 ≤ "
        f"{_EDIT_LIMIT_MS:.0f} ms; whole again once they read",
        f"{result.closed} closed; the same work cost {result.before_mb:.0f} MB before and {result.during_mb:.0f} MB "
        f"with them; p95 {result.before_ms:.0f} ms before, {result.during_ms:.0f} ms with them; whole "
        f"{result.whole_s:.1f} s after the last edit, equal: {'yes' if result.equal else '**no**'}",
        result.closed == readers
        and more_mb <= readers * _READER_LIMIT_MB
        and result.during_ms <= _EDIT_LIMIT_MS
        and result.equal,
    )


async def messages_row(folder: Path, envelopes: int, uploads: int, seed: int) -> Row:
    result = await mangle_messages(folder, envelopes, uploads, seed)
    counts = result.counts
    came_of = ", ".join(f"{count} {_words(word)}" for word, count in result.refused.most_common())
    return Row(
        "messages",
        f"four peers draw while of their messages a tenth comes twice, a tenth late, one in fifty damaged; {uploads} "
        "others bring the relay a damaged envelope each",
        "every stroke on every board, once; nothing damaged is taken; the relay goes on",
        f"{counts['twice']} twice, {counts['late']} late, {counts['damaged']} damaged: {result.strokes} strokes, "
        f"{result.wrong or 'all boards equal'}; of the damaged ones brought {came_of}",
        not result.wrong and min(counts["twice"], counts["late"], counts["damaged"]) > 0,
        f"seed {seed}",
    )


def _words(came_of: str) -> str:
    return f"closed with {came_of}" if came_of.isdigit() else came_of
