"""Which of two recorders records: `recorder.lease`."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from recorder.lease import FILE, let_the_other_begin, take_lease

HOLD = """
import sys
import time
from pathlib import Path
from recorder.lease import take_lease
print("ready", flush=True)
take_lease(Path(sys.argv[1]))
print("mine", flush=True)
sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLD, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_killed_holder_leaves_the_lease_to_who_stands_by(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "mine\n"
        assert (tmp_path / FILE).read_text() == f"{first.pid}\n"
        with holder(tmp_path) as second:
            assert second.stdout is not None
            os.set_blocking(second.stdout.fileno(), False)
            assert second.stdout.readline() == ""
            os.set_blocking(second.stdout.fileno(), True)
            first.kill()
            assert second.stdout.readline() == "mine\n"
            assert (tmp_path / FILE).read_text() == f"{second.pid}\n"
            second.kill()


def test_free_lease_is_taken_at_once_and_is_not_inherited(tmp_path: Path) -> None:
    lease = take_lease(tmp_path)
    try:
        assert not os.get_inheritable(lease)
    finally:
        os.close(lease)
    os.close(take_lease(tmp_path))


def test_who_starts_beside_another_lets_it_begin_first(tmp_path: Path) -> None:
    began_s = time.monotonic()
    let_the_other_begin(tmp_path)
    assert time.monotonic() - began_s < 0.3
    with holder(tmp_path) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "mine\n"
        began_s = time.monotonic()
        let_the_other_begin(tmp_path)
        assert 0.5 < time.monotonic() - began_s < 5
        other.kill()


def test_a_recorder_that_stands_by_has_loaded_nothing_that_only_films_and_new_archives_need() -> None:
    """Held in memory for a whole school year, twice a host."""
    code = "import recorder.service, sys; print(*{'numpy', 'PIL', 'skia', 'sqlite_utils', 'click'} & {*sys.modules})"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=30)
    assert said.stdout.split() == []
