"""A relay whose host's clock is set while it runs: by as many seconds as DATA/clock says, as soon as that is there."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

from signaling.server import main
from signaling.settings import RelaySettings


def set_by(file: Path) -> None:
    """From now on the wall clock is ahead by what the file says; the monotonic one is as it was."""
    nanoseconds, seconds = time.time_ns, time.time

    def ahead_s() -> int:
        return int(file.read_text()) if file.exists() else 0

    time.time_ns = lambda: nanoseconds() + ahead_s() * 1_000_000_000
    time.time = lambda: seconds() + ahead_s()


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, stream=sys.stderr)
    data = Path(sys.argv[1])
    set_by(data / "clock")
    sys.exit(main(RelaySettings(data=data, port=int(sys.argv[2]))))
