"""What is shipped for operators can be used as it is: the systemd unit, the Containerfile."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT

UNIT = ROOT / "deploy" / "chalkmesh.service"
CONTAINERFILE = ROOT / "deploy" / "Containerfile"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_takes_the_unit_without_a_word(tmp_path: Path) -> None:
    # The program is where an operator installs it, not here.
    text = UNIT.read_text().replace("/opt/chalkmesh/bin/chalkmesh", "/bin/true")
    assert "/bin/true serve" in text
    unit = tmp_path / UNIT.name
    unit.write_text(text)
    done = subprocess.run(["systemd-analyze", "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_containerfile_copies_only_what_there_is_and_asks_a_page_that_there_is() -> None:
    text = CONTAINERFILE.read_text()
    copied = re.findall(r"^COPY (\S+) ", text, re.MULTILINE)
    assert copied == ["requirements.lock", "dist/chalkmesh-*.whl"]
    assert (ROOT / copied[0]).is_file()
    # `make wheel` makes the other one.
    assert "--wheel-dir dist" in (ROOT / "Makefile").read_text()
    assert '@routes.get("/healthz"' in (ROOT / "portal" / "routes" / "health.py").read_text()
