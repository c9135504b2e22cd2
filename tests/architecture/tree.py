"""What the repository holds: the files git tracks or would track, and what their Python imports."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


@cache
def repository_files() -> tuple[Path, ...]:
    """Every file that git tracks or does not ignore, relative to the root, sorted."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    names = sorted({name for name in listing.split("\0") if name})
    return tuple(Path(name) for name in names if (ROOT / name).is_file())


def package_modules(package: str) -> tuple[Path, ...]:
    """The Python files of one top-level package, relative to the root."""
    return tuple(path for path in repository_files() if path.parts[0] == package and path.suffix == ".py")


@dataclass(frozen=True)
class Import:
    """One imported module, by its absolute dotted name, and the line that imports it."""

    module: str
    line: int

    @property
    def top(self) -> str:
        """The top-level package of the module."""
        return self.module.split(".", 1)[0]


def imports_of(tree: ast.Module, path: Path) -> Iterator[Import]:
    """Every import in the file, wherever it stands: in functions and under TYPE_CHECKING too."""
    package = path.parts[:-1]
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            prefix = [*base, *(node.module.split(".") if node.module else ())]
            for alias in node.names:
                yield Import(".".join([*prefix, alias.name]), node.lineno)


@cache
def parse(path: Path) -> ast.Module:
    """The syntax tree of a Python file given relative to the root."""
    return ast.parse((ROOT / path).read_text(encoding="utf-8"), filename=str(path))
