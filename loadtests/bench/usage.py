"""What a server process costs, read from `/proc` (Linux)."""

from __future__ import annotations

from pathlib import Path

__all__ = ["cpu_s", "resident_mb"]


def cpu_s(pid: int) -> float:
    """Processor seconds of all threads so far, to the nanosecond (`/proc/PID/stat` counts hundredths only)."""
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total_ns += int((task / "schedstat").read_text().split()[0])
        except (FileNotFoundError, ProcessLookupError):
            continue  # that thread just ended
    return total_ns / 1e9


def resident_mb(pid: int) -> float:
    """Memory that the process holds now."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise ProcessLookupError(pid)
