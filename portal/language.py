"""Words in the reader's language. English stands in code and templates and is the key.

`t("Wait {seconds} seconds.", seconds=9)` is what `languages/<language>.json` says for that sentence, or English where
it says nothing. Twin of `web/src/ui/i18n.ts`: the same files, the same names. Which language is spoken is a context
variable: of the request that is answered, or of whoever a mail is for (`speaking`).
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path

import msgspec
from markupsafe import Markup, escape

ENGLISH = "en"
# What each language calls itself.
LANGUAGES: Mapping[str, str] = {ENGLISH: "English", "es": "Español"}
# Which of its plural forms a language takes for a number (Unicode CLDR; a language file has the same names).
PLURALS: Mapping[str, Callable[[int], str]] = {
    ENGLISH: lambda n: "one" if n == 1 else "other",
    "es": lambda n: "one" if n == 1 else "other",
}
_FOLDER = Path(__file__).resolve().parent / "languages"
_spoken: ContextVar[str] = ContextVar("language", default=ENGLISH)

Words = Mapping[str, str | Mapping[str, str]]


@cache
def words_of(language: str) -> Words:
    """The file of a language, by English sentence; empty for English. Raises msgspec.DecodeError for a broken file."""
    if language == ENGLISH:
        return {}
    content = (_FOLDER / f"{language}.json").read_bytes()
    return msgspec.json.decode(content, type=dict[str, str | dict[str, str]])


def spoken() -> str:
    """The language in force."""
    return _spoken.get()


def speak(language: str) -> None:
    """From now on in this context; what is no language of ours is English."""
    _spoken.set(language if language in LANGUAGES else ENGLISH)


@contextmanager
def speaking(language: str | None) -> Iterator[None]:
    """Speaks a language within the block; None: English."""
    token = _spoken.set(language if language is not None and language in LANGUAGES else ENGLISH)
    try:
        yield
    finally:
        _spoken.reset(token)


def phrase(english: str) -> str:
    """Marks a sentence in a table for the language files; `t` says it where it is shown."""
    return english


def t(english: str, /, **values: object) -> str:
    """The sentence in the language in force, with its values in the places of `{name}`."""
    found = words_of(_spoken.get()).get(english, english)
    sentence = found if isinstance(found, str) else english
    return sentence.format(**values) if values else sentence


def tn(n: int, one: str, many: str, /, **values: object) -> str:
    """A sentence that goes by a number, which is its `{n}`. `many` is the key."""
    return _counted(n, one, many).format(n=f"{n:,}", **values)


def tx(english: str, /, **values: object) -> Markup:
    """As `t`, for templates: values that are `Markup` stay so, and all else is escaped."""
    return Markup(escape(t(english))).format(**values)


def _counted(n: int, one: str, many: str) -> str:
    language = _spoken.get()
    found = words_of(language).get(many)
    if found is None or isinstance(found, str):
        return one if n == 1 else many
    return found.get(PLURALS[language](n)) or found["other"]


def wished_language(header: str) -> str | None:
    """The first of our languages in an `Accept-Language` header (RFC 9110, 12.5.4), by weight; None for none."""
    wishes = []
    for position, part in enumerate(header[:500].split(",")):
        tag, _, parameters = part.strip().partition(";")
        name, _, weight = parameters.strip().partition("=")
        try:
            quality = float(weight) if name.strip() == "q" else 1.0
        except ValueError:
            quality = 0.0
        language = tag.strip().lower().split("-")[0]
        if language in LANGUAGES and quality > 0:
            wishes.append((-quality, position, language))
    return min(wishes)[2] if wishes else None
