"""What a run does to the service besides using it: kills its relay, and ends its recordings.

On locust's side: the standard library alone, which locust has made cooperative.
"""

from __future__ import annotations

import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec

from loadtests.users.lines import RoomRecording, Row
from whiteboard_crdt.errors import SetupError

__all__ = ["RelayKill", "end_recordings"]

_LOOK_S: Final = 0.02
_BACK_S: Final = 60.0
_SEALED_S: Final = 120.0


class RelayKill:
    """Kills the relay `at_s` after now, and counts how long `/readyz` of the next one takes to answer."""

    def __init__(
        self, at_s: float, relay_url: str, pid: Callable[[], int | None], count: Callable[[Row], None]
    ) -> None:
        self._ready = f"http://{urlsplit(relay_url).netloc}/readyz"
        self._pid = pid
        self._count = count
        self._at_s = at_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="relay-kill", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Kill nothing any more."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        if self._stopped.wait(self._at_s):
            return
        pid = self._pid()
        if pid is None:
            self._count(Row("ROOM", "relay serves again", 0.0, 0, "there was no relay to kill"))
            return
        os.kill(pid, signal.SIGKILL)
        killed_s = time.monotonic()
        while not self._stopped.wait(_LOOK_S) and time.monotonic() - killed_s < _BACK_S:
            if self._pid() not in (None, pid) and self._is_ready():
                self._count(Row("ROOM", "relay serves again", (time.monotonic() - killed_s) * 1000))
                return
        self._count(Row("ROOM", "relay serves again", 0.0, 0, "it did not"))

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(self._ready, timeout=1):
                return True
        except (urllib.error.URLError, OSError):
            return False


def end_recordings(url: str, data: Path) -> list[RoomRecording]:
    """All lessons of a desk of recorders are over; what their archives hold. Raises SetupError, OSError."""
    secret = (data / "keys" / "internal.secret").read_text("ascii").strip()
    request = urllib.request.Request(f"{url}/end", b"", {"Authorization": f"Bearer {secret}"})
    with urllib.request.urlopen(request, timeout=_SEALED_S) as answer:
        try:
            return msgspec.json.decode(answer.read(), type=list[RoomRecording])
        except msgspec.MsgspecError as error:
            raise SetupError(f"The desk of the recorders did not answer as it should: {error}.") from error
