"""Holds pages, mails and refusals to the language files: every sentence is in them, and none is there for nothing."""

import ast
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import jinja2
import pytest
from jinja2 import nodes

import portal
from portal.language import ENGLISH, LANGUAGES, PLURALS, words_of

_ROOT = Path(portal.__file__).parent
_NAMES = ("t", "tx", "tn", "phrase")
_OTHERS = sorted(set(LANGUAGES) - {ENGLISH})


@dataclass(frozen=True)
class Said:
    """A sentence as code or a template says it. `plural`: it goes by a number."""

    where: str
    english: str
    plural: bool


def _in_python(path: Path) -> Iterator[Said]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _NAMES:
            place = 2 if node.func.id == "tn" else 0
            for text in _texts(node.args[place]):
                yield Said(f"{path.name}:{node.lineno}", text, node.func.id == "tn")


def _texts(node: ast.expr) -> Iterator[str]:
    """A literal, or both sides of a choice between two; nothing for a sentence that was marked elsewhere."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)


def _in_template(path: Path) -> Iterator[Said]:
    for call in jinja2.Environment().parse(path.read_text(encoding="utf-8")).find_all(nodes.Call):
        if isinstance(call.node, nodes.Name) and call.node.name in _NAMES:
            text = call.args[2 if call.node.name == "tn" else 0]
            if isinstance(text, nodes.Const):
                yield Said(f"{path.name}:{call.lineno}", text.value, call.node.name == "tn")


def _everything() -> list[Said]:
    said = [each for path in _ROOT.glob("templates/*.html") for each in _in_template(path)]
    sources = [path for path in _ROOT.rglob("*.py") if "node_modules" not in path.parts]
    return [*said, *(each for path in sources for each in _in_python(path))]


@pytest.fixture(scope="module")
def said() -> list[Said]:
    """All that the portal says to people in words that are translated."""
    return _everything()


@pytest.mark.parametrize("language", _OTHERS)
def test_every_sentence_is_in_the_language_file(language: str, said: list[Said]) -> None:
    words = words_of(language)
    assert sorted({f"{each.where} {each.english}" for each in said if each.english not in words}) == []


@pytest.mark.parametrize("language", _OTHERS)
def test_no_translation_is_of_something_that_nobody_says(language: str, said: list[Said]) -> None:
    assert set(words_of(language)) - {each.english for each in said} == set()


@pytest.mark.parametrize("language", _OTHERS)
def test_translations_take_the_values_and_plurals_of_their_english(language: str, said: list[Said]) -> None:
    wrong, words = [], words_of(language)
    for each in said:
        found = words.get(each.english)
        if found is None:
            continue
        forms = {"other": found} if isinstance(found, str) else found
        if each.plural is isinstance(found, str):
            wrong.append(f"{each.where} {each.english}: a plural on one side only")
        if each.plural and not {PLURALS[language](n) for n in range(200)} <= set(forms):
            wrong.append(f"{each.where} {each.english}: a plural form is missing")
        for category, form in forms.items():
            # "One page" needs no number.
            spare = {"n"} if category == "one" else set()
            if _holes(form) - spare != _holes(each.english) - spare:
                wrong.append(f"{each.where} {each.english}: other values in “{form}”")
    assert wrong == []


def _holes(sentence: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(sentence) if name is not None}
