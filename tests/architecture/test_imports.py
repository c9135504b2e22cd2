"""Imports go one way, each package imports only what its extra declares, and the core is pure."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, imports_of, package_modules, parse

# Which of our packages each may import besides itself: portal → recorder → signaling → whiteboard_crdt.
MAY_IMPORT: dict[str, frozenset[str]] = {
    "whiteboard_crdt": frozenset(),
    "signaling": frozenset({"whiteboard_crdt"}),
    "recorder": frozenset({"signaling", "whiteboard_crdt"}),
    "portal": frozenset({"recorder", "signaling", "whiteboard_crdt"}),
    "loadtests": frozenset({"signaling", "whiteboard_crdt"}),
}
# A benchmark may also import the package that it measures, and what that one needs; it is run from a checkout, where
# everything is installed.
MEASURES: dict[str, str] = {
    "loadtests/bench/portal": "portal",
    "loadtests/bench/recorder": "recorder",
    "loadtests/recording": "recorder",
    "loadtests/replay": "recorder",
}
# The extra that must be installed for each package to work; the core needs none.
EXTRA: dict[str, str | None] = {
    "whiteboard_crdt": None,
    "signaling": "relay",
    "recorder": "recorder",
    "portal": "portal",
    "loadtests": "loadtest",
}
# Modules that are used only where somebody installed more: the extra that must be there for them.
EXTRA_OF_MODULE = {"recorder/captions_whisper.py": "captions"}
OURS = frozenset(MAY_IMPORT) | {"tests", "tools"}

# Of the base dependencies, those that compute and do nothing else.
PURE_LIBRARIES = frozenset(
    {"cryptography", "fractional_indexing", "jwt", "msgspec", "numpy", "perfect_freehand", "pycrdt"}
)
# Of the standard library, what a module without I/O, clock, scheduler or chance has use for.
# datetime is here for its arithmetic: asking it for the present is refused below.
PURE_STANDARD_LIBRARY = frozenset(
    """
    __future__ abc array base64 binascii bisect collections contextlib copy dataclasses datetime decimal enum
    fractions functools hashlib heapq hmac itertools json keyword math numbers operator re statistics string
    struct textwrap types typing typing_extensions unicodedata weakref zlib
    """.split()
)
# Modules of the core that may import something more, with the reason. Everything else is injected.
PURITY_EXCEPTIONS: dict[tuple[str, str], str] = {}
PACKAGE_DATA = "importlib.resources"
IMPURE_BUILTINS = frozenset({"open", "print", "input", "exec", "eval", "breakpoint", "__import__"})
CLOCK_METHODS = frozenset({"now", "utcnow", "today"})


def modules_of_all_packages() -> list[tuple[str, Path]]:
    return [(package, path) for package in MAY_IMPORT for path in package_modules(package)]


def ids(case: tuple[str, Path]) -> str:
    return str(case[1])


@cache
def importable_with(extra: str | None) -> frozenset[str]:
    """The top-level modules of the distributions that pyproject.toml declares for an extra."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own_name = canonicalize_name(project["name"])

    def declared(lines: list[str]) -> set[str]:
        names: set[str] = set()
        for line in lines:
            requirement = Requirement(line)
            if canonicalize_name(requirement.name) == own_name:
                for inner in requirement.extras:
                    names |= declared(project["optional-dependencies"][inner])
            else:
                names.add(canonicalize_name(requirement.name))
        return names

    wanted = declared(project["dependencies"])
    if extra is not None:
        wanted |= declared(project["optional-dependencies"][extra])
    return frozenset(
        module
        for module, distributions in packages_distributions().items()
        if any(canonicalize_name(name) in wanted for name in distributions)
    )


@pytest.mark.parametrize("case", modules_of_all_packages(), ids=ids)
def test_imports_between_our_packages_go_one_way(case: tuple[str, Path]) -> None:
    package, path = case
    allowed = MAY_IMPORT[package] | {package}
    if (measured := MEASURES.get(path.parent.as_posix())) is not None:
        allowed |= {measured}
    wrong = [
        f"{path}:{found.line} imports {found.module}"
        for found in imports_of(parse(path), path)
        if found.top in OURS and found.top not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("case", modules_of_all_packages(), ids=ids)
def test_third_party_imports_are_declared_for_the_extra_of_the_package(case: tuple[str, Path]) -> None:
    package, path = case
    extra = EXTRA_OF_MODULE.get(path.as_posix(), EXTRA[package])
    allowed = importable_with(extra) | sys.stdlib_module_names | OURS
    if (measured := MEASURES.get(path.parent.as_posix())) is not None:
        allowed |= importable_with(EXTRA[measured])
    wrong = [
        f"{path}:{found.line} imports {found.module}, which pyproject.toml does not declare for {extra!r}"
        for found in imports_of(parse(path), path)
        if found.top not in allowed
    ]
    assert wrong == []


@pytest.mark.parametrize("path", package_modules("whiteboard_crdt"), ids=str)
def test_core_imports_nothing_with_io_clock_or_chance(path: Path) -> None:
    allowed = PURE_LIBRARIES | PURE_STANDARD_LIBRARY | {"whiteboard_crdt"}
    wrong = [
        f"{path}:{found.line} imports {found.module}"
        for found in imports_of(parse(path), path)
        if found.top not in allowed
        and not found.module.startswith(PACKAGE_DATA)
        and (str(path), found.top) not in PURITY_EXCEPTIONS
    ]
    assert wrong == []


@pytest.mark.parametrize("path", package_modules("whiteboard_crdt"), ids=str)
def test_core_calls_no_clock_and_opens_nothing(path: Path) -> None:
    wrong = []
    for node in ast.walk(parse(path)):
        if not isinstance(node, ast.Call):
            continue
        called = node.func
        if isinstance(called, ast.Name) and called.id in IMPURE_BUILTINS:
            wrong.append(f"{path}:{node.lineno} calls {called.id}()")
        if isinstance(called, ast.Attribute) and called.attr in CLOCK_METHODS and names_datetime(called.value):
            wrong.append(f"{path}:{node.lineno} asks for the present: {ast.unparse(called)}()")
    assert wrong == []


def names_datetime(value: ast.expr) -> bool:
    """Whether an expression is the datetime module or one of its classes by its usual name."""
    return ast.unparse(value) in {"datetime", "date", "datetime.datetime", "datetime.date", "dt", "dt.datetime"}


def test_every_purity_exception_is_still_needed() -> None:
    unused = [
        (name, module)
        for name, module in PURITY_EXCEPTIONS
        if not any(found.top == module for found in imports_of(parse(Path(name)), Path(name)))
    ]
    assert unused == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b, c", ["a.b", "c"]),
        ("from a.b import c", ["a.b.c"]),
        ("from . import d", ["signaling.links.d"]),
        ("from ..room import Room", ["signaling.room.Room"]),
        ("def f():\n    import late", ["late"]),
        ("if TYPE_CHECKING:\n    from recorder import archive", ["recorder.archive"]),
    ],
)
def test_the_walk_sees_every_form_of_import(source: str, expected: list[str]) -> None:
    found = imports_of(ast.parse(source), Path("signaling/links/websocket.py"))
    assert [each.module for each in found] == expected
