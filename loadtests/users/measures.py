"""What bots measure: rows for locust's statistics, and the times of edits between the bots of one room.

All bots of a room run in one process, so one monotonic clock times an edit from pen-up to every other board, also where
locust is distributed over several machines: a room never is.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from loadtests.users.lines import Row
from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import SessionId

__all__ = ["EditTimes", "Sink"]

_ROWS: Final = 100_000
_EDITS: Final = 20_000


class Sink:
    """Rows that wait for the next report. Over 100,000 the newest are dropped, and counted."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self.dropped = 0

    def put(self, kind: str, name: str, ms: float, size: int = 0, error: str = "") -> None:
        """Count one."""
        if len(self._rows) < _ROWS:
            self._rows.append(Row(kind, name, round(ms, 3), size, error))
        else:
            self.dropped += 1

    def take(self) -> list[Row]:
        """All that came since the last call."""
        rows, self._rows = self._rows, []
        return rows


class EditTimes:
    """When the edits of one room were made; the oldest are forgotten."""

    def __init__(self) -> None:
        self._made_s: OrderedDict[tuple[str, SessionId, int], float] = OrderedDict()

    def made(self, envelope: Envelope, at_s: float) -> None:
        """An edit was sealed that was made at `at_s`."""
        self._made_s[_key(envelope)] = at_s
        if len(self._made_s) > _EDITS:
            self._made_s.popitem(last=False)

    def age_ms(self, envelope: Envelope, now_s: float) -> float | None:
        """How old it is; None for one that no bot of this process made."""
        made_s = self._made_s.get(_key(envelope))
        return None if made_s is None else (now_s - made_s) * 1000


def _key(envelope: Envelope) -> tuple[str, SessionId, int]:
    return envelope.doc.text, envelope.session, envelope.seq
