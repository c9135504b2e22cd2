"""Makes this process run only when nobody else wants the processor."""

from __future__ import annotations

import os


def become_idle() -> None:
    """SCHED_IDLE where the kernel has it, and the lowest priority in any case. Never fails: politeness is no duty."""
    os.nice(19)
    if hasattr(os, "SCHED_IDLE"):
        try:
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
        except OSError:
            # A container may forbid it; nice 19 stays.
            return
