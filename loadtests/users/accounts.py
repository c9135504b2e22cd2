"""Who can log in at the portal of a school that was made for a load test."""

from __future__ import annotations

from pathlib import Path

import msgspec

from whiteboard_crdt.errors import SetupError

__all__ = ["Accounts", "LessonAccounts", "load_accounts"]


class LessonAccounts(msgspec.Struct, frozen=True):
    """A lesson and the log-ins of its people, the tutor's first."""

    lesson: str
    people: tuple[str, ...]


class Accounts(msgspec.Struct, frozen=True):
    """What `python -m portal.loadtest_school` writes: a school that was made for a load test."""

    portal: str
    password: str
    lessons: tuple[LessonAccounts, ...]


def load_accounts(path: Path) -> Accounts:
    """Read a file of accounts. Raises SetupError."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Accounts)
    except (OSError, msgspec.MsgspecError) as error:
        raise SetupError(f"The accounts in {path} cannot be read: {error}.") from error
