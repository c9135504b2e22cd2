"""Which of several recorder processes on one folder records: the one that holds the lease. The others stand by.

Starting Python and loading WebRTC takes longer than everything else that a new recorder does before it has media again.
A second process that has done both and waits for the lease takes over at once: the kernel gives the lease on in the
moment in which its holder dies, however it dies.
"""

from __future__ import annotations

import fcntl
import logging
import os
import time
from pathlib import Path

__all__ = ["FILE", "let_the_other_begin", "take_lease"]

log = logging.getLogger("chalkmesh.recorder")

FILE = ".lease"
# What taking over needs, on a busy machine too.
_BEGIN_S = 0.8
_LOOK_S = 0.05


def let_the_other_begin(recordings: Path) -> None:
    """Wait a moment if another process holds the lease, before loading anything.

    When a recorder died, the other one takes over while this one starts in its place: loading costs a second of
    processor time, which then belongs to the one that is about to record.
    """
    until_s = time.monotonic() + _BEGIN_S
    while time.monotonic() < until_s and _is_held(recordings):
        time.sleep(_LOOK_S)


def _is_held(recordings: Path) -> bool:
    try:
        lease = os.open(recordings / FILE, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(lease)
    return False


def take_lease(recordings: Path) -> int:
    """Wait until this process is the one that records in that folder; returns a descriptor to keep open.

    The file then holds its process id, for people. Blocks, and is meant to be called before there is an event loop.
    Raises OSError where the folder takes no file.
    """
    # Not inherited by the processes that make films: those may outlive a recorder.
    lease = os.open(recordings / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(lease, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        log.info("recorder stands by")
        fcntl.flock(lease, fcntl.LOCK_EX)
        log.info("recorder takes over")
    os.ftruncate(lease, 0)
    os.pwrite(lease, f"{os.getpid()}\n".encode(), 0)
    return lease
