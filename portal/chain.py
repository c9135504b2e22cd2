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


def verify(rows: Iterable[AuditRow], head: tuple[int, str] | None) -> Verdict:
    """Walks the rows in order of their id and compares the end with `head` (row id, hash): a cut end shows too."""
    before, last, count = GENESIS, 0, 0
    for row in rows:
        count += 1
        if row.hash != link(before, row):
            return Verdict(count, row.id, "was changed, or stands after a row that is gone")
        before, last = row.hash, row.id
    expected = head or (0, GENESIS)
    if expected != (last, before):
        return Verdict(count, expected[0], "is the end that was written down, but the log ends elsewhere")
    return Verdict(count, None)
