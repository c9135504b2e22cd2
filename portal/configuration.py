"""One place that decides where a setting comes from: flag > environment > file > default.

The file is `chalkmesh.toml` in the data folder, with a table per part (`[portal]`, `[relay]`, `[recorder]`); the
environment variable of a setting is `CHALKMESH_<PART>_<NAME>`. Standard library only: a relay-only host uses it too.
"""

import dataclasses
import tomllib
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from whiteboard_crdt.errors import SetupError

FILE_NAME = "chalkmesh.toml"
S = TypeVar("S")


def resolve_settings(
    cls: type[S], part: str, flags: Mapping[str, object], environ: Mapping[str, str], file: Path | None
) -> S:
    """A settings dataclass filled from flags (None = not given), environment and file.

    Raises SetupError for an unknown name in the file, or a value that does not parse.
    """
    kinds = typing.get_type_hints(cls)
    names = [each.name for each in dataclasses.fields(cls)]  # type: ignore[arg-type]
    table = _load_table(file, part)
    if unknown := sorted(set(table) - set(names)):
        raise SetupError(f"{file}: [{part}] has no setting {unknown[0]!r}.")
    values: dict[str, object] = {}
    for name in names:
        variable = f"CHALKMESH_{part}_{name}".upper()
        if flags.get(name) is not None:
            values[name] = flags[name]
        elif variable in environ:
            values[name] = _parse(environ[variable], kinds[name], variable)
        elif name in table:
            values[name] = _parse(table[name], kinds[name], f"{file}: [{part}] {name}")
    return cls(**values)


def _load_table(file: Path | None, part: str) -> dict[str, Any]:
    if file is None or not file.is_file():
        return {}
    try:
        table = tomllib.loads(file.read_text(encoding="utf-8")).get(part, {})
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SetupError(f"{file} cannot be read: {error}.") from error
    if not isinstance(table, dict):
        raise SetupError(f"{file}: [{part}] must be a table.")
    return table


def _parse(value: object, kind: Any, source: str) -> object:
    """`value` as the field's type. `Any`: a type hint at run time has no type of its own."""
    options = typing.get_args(kind) if isinstance(kind, types.UnionType) else (kind,)
    target = next(option for option in options if option is not type(None))
    try:
        if target is bool:
            return _parse_bool(value)
        if target in (int, float, str):
            return target(value)
        if target is Path:
            return Path(str(value))
    except ValueError as error:
        raise SetupError(f"{source}: {value!r} is not understood ({target.__name__} expected).") from error
    raise SetupError(f"{source} can only be set by a flag.")


def _parse_bool(value: object) -> bool:
    word = str(value).strip().lower()
    if word in ("1", "true", "yes", "on"):
        return True
    if word in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(word)
