"""docs/operations.md against the code: its tables, and every command, option, setting and path that it names."""

from __future__ import annotations

import dataclasses
import re
import tomllib

import pytest

from tools.settings_tables import DOCUMENT, PARTS, commands, fill_tables

TEXT = DOCUMENT.read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w+)\n(.*?)```", TEXT, re.DOTALL)
GLOBAL = {"--help"}


def test_tables_are_as_the_code_says() -> None:
    assert fill_tables(TEXT) == TEXT, "run: python -m tools.settings_tables"


def test_every_part_has_its_table() -> None:
    assert set(re.findall(r"<!-- table: (\w+) -->", TEXT)) == {"commands", *PARTS}


@pytest.mark.parametrize("line", re.findall(r"chalkmesh (?=[a-z])[^\n`|]*", TEXT))
def test_commands_in_the_text_exist_with_their_options(line: str) -> None:
    _, name, *words = line.split()
    assert name in commands()
    known = {flag for parameter in commands()[name].params for flag in parameter.opts} | GLOBAL
    assert {word for word in words if word.startswith("--")} <= known


@pytest.mark.parametrize("block", [body for kind, body in BLOCKS if kind == "toml"])
def test_settings_in_the_text_exist(block: str) -> None:
    for part, table in tomllib.loads(block).items():
        assert set(table) <= {field.name for field in dataclasses.fields(PARTS[part])}


def test_environment_variables_in_the_text_exist() -> None:
    for part, setting in re.findall(r"CHALKMESH_([A-Z]+)_([A-Z_]+)=", TEXT):
        assert setting.lower() in {field.name for field in dataclasses.fields(PARTS[part.lower()])}


@pytest.mark.parametrize("said", ["the room log cannot store", "record damaged, set aside room=", "log mended",
                                  "snapshots damaged", "stored snapshot not taken", "the CRDT library panicked",
                                  "child_frozen", "child_died"])  # fmt: skip
def test_what_the_incidents_quote_is_what_is_logged(said: str) -> None:
    assert said in TEXT.replace("\n", " ")
    sources = [*DOCUMENT.parents[1].glob("signaling/*.py"), *DOCUMENT.parents[1].glob("portal/*.py")]
    assert any(said in source.read_text(encoding="utf-8") for source in sources)
