"""Whether a folder can be written to, and has room: what the parts' readiness and health answers say of their disk."""

from __future__ import annotations

import shutil
from pathlib import Path

__all__ = ["cannot_write", "too_full"]

_PROBE_BYTES = 4096


def cannot_write(folder: Path) -> str:
    """Why nothing can be written there; empty when it can. A file is written whole: a full disk takes empty ones."""
    probe = folder / ".writable"
    try:
        probe.write_bytes(bytes(_PROBE_BYTES))
        probe.unlink()
    except OSError as error:
        _take_away(probe)
        return error.strerror or str(error)
    return ""


def _take_away(probe: Path) -> None:
    """Take away what a full disk left of the probe; where even that is refused, it stays and does no harm."""
    try:
        probe.unlink(missing_ok=True)
    except OSError:
        return


def too_full(folder: Path, least_mb: int) -> str:
    """Says so when the folder's disk has less than `least_mb` (1,000,000 bytes each) free; empty when it has more."""
    try:
        free_mb = shutil.disk_usage(folder).free / 1e6
    except OSError as error:
        return error.strerror or str(error)
    return f"{free_mb:.0f} MB are free, {least_mb} are wanted" if free_mb < least_mb else ""
