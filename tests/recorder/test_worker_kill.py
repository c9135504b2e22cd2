"""A worker that is killed while it encrypts: `kill -9` of the real process."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recorder.ciphered import encrypt_recording, is_ciphered, is_encrypted, open_plain
from recorder.packing import pack_envelopes
from recorder.seal import sha256_file, write_hashes
from recorder.verify import verify
from tests.recorder.test_archive import make_whole

_KILLED = """
import os, signal, sys
from pathlib import Path
from recorder import ciphered
left = int(sys.argv[2])
real = Path.replace
def replace(path, target):
    global left
    left -= 1
    if left < 0:
        os.kill(os.getpid(), signal.SIGKILL)
    return real(path, target)
Path.replace = replace
ciphered.encrypt_recording(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("files_done", [0, 1, 3, 5])
def test_kill_9_leaves_every_file_whole_and_the_next_run_completes(tmp_path: Path, files_done: int) -> None:
    (tmp_path / "keys").mkdir()
    folder = tmp_path / "recordings" / "l1"
    make_whole(folder)
    pack_envelopes(folder)
    (folder / "media" / "large.webm").write_bytes(random.Random(files_done).randbytes(300_000))
    write_hashes(folder, "l1")
    digests = {path: sha256_file(path) for path in [*(folder / "media").iterdir(), folder / "lesson.sqlite"]}
    killed = subprocess.run([sys.executable, "-c", _KILLED, str(folder), str(files_done)], check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL
    # The first three are the school key with its copy, and the recording's.
    assert sum(is_ciphered(path) for path in digests) == max(0, files_done - 3)
    assert {path: sha256_file(path) for path in digests} == digests
    assert verify(folder).errors == []
    encrypt_recording(folder)
    assert is_encrypted(folder)
    assert {path: sha256_file(path) for path in digests} == digests
    with open_plain(folder / "lesson.sqlite") as file:
        assert file.read(6) == b"SQLite"
    assert sorted(path.name for path in folder.iterdir()) == ["lesson.sqlite", "manifest.json", "media"]
