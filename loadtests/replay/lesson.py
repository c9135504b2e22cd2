"""The edits of a recorded lesson, out of its archive: when, by which session, in which document. No names.

Besides what its network did: how long each edit was under way, and when somebody's connection was broken.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from recorder.reading import ArchiveReader
from whiteboard_crdt.envelope import Envelope, decode_envelope
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import DocRef, Role, SessionId

__all__ = ["RecordedAuthor", "RecordedBreak", "RecordedEdit", "RecordedLesson", "read_lesson"]

_COMINGS: Final = (
    "select e.room_ms, e.kind, s.session, e.data from events e join sessions s on s.id = e.session_id"
    " where e.kind in ('join', 'leave') order by e.room_ms, e.id"
)


@dataclass(frozen=True, slots=True)
class RecordedAuthor:
    """Whose edits they were. `client`: the Yjs client id inside the updates, which only this session may use."""

    session: SessionId
    user: str
    role: Role
    client: int


@dataclass(frozen=True, slots=True)
class RecordedEdit:
    """One envelope. `at_ms`: when it was there, after the first edit of the lesson; `late_ms`: how long it took for
    that, beside the edit of the lesson that took least."""

    at_ms: int
    late_ms: int
    doc: DocRef
    session: SessionId
    update: bytes


@dataclass(frozen=True, slots=True)
class RecordedBreak:
    """A session's connection was gone from one moment to another, ms after the first edit, and came back."""

    session: SessionId
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True)
class RecordedLesson:
    """All edits in the order in which they were applied, who made them, and the breaks of their authors."""

    authors: Mapping[SessionId, RecordedAuthor]
    edits: Sequence[RecordedEdit]
    breaks: Sequence[RecordedBreak]

    @property
    def length_s(self) -> float:
        """From the first edit to the last."""
        return self.edits[-1].at_ms / 1000 if self.edits else 0.0


def read_lesson(folder: Path) -> RecordedLesson:
    """Reads an archive, running or sealed. Raises SetupError for one without edits, or that cannot be read."""
    edits: list[tuple[int, Envelope]] = []
    authors: dict[SessionId, RecordedAuthor] = {}
    with ArchiveReader(folder) as archive:
        known = {SessionId(row.session): row for row in archive.sessions.values()}
        for room_ms, raw in archive.rows("envelopes", "select room_ms, envelope from envelopes order by id"):
            try:
                envelope = decode_envelope(bytes(raw))
                row = known[envelope.session]
                role = Role(row.role)
            except (ProtocolError, KeyError, TypeError, ValueError):
                archive.problems.append("an envelope makes no sense")
                continue
            authors[envelope.session] = RecordedAuthor(envelope.session, row.user, role, row.client)
            edits.append((int(room_ms), envelope))
        events = list(archive.rows("events", _COMINGS))
        if archive.problems:
            raise SetupError(f"The recording in {folder} is damaged: {archive.problems[0]}.")
    if not edits:
        raise SetupError(f"The recording in {folder} holds no edits.")
    first_ms = edits[0][0]
    # Room time and the authors' clocks have beginnings of their own; the fastest edit says how far they lie apart.
    apart_ms = min(room_ms - envelope.authored_ms for room_ms, envelope in edits)
    told = [
        RecordedEdit(
            max(0, room_ms - first_ms),
            room_ms - envelope.authored_ms - apart_ms,
            envelope.doc,
            envelope.session,
            envelope.update,
        )
        for room_ms, envelope in edits
    ]
    return RecordedLesson(authors, told, [each for each in _breaks(events, first_ms) if each.session in authors])


def _breaks(events: Iterable[tuple[object, ...]], first_ms: int) -> Sequence[RecordedBreak]:
    """Who was gone without a goodbye, and came again under the same session."""
    gone: dict[SessionId, int] = {}
    found = []
    for room_ms, kind, session, data in events:
        who, at_ms = SessionId(str(session)), int(str(room_ms)) - first_ms
        if kind == "leave" and json.loads(str(data)).get("reason") == "gone":
            gone[who] = at_ms
        elif kind == "join" and who in gone:
            found.append(RecordedBreak(who, gone.pop(who), at_ms))
    return found
