"""What a roster says, whatever file it came from, and what was wrong in the file."""

import re
from dataclasses import dataclass, field

KINDS = ("1:1", "1:4")
CAPACITY = {"1:1": 1, "1:4": 4}
# A page shows this many; whoever has more wrong lines has one mistake many times.
MAX_PROBLEMS = 200

_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[^@\s,;<>\"]{1,185}\.[A-Za-z0-9-]{2,63}")
_GRADE = re.compile(r"[A-Za-z0-9 +-]{1,16}")
_LOGIN = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,98}[a-z0-9]")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something in a file that keeps it from being applied. `line` counts from 1, the heading; 0: the whole file."""

    file: str
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class RosterStudent:
    """A student as the roster has them. `active` False: leaves. `subjects` None: the file does not speak of them."""

    external_id: str
    given_name: str
    family_name: str
    grade: str
    email: str
    login: str
    subjects: frozenset[str] | None
    kind: str
    active: bool = True
    # The file does not say that this is a student: only one whom the school has already is changed.
    known_only: bool = False


@dataclass(slots=True)
class Roster:
    """A whole upload, parsed. `bulk`: who is not in it leaves; otherwise it speaks only of those whom it names."""

    bulk: bool
    students: dict[str, RosterStudent] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, file: str, line: int, words: str) -> None:
        """Adds a problem, up to the bound."""
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(file, line, words))


def check_name(text: str) -> str | None:
    """What is wrong with a person's name, or None."""
    if not text:
        return "is empty"
    if len(text) > 100:
        return "is longer than 100 characters"
    return "holds characters that are not printable" if not text.isprintable() else None


def check_email(text: str) -> str | None:
    """What is wrong with a mail address, or None; empty is fine."""
    return None if not text or _EMAIL.fullmatch(text) else "is not a mail address"


def check_id(text: str) -> str | None:
    """What is wrong with the school's id of a person or class, or None."""
    if not text:
        return "is empty"
    return "is longer than 200 characters" if len(text) > 200 or not text.isprintable() else None


def normal_grade(text: str) -> str | None:
    """A grade as it is compared: `07` and `7` are one, `K` and `KG` are one; None where it is no grade."""
    text = text.strip().upper()
    if text in ("KG", "KINDERGARTEN"):
        return "K"
    if text.isascii() and text.isdigit():
        return str(int(text)) if len(text) <= 4 else None
    return text if not text or _GRADE.fullmatch(text) else None


def check_login(text: str) -> str | None:
    """What is wrong with a user name, or None; empty is fine, one is made then."""
    return None if not text or _LOGIN.fullmatch(text) else "is not a user name (letters, digits, . _ @ + -)"
