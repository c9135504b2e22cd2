"""What the documents name is there: links and their headings, files, make's targets, commands and their options."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, repository_files
from tools.settings_tables import commands

DOCUMENTS = [path for path in repository_files() if path.suffix == ".md" and path.name != "CHANGELOG.md"]
LINK = re.compile(r"\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)")
CODE = re.compile(r"```.*?```|`[^`\n]+`", re.DOTALL)
# Files of a running service, or of a benchmark, and not of the repository.
ELSEWHERE = re.compile(r"DATA/|keys/|loadtests/results/|/")


@cache
def text_of(path: Path) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


@cache
def headings(path: Path) -> frozenset[str]:
    """The anchors that a Markdown page gives its headings, as GitHub forms them."""
    lines = re.findall(r"^#+ (.*)$", text_of(path), re.MULTILINE)
    return frozenset(re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-") for line in lines)


def code_in(path: Path) -> Iterator[str]:
    """What stands between backticks, with the ends of continued lines joined."""
    for found in CODE.findall(text_of(path)):
        yield found.strip("`").replace("\\\n", " ")


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    pictures = [(name, "") for name in re.findall(r'\bsrc(?:set)?="([^"]+)"', text_of(path))]
    for target, anchor in [*LINK.findall(text_of(path)), *pictures]:
        file = (ROOT / path.parent / target).resolve() if target else ROOT / path
        if not file.exists() or (anchor and anchor not in headings(file.relative_to(ROOT))):
            broken.append(f"{target}#{anchor}")
    assert broken == []


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_files_that_are_named_are_there(path: Path) -> None:
    named = {
        code
        for code in code_in(path)
        if re.fullmatch(r"[\w./-]+/[\w.-]+\.(?:py|tsx?|mjs|json|toml|md|css|sh|yml)", code)
    }
    known = [f"/{file}" for file in repository_files()]
    missing = [
        name for name in named if not ELSEWHERE.match(name) and not any(file.endswith(f"/{name}") for file in known)
    ]
    assert sorted(missing) == []


def test_targets_of_make_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", text_of(Path("Makefile")), re.MULTILINE))
    named = {
        name for path in DOCUMENTS for code in code_in(path) for name in re.findall(r"(?:^|\n)make ([a-z][\w-]*)", code)
    }
    assert named - targets == set()
    assert len(named) > 10


@pytest.mark.parametrize("path", DOCUMENTS, ids=str)
def test_commands_that_are_named_exist_with_their_options(path: Path) -> None:
    wrong = []
    for line in (line for code in code_in(path) for line in re.findall(r"\bchalkmesh ([a-z][^\n|]*)", code)):
        words = re.split(r"[\s=]+", line)
        name = next((each for each in (words[0], " ".join(words[:2])) if each in commands()), None)
        if name is None:
            wrong.append(line)
            continue
        known = {flag for parameter in commands()[name].params for flag in parameter.opts} | {"--help"}
        wrong += [f"{name} {word}" for word in words if re.match(r"--?[a-z]", word) and word not in known]
    assert wrong == []


def test_decisions_are_numbered_without_a_gap() -> None:
    numbers = [int(path.name[:4]) for path in DOCUMENTS if path.parent.name == "decisions"]
    assert numbers[0] == 1 and all(after == before + 1 for before, after in pairwise(numbers))
