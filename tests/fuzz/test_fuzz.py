from __future__ import annotations

import os

import pytest

from tests.fuzz.run import run_case, run_cases
from tests.fuzz.targets import TARGETS

_SEED = int(os.environ.get("CHALKMESH_FUZZ_SEED", "1"))
_SLICE = 250


# Seeds that once broke a rule, by what they broke.
_FOUND = {
    "append_that_ends_within_its_head": (11, 77_598),
    "deleted_client_without_ranges_that_waits": (12, 60_215),
    "kind_of_anothers_shape_that_was_overwritten": (3, 178_729),
}


@pytest.mark.parametrize(("seed", "case"), _FOUND.values(), ids=_FOUND)
def test_found_before(seed: int, case: int) -> None:
    run_case(seed, case)


@pytest.mark.parametrize("part", range(8))
def test_nothing_from_strangers_breaks_a_rule(part: int) -> None:
    """2,000 cases of the fuzzer; `make fuzz` runs a million."""
    figures = run_cases(_SEED, part * _SLICE, _SLICE)
    assert figures.cases.total() == _SLICE
    assert figures.cases.keys() <= TARGETS.keys()
