"""The hash chain of the audit log: each row holds SHA-256 over the row before and itself. Pure."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

# What the first row follows on.
GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class AuditRow:
    """A row of the audit log as the chain covers it; `hash` is what is stored beside it."""

    id: int
    at_ms: int
    actor: str
    action: str
    object_kind: str
    object: str
    detail: str
    hash: str | None = None


def link(before: str, row: AuditRow) -> str:
    """The hash of a row that follows on `before`. Canonical form: a JSON array, so that no two rows read alike."""
    fields = [before, row.id, row.at_ms, row.actor, row.action, row.object_kind, row.object, row.detail]
    return hashlib.sha256(json.dumps(fields, ensure_ascii=True, separators=(",", ":")).encode("ascii")).hexdigest()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a walk along the chain found: its length, and the id of the first row that does not fit, or None."""

    rows: int
    broken_at: int | None
    problem: str = ""


class Walk:
    """A walk along the rows in order of their id, in as many pieces as the caller likes."""

    def __init__(self) -> None:
        self._before = GENESIS
        self._count = 0
        self.last = 0

    def go(self, rows: Iterable[AuditRow]) -> Verdict | None:
        """Takes the next rows; the verdict at the first that does not fit, else None."""
        for row in rows:
            self._count += 1
            if row.hash != link(self._before, row):
                return Verdict(self._count, row.id, "was changed, or stands after a row that is gone")
            self._before, self.last = row.hash, row.id
        return None

    def end(self, head: tuple[int, str] | None) -> Verdict:
        """Compares the end with `head` (row id, hash), so that a cut end shows too."""
        expected = head or (0, GENESIS)
        if expected != (self.last, self._before):
            return Verdict(self._count, expected[0], "is the end that was written down, but the log ends elsewhere")
        return Verdict(self._count, None)
