"""Our relay as the benchmark's server: everything on (validation, presence, durable log), only the rate limits raised.

`python -m loadtests.bench.relay DATA PORT`. The limits bound one client's messages a second; a closed loop is there to
go as fast as the server, and rival servers have no such limit.
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

from signaling.server import main
from signaling.settings import RelaySettings

if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
    settings = RelaySettings(
        data=Path(sys.argv[1]), port=int(sys.argv[2]), open_rooms=True, room_clients=1024, open_room_clients=1024,
        messages_s=1e6,
    )  # fmt: skip
    sys.exit(main(settings))
