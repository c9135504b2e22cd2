"""What is left out of a film of somebody who took part: voice, camera, ink, name (`docs/recording.md`, Redaction)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recorder.naming import NameMask
from recorder.reading import ArchiveReader, SessionRow
from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.ids import Role

EVERYBODY: Final = "*"


class Part(StrEnum):
    """What can be left out."""

    VOICE = "voice"
    VIDEO = "video"
    INK = "ink"
    NAME = "name"


@dataclass(frozen=True, slots=True)
class Redaction:
    """Pairs of what and of whom (a user id, or `*`), in order, so that equal redactions look the same."""

    hidden: tuple[tuple[str, str], ...] = ()

    def hides(self, part: Part, user: str) -> bool:
        """Whether this of that user is left out."""
        return (part.value, user) in self.hidden or (part.value, EVERYBODY) in self.hidden

    def check(self, archive: ArchiveReader) -> None:
        """Raises SetupError for somebody who was not there: a slip must not show what was to be hidden."""
        known = {row.user for row in archive.sessions.values()} | {EVERYBODY}
        for _, user in self.hidden:
            if user not in known:
                raise SetupError(f"{user} took no part in the lesson in {archive.folder}")

    def names(self, people: Iterable[SessionRow]) -> Mapping[str, str]:
        """What is shown for each user's name: it, or the part they had and a number."""
        shown: dict[str, str] = {}
        for row in people:
            if not self.hides(Part.NAME, row.user):
                shown[row.user] = row.name
            elif row.user not in shown:
                words = _ROLE_WORDS.get(row.role, "Participant")
                count = sum(name.startswith(f"{words} ") for name in shown.values())
                shown[row.user] = f"{words} {count + 1}"
        return shown

    def mask(self, people: Iterable[SessionRow]) -> NameMask:
        """Finds the names that are left out in what others wrote or were heard to say."""
        rows = list(people)
        shown = self.names(rows)
        return NameMask({row.name: shown[row.user] for row in rows if self.hides(Part.NAME, row.user)})


_ROLE_WORDS: Final = {Role.TUTOR.value: "Tutor", Role.STUDENT.value: "Student"}


def parse_redaction(words: Iterable[str]) -> Redaction:
    """From `voice:USER`, `video:USER`, `ink:USER`, `name:USER` and `all:USER`. Raises SetupError."""
    hidden: set[tuple[str, str]] = set()
    for word in words:
        what, colon, user = word.partition(":")
        parts = list(Part) if what == "all" else [part for part in Part if part == what]
        if not (parts and colon and user):
            raise SetupError(f"“{word}” is not one of voice:USER, video:USER, ink:USER, name:USER, all:USER")
        hidden |= {(part.value, user) for part in parts}
    return Redaction(tuple(sorted(hidden)))
