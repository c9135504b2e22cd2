"""The chat document: append only, always public to the room."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from pycrdt import Doc, Map

from whiteboard_crdt.ids import MessageId, SessionId, own_id, parse_number, session_of

__all__ = ["TEXT_BYTES", "Chat", "ChatMessage"]

TEXT_BYTES: Final = 8192
"""Longest message in UTF-8."""
_AHEAD_MS: Final = 60_000


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One message; `author` is the session in its id (P6), `at_ms` by the room's clock."""

    id: MessageId
    author: SessionId
    text: str
    at_ms: int


class Chat:
    """Reads and appends to the root map `messages`."""

    def __init__(self, doc: Doc[Any], session: SessionId) -> None:
        self._doc = doc
        self._session = session
        self._messages: Map[Any] = doc.get("messages", type=Map)

    def messages(self) -> list[ChatMessage]:
        """All messages in order of time, then id. What is no message is left out."""
        entries = ((key, self._messages[key]) for key in self._messages.keys())  # noqa: SIM118 - no dict
        found = [message for key, value in entries if (message := _read(key, value)) is not None]
        return sorted(found, key=lambda message: (message.at_ms, message.id))

    def post(self, text: str, now_ms: int) -> MessageId:
        """Appends a message, stamped at least 1 ms after the newest one known. Raises ValueError if it is too long."""
        if not 1 <= len(text.encode()) <= TEXT_BYTES:
            raise ValueError(f"a message has 1 to {TEXT_BYTES} bytes")
        # A message dated far ahead must not push everyone's next ones out of what can be written.
        known = [message.at_ms for message in self.messages() if message.at_ms < now_ms + _AHEAD_MS]
        at_ms = max(now_ms, known[-1] + 1) if known else now_ms
        own = f"{self._session}-"
        numbers = [parse_number(key[len(own) :]) or 0 for key in self._messages.keys() if key.startswith(own)]  # noqa: SIM118
        message_id = MessageId(own_id(self._session, max(numbers, default=0) + 1))
        with self._doc.transaction():
            self._messages[message_id] = {"text": text, "at": float(at_ms)}
        return message_id


def _read(key: str, value: object) -> ChatMessage | None:
    author = session_of(key)
    if author is None or not isinstance(value, dict):
        return None
    text, at = value.get("text"), value.get("at")
    if not isinstance(text, str) or not isinstance(at, float) or not 0 <= at < 2**53:
        return None
    return ChatMessage(MessageId(key), author, text, int(at))
