"""Writes the tables in docs/operations.md from the code: ``python -m tools.settings_tables``."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup, TyperOption

from portal.cli import app
from portal.serving import ServeSettings
from portal.settings import PortalSettings
from recorder.settings import RecorderSettings
from signaling.settings import RelaySettings

DOCUMENT = Path(__file__).parents[1] / "docs" / "operations.md"
# `Any`: dataclasses have no common type.
PARTS: Mapping[str, Any] = {
    "serve": ServeSettings,
    "portal": PortalSettings,
    "relay": RelaySettings,
    "recorder": RecorderSettings,
}
_TABLE = re.compile(r"<!-- table: (\w+) -->\n.*?<!-- end of table -->", re.DOTALL)


def commands() -> Mapping[str, TyperCommand]:
    """The commands of `chalkmesh` by name; those of a group by both words, as in `audit verify`."""
    group = typer.main.get_command(app)
    if not isinstance(group, TyperGroup):
        raise AssertionError("chalkmesh has several commands")
    found: dict[str, TyperCommand] = {}
    for name, each in group.commands.items():
        if isinstance(each, TyperCommand):
            found[name] = each
        elif isinstance(each, TyperGroup):
            found |= {f"{name} {inner}": one for inner, one in each.commands.items() if isinstance(one, TyperCommand)}
    return found


def flags(command: str) -> Mapping[str, str]:
    """The options of a command: name of the setting → flag."""
    found = {}
    for parameter in commands()[command].params:
        if isinstance(parameter, TyperOption) and parameter.name is not None:
            found[parameter.name] = next(flag for flag in parameter.opts if flag.startswith("--"))
    return found


def settings_table(part: str) -> str:
    """The settings of one part as a Markdown table."""
    lines = ["| setting | default | unit | meaning | flag |", "|---|---|---|---|---|"]
    of_command = flags(part)
    for field in dataclasses.fields(PARTS[part]):
        flag = of_command.get(field.name)
        cells = (
            f"`{field.name}`",
            _default(field.default),
            field.metadata["unit"] or "–",
            _sentence(field.metadata["help"]),
            f"`{flag}`" if flag else "–",
        )
        lines.append(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |")
    return "\n".join(lines)


def commands_table() -> str:
    """The commands as a Markdown table."""
    lines = ["| command | what it is for |", "|---|---|"]
    for name, command in commands().items():
        lines.append(f"| `chalkmesh {name}` | {' '.join((command.help or '').split())} |")
    return "\n".join(lines)


def fill_tables(document: str) -> str:
    """The document with all its tables made anew."""

    def table(found: re.Match[str]) -> str:
        made = commands_table() if found[1] == "commands" else settings_table(found[1])
        return f"<!-- table: {found[1]} -->\n{made}\n<!-- end of table -->"

    return _TABLE.sub(table, document)


def _default(value: object) -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Path) and value.is_absolute():
        return "in the package"
    return f"`{value}`"


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:].removesuffix(".")


if __name__ == "__main__":
    DOCUMENT.write_text(fill_tables(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
