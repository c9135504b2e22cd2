"""The files of vectors are what their generator makes of today's code."""

from __future__ import annotations

import pytest

from tests.vectors.generate import FILES, FOLDER, render


@pytest.mark.parametrize("name", FILES)
def test_file_equals_its_generator(name: str) -> None:
    assert (FOLDER / name).read_text() == render(name), "run: python -m tests.vectors.generate"


def test_every_file_is_described() -> None:
    described = (FOLDER / "README.md").read_text()
    assert all(f"`{path.name}`" in described for path in FOLDER.glob("*.json"))
