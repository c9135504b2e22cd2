"""Loopback only, and what `recorder.ingest.install` changes is put back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.recorder.world import encoded_ingest


@pytest.fixture
def encoded_receivers() -> Iterator[None]:
    """Every connection of this process receives encoded frames."""
    with encoded_ingest():
        yield
