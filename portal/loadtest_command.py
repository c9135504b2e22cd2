"""`chalkmesh loadtest`: runs `loadtests.run` in a process of its own, since locust changes the one that it is in."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

if find_spec("locust") is None:
    raise ModuleNotFoundError("no locust", name="locust")


def run_loadtest(scenario: str, options: Mapping[str, object]) -> int:
    """The exit code: 0 when everything held, 1 when not, 2 for what a person can put right."""
    module = "loadtests.replay" if Path(scenario).is_dir() else "loadtests.run"
    words = [sys.executable, "-m", module, scenario]
    for name, value in options.items():
        if value is not None:
            words += [f"--{name}", str(value)]
    # A service manager, or `timeout`, tells only us: the run below must end as by Ctrl-C, with all that it started.
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    process = subprocess.Popen(words)
    try:
        return process.wait()
    except KeyboardInterrupt:
        # The terminal told it too; it takes down what it started.
        process.send_signal(signal.SIGINT)
        return process.wait()
    finally:
        signal.signal(signal.SIGTERM, before)
