"""Damaged recordings, a few of them: `tests/fuzz/archives.py` has as many as one likes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.archives import make_good, run_case


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_good(tmp_path_factory.mktemp("good") / "lesson")


# 3 and 11: times that were text, and without end.
@pytest.mark.parametrize("seed", [1, 2, 3, 7, 11, 23])
def test_a_damaged_recording_is_played_as_far_as_it_can_be_read_or_refused_in_a_sentence(good: Path, seed: int) -> None:
    run_case(good, seed)
