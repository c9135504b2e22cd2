"""Names of things: sessions, users, rooms, documents, shapes, and the roles of participants."""

from __future__ import annotations

import re
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple, NewType

from whiteboard_crdt.errors import ProtocolError

__all__ = [
    "BOARD", "CHAT", "DESK_USER_BYTES", "MAIN_PAGE", "STAFF", "STAGE", "Capability", "ClientId", "DocKind", "DocRef",
    "MessageId", "PageId", "Role", "RoomId", "SessionId", "ShapeId", "UserId", "format_number", "own_id",
    "parse_number", "parse_session", "session_of",
]  # fmt: skip

SessionId = NewType("SessionId", str)
"""16 lower-case hex digits; 8 bytes on the wire (W4)."""
UserId = NewType("UserId", str)
RoomId = NewType("RoomId", str)
ClientId = NewType("ClientId", int)
"""Yjs client id, uint32. One for each session (D2, T4)."""
ShapeId = NewType("ShapeId", str)
"""`<session>-<n in base 36>`, as are page and message ids."""
PageId = NewType("PageId", str)
MessageId = NewType("MessageId", str)

DESK_USER_BYTES: Final = 64
MAIN_PAGE: Final = PageId("main")

_SESSION = re.compile(r"[0-9a-f]{16}")
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_NUMBER = re.compile(r"[1-9a-z][0-9a-z]{0,9}")


class Role(StrEnum):
    """What a participant is in the room; stands in the ticket."""

    TUTOR = "tutor"
    STUDENT = "student"
    COORDINATOR = "coordinator"
    REVIEWER = "reviewer"
    RECORDER = "recorder"
    BOT = "bot"


STAFF: Final = frozenset({Role.TUTOR, Role.COORDINATOR})


class Capability(StrEnum):
    """What a ticket allows to be written or sent."""

    BOARD = "board"
    STAGE = "stage"
    CHAT = "chat"
    MEDIA = "media"
    PRESENCE = "presence"
    DESK = "desk"
    """Desks are off where the school's policy does not give this."""


class DocKind(IntEnum):
    """The first byte of a docref (D1)."""

    BOARD = 0
    STAGE = 1
    CHAT = 2
    DESK = 3


class DocRef(NamedTuple):
    """One document of a room (D1). `user` is set for a desk only. Keys of the hot path: a tuple hashes in C."""

    kind: DocKind
    user: str = ""

    @property
    def text(self) -> str:
        """`board`, `stage`, `chat` or `desk/<user>`."""
        return f"desk/{self.user}" if self.kind is DocKind.DESK else self.kind.name.lower()

    @staticmethod
    def parse(text: str) -> DocRef:
        """The inverse of `text`. Raises ProtocolError."""
        ref = _BY_TEXT.get(text)
        if ref is not None:
            return ref
        kind, slash, user = text.partition("/")
        if kind != "desk" or not slash:
            raise ProtocolError("unknown document")
        return DocRef.desk(user)

    @staticmethod
    def desk(user: str) -> DocRef:
        """The desk of a user. Raises ProtocolError unless the id has 1 to 64 bytes."""
        try:
            length = len(user.encode())
        except UnicodeEncodeError:
            raise ProtocolError("user id is not text") from None
        if not 1 <= length <= DESK_USER_BYTES:
            raise ProtocolError("length of a user id")
        return DocRef(DocKind.DESK, user)


BOARD: Final = DocRef(DocKind.BOARD)
STAGE: Final = DocRef(DocKind.STAGE)
CHAT: Final = DocRef(DocKind.CHAT)
_BY_TEXT: Final = {ref.text: ref for ref in (BOARD, STAGE, CHAT)}


def parse_session(text: str) -> SessionId:
    """Checks a session id in its text form. Raises ProtocolError."""
    if not _SESSION.fullmatch(text):
        raise ProtocolError("session id")
    return SessionId(text)


def format_number(number: int) -> str:
    """A positive number in base 36, as in a shape's id."""
    if number < 1:
        raise AssertionError("numbers of shapes begin at 1")
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits


def parse_number(text: str) -> int | None:
    """The inverse of `format_number`; None for anything that it would not write."""
    return int(text, 36) if _NUMBER.fullmatch(text) else None


def own_id(session: SessionId, number: int) -> str:
    """`<session>-<n in base 36>` (rule P6): the id of the n-th shape, page or message of a session."""
    return f"{session}-{format_number(number)}"


def session_of(item_id: str) -> SessionId | None:
    """The author of a shape, page or message: the session in its id; None if there is none."""
    session, hyphen, _ = item_id.partition("-")
    return SessionId(session) if hyphen and _SESSION.fullmatch(session) else None
