"""The child's side of supervision: a child does not outlive the supervisor that started it, however that one ends."""

import ctypes
import os
import signal
import sys

from whiteboard_crdt.errors import SetupError

SUPERVISOR_PID = "CHALKMESH_SUPERVISOR_PID"
_PR_SET_PDEATHSIG = 1


def follow_supervisor() -> None:
    """Asks the kernel for SIGTERM when the supervisor is gone. Without a supervisor, or not on Linux, does nothing."""
    pid = os.environ.get(SUPERVISOR_PID, "")
    if not pid.isdigit() or sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != int(pid):
        # It went before we asked; the signal would never come.
        raise SetupError("The supervisor that started this process is gone.")
