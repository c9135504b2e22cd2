"""Logs hold ids only: no call of a logger is handed what a person is called, wrote, said or draws."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.architecture.tree import package_modules, parse

PACKAGES = ("whiteboard_crdt", "signaling", "recorder", "portal")
LEVELS = frozenset({"debug", "info", "warning", "error", "exception", "critical", "log"})
# What such values are called in this code.
PRIVATE = frozenset(
    """
    answer body candidate content display_name email login message note password said sdp subject text title token
    words
    """.split()
)
# Things with names that are no person's: files and folders, sockets by their number, processes, enums.
NAMED_THINGS = frozenset("_folder aside client folder kind parent path spec writer self __class__".split())


def logged(tree: ast.Module) -> Iterator[tuple[int, ast.expr]]:
    """Each value that a logger is handed, with its line."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr in LEVELS and ast.unparse(node.func.value).rsplit(".", 1)[-1].lower() in ("log", "_log"):
            for value in (*node.args[1:], *(keyword.value for keyword in node.keywords)):
                yield node.lineno, value


def is_private(value: ast.expr) -> bool:
    if isinstance(value, ast.Name):
        return value.id in PRIVATE
    if not isinstance(value, ast.Attribute):
        return False
    if value.attr == "name":
        owner = value.value
        last = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
        # `type(error).__name__` is another attribute; what a call returns has no name of its own here.
        return last not in NAMED_THINGS
    return value.attr in PRIVATE


@pytest.mark.parametrize("package", PACKAGES)
def test_no_logger_is_handed_names_or_content(package: str) -> None:
    wrong = [
        f"{path}:{line} logs {ast.unparse(value)}"
        for path in package_modules(package)
        for line, value in logged(parse(path))
        if is_private(value)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("log.info('x name=%s', person.name)", True),
        ("self._log.warning('x', text=message.text)", True),
        ("log.info('x %s', sdp)", True),
        ("log.info('x %s', folder.name)", False),
        ("log.info('x %s', ticket.session)", False),
        ("log.info('x %s', type(error).__name__)", False),
    ],
)
def test_the_rule_finds_what_it_should(code: str, found: bool) -> None:
    assert any(is_private(value) for _, value in logged(ast.parse(code))) is found


def test_there_is_something_to_look_at() -> None:
    assert sum(1 for package in PACKAGES for path in package_modules(package) for _ in logged(parse(path))) > 100
