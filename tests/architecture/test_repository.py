"""What the repository itself must keep to: locks, file sizes, and nothing of one machine in any file."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.tree import ROOT, repository_files

PYTHON_LOCKS = [Path("requirements.lock"), Path("tools/node.lock")]
NPM_LOCKS = [Path("portal/web/package-lock.json"), Path("tests/interop/package-lock.json")]

CODE_SUFFIXES = frozenset({".css", ".js", ".mjs", ".py", ".sh", ".ts", ".tsx"})
TEXT_SUFFIXES = CODE_SUFFIXES | {".cfg", ".html", ".j2", ".json", ".lock", ".md", ".toml", ".txt", ".yml", ".yaml", ""}
LONGEST_FILE_LINES = 500
# Files that may be longer, each with its reason.
LONG_FILES: dict[str, str] = {}

MACHINE_PATH = re.compile(r"(?<![\w.:/$}-])/(?:home|root|work|farm|Users|opt/wheels|opt/pypi)/[\w.]|[.]pyenv/")
PACKAGE_REGISTRY = re.compile(r"https?://[^/\s\"']*(?:registry|pypi|npmjs|pythonhosted)")
UNFINISHED = re.compile(r"\b(?:T[O]DO|F[I]XME|X[X]X|H[A]CK)\b")


def read(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def text_files() -> list[Path]:
    return [path for path in repository_files() if path.suffix in TEXT_SUFFIXES]


def code_files() -> list[Path]:
    return [path for path in repository_files() if path.suffix in CODE_SUFFIXES]


def python_lock_entries(path: Path) -> dict[str, tuple[Requirement, int]]:
    """Each locked requirement by name, with the number of hashes it carries."""
    entries: dict[str, tuple[Requirement, int]] = {}
    lines = [line for line in read(path).splitlines() if not line.startswith("#")]
    for entry in re.split(r"\n(?=\S)", "\n".join(lines).strip()):
        requirement, *hashes = [part.strip() for part in entry.split("\\\n")]
        parsed = Requirement(requirement)
        count = sum(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", each) is not None for each in hashes)
        assert count == len(hashes), f"{path}: {parsed.name} carries something that is no sha256 hash"
        entries[canonicalize_name(parsed.name)] = (parsed, count)
    return entries


def npm_lock_packages(path: Path) -> dict[str, dict[str, Any]]:
    packages: dict[str, dict[str, Any]] = json.loads(read(path))["packages"]
    return packages


@pytest.mark.parametrize("path", PYTHON_LOCKS, ids=str)
def test_python_lock_has_hashes_and_no_addresses(path: Path) -> None:
    assert "://" not in read(path)
    for name, (requirement, hashes) in python_lock_entries(path).items():
        assert requirement.url is None, name
        assert [each.operator for each in requirement.specifier] == ["=="], name
        assert hashes > 0, name


@pytest.mark.parametrize("path", NPM_LOCKS, ids=str)
def test_npm_lock_has_hashes_and_no_addresses(path: Path) -> None:
    for name, package in npm_lock_packages(path).items():
        assert "resolved" not in package, name
        if name:
            assert package["integrity"].startswith("sha512-"), name
            assert package["version"], name


def test_python_lock_holds_all_that_pyproject_declares() -> None:
    project = tomllib.loads(read(Path("pyproject.toml")))["project"]
    locked = python_lock_entries(PYTHON_LOCKS[0])
    for line in [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]:
        wanted = Requirement(line)
        name = canonicalize_name(wanted.name)
        if name == project["name"]:
            continue
        assert name in locked, f"{line}: run 'make lock'"
        [pinned] = locked[name][0].specifier
        assert wanted.specifier.contains(pinned.version), f"{line} does not admit {pinned.version}: run 'make lock'"


@pytest.mark.parametrize("path", NPM_LOCKS, ids=str)
def test_npm_lock_is_of_its_package_json(path: Path) -> None:
    manifest = json.loads(read(path.with_name("package.json")))
    locked = npm_lock_packages(path)[""]
    for kind in ("dependencies", "devDependencies"):
        assert locked.get(kind, {}) == manifest.get(kind, {}), "run 'make lock'"


def test_yjs_is_the_same_in_the_client_and_in_its_peers() -> None:
    client, peer = (npm_lock_packages(path)["node_modules/yjs"]["version"] for path in NPM_LOCKS)
    assert client == peer


def test_no_file_is_long_without_a_reason() -> None:
    lengths = {str(path): len(read(path).splitlines()) for path in code_files()}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_FILE_LINES}
    assert {name: lines for name, lines in long.items() if name not in LONG_FILES} == {}
    assert [name for name in LONG_FILES if name not in long] == [], "no longer long: take it off the list"


@pytest.mark.parametrize(
    ("pattern", "what"),
    [(MACHINE_PATH, "a path of one machine"), (PACKAGE_REGISTRY, "a package registry's address")],
    ids=["machine path", "registry"],
)
def test_no_file_names_one_machine(pattern: re.Pattern[str], what: str) -> None:
    found = [
        f"{path}:{number} has {what}: {match.group()}"
        for path in text_files()
        for number, line in enumerate(read(path).splitlines(), start=1)
        if (match := pattern.search(line))
    ]
    assert found == []


def test_no_code_is_marked_unfinished() -> None:
    found = [
        f"{path}:{number}"
        for path in code_files()
        for number, line in enumerate(read(path).splitlines(), start=1)
        if UNFINISHED.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("data = '/" + "home/ann/x'", True),
        ("see /" + "root/.cache", True),
        ("https://example.org/home/page", False),
        ("GET /lessons/home/", False),
        ("${DATA}/work/a", False),
    ],
)
def test_machine_path_pattern(line: str, expected: bool) -> None:
    assert bool(MACHINE_PATH.search(line)) is expected
