"""The page of figures is made of whatever results there are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from loadtests.netlab import page

LESSON = {
    "profile": "two-mbit", "people": 5, "browsers": 2, "seconds": 30, "concealed": [0.001, 0.02], "silent_seconds": 0,
    "seen_ms": [90.0, 80.0, 250.0], "up_kbps": [1500, 1600], "down_kbps": [1300, 1400], "queue_drops": 3,
    "cpu_share": 0.8, "holds": False,
}  # fmt: skip
OUTAGE = {
    "name": "a new address",
    "strokes": 5,
    "whole_s": 1.0,
    "linked_s": 2.0,
    "p50_ms": 100,
    "p99_ms": 200,
    "ok": True,
}
LINES = {
    "profile": "lossy", "rate": 20, "ratios": {"p50": 1, "p99": 0.24},
    "rounds": {"ours": [[100, 180, 200, 300, 0], [104, 150, 160, 300, 0]], "y-websocket": [[110, 750, 860, 300, 0]]},
}  # fmt: skip


def test_nothing_measured_is_a_page_without_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    assert "Lessons on thin lines" not in page.format_page("2026-01-02")


def test_rows_say_what_was_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "RESULTS", tmp_path)
    (tmp_path / "lines-20.json").write_text(json.dumps(LINES))
    (tmp_path / "lesson-five.json").write_text(json.dumps(LESSON))
    (tmp_path / "outages.json").write_text(json.dumps([OUTAGE]))
    text = page.format_page("2026-01-02")
    assert "| 20 | ours | 102 (100…104) | 165 (150…180) | 200 | 0 | 0.24 |" in text
    assert "1.05%, 2.00%" in text and "**missed**" in text
    assert "| a new address | 5 | 1.0 | 2.0 | 100, 200 | ok |" in text
