"""The rows of `make faults` about disks that are full: of the relay, the portal and the recorder."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tests.faults.disk_full import fill_disk, small_disk
from tests.faults.disk_full_portal import PORTAL_DISK_BYTES, fill_portal_disk
from tests.faults.disk_full_recorder import fill_recorder_disk
from tests.faults.report import Row

__all__ = ["portal_disk_row", "recorder_disk_row", "relay_disk_row"]

_NO_ROOT: Final = "not done: mounting a small disk needs root"
_OK: Final = 200


async def relay_disk_row(folder: Path) -> Row:
    done = "the disk fills up to the last byte, and is freed again"
    expected = "no ack, live goes on, /healthz red; all of it stored by itself afterwards"
    try:
        with small_disk(folder / "disk") as disk:
            result = await fill_disk(disk)
    except PermissionError:
        return Row("disk", done, expected, _NO_ROOT, False)
    ok = not result.acked_while_full and result.seen_while_full == result.drawn_while_full
    return Row(
        "disk",
        done,
        expected,
        f"{result.acked_while_full} acks; {result.seen_while_full} of {result.drawn_while_full} strokes seen live; "
        f"503; green again: {_yes(result.healed)}, saved: {_yes(result.saved)}, equal: {_yes(result.equal)}",
        ok and result.healed and result.saved and result.equal,
    )


async def portal_disk_row(folder: Path) -> Row:
    done = "the portal's disk fills up while three people fetch tickets, and is freed again"
    expected = (
        "refused with 503 and a sentence, nothing half kept; pages open, /readyz red; tickets again by itself; what "
        "was answered is there, once; the audit chain holds"
    )
    try:
        with small_disk(folder / "disk", PORTAL_DISK_BYTES) as disk:
            result = await fill_portal_disk(disk, folder / "portal.log")
    except PermissionError:
        return Row("disk-portal", done, expected, _NO_ROOT, False)
    return Row(
        "disk-portal",
        done,
        expected,
        f"{result.refused} refused, pages {result.pages[0]}, /readyz red: {_yes(result.red)}; {result.after} tickets "
        f"afterwards; {result.faults[0] if result.faults else '0 faults'}",
        result.pages == (_OK, _OK) and result.red and not result.faults,
    )


async def recorder_disk_row(folder: Path) -> Row:
    done = "the disk of the recordings fills up in a lesson of two voices, and is freed again"
    expected = (
        "the lesson goes on; sound goes on in a new file and the archive says how long it is missing; no stroke is "
        "missing; every file plays"
    )
    try:
        result = await fill_recorder_disk(folder)
    except PermissionError:
        return Row("disk-recorder", done, expected, _NO_ROOT, False)
    return Row(
        "disk-recorder",
        done,
        expected,
        f"{result.while_full} strokes saved meanwhile; {result.recorded} of {result.drawn} strokes recorded; sound "
        f"misses {result.hole_ms / 1000:.1f} s, and goes on: {_yes(result.sound_after)}; sealed: "
        f"{_yes(result.sealed)}; {result.errors[0] if result.errors else '0 faults'}",
        result.recorded == result.drawn
        and result.while_full > 0
        and result.hole_ms > 0
        and result.sound_after
        and result.sealed
        and not result.errors,
    )


def _yes(value: bool) -> str:
    return "yes" if value else "**no**"
