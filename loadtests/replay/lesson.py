"""The edits of a recorded lesson, out of its archive: when, by which session, in which document. No names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from recorder.reading import ArchiveReader
from whiteboard_crdt.envelope import decode_envelope
from whiteboard_crdt.errors import ProtocolError, SetupError
from whiteboard_crdt.ids import DocRef, Role, SessionId

__all__ = ["RecordedAuthor", "RecordedEdit", "RecordedLesson", "read_lesson"]


@dataclass(frozen=True, slots=True)
class RecordedAuthor:
    """Whose edits they were. `client`: the Yjs client id inside the updates, which only this session may use."""

    session: SessionId
    user: str
    role: Role
    client: int


@dataclass(frozen=True, slots=True)
class RecordedEdit:
    """One envelope. `at_ms` after the first edit of the lesson."""

    at_ms: int
    doc: DocRef
    session: SessionId
    update: bytes


@dataclass(frozen=True, slots=True)
class RecordedLesson:
    """All edits in the order in which they were applied, and who made them."""

    authors: Mapping[SessionId, RecordedAuthor]
    edits: Sequence[RecordedEdit]

    @property
    def length_s(self) -> float:
        """From the first edit to the last."""
        return self.edits[-1].at_ms / 1000 if self.edits else 0.0


def read_lesson(folder: Path) -> RecordedLesson:
    """Reads an archive, running or sealed. Raises SetupError for one without edits, or that cannot be read."""
    edits: list[RecordedEdit] = []
    authors: dict[SessionId, RecordedAuthor] = {}
    with ArchiveReader(folder) as archive:
        known = {SessionId(row.session): row for row in archive.sessions.values()}
        first_ms: int | None = None
        for room_ms, raw in archive.rows("envelopes", "select room_ms, envelope from envelopes order by id"):
            try:
                envelope = decode_envelope(bytes(raw))
                row = known[envelope.session]
                role = Role(row.role)
            except (ProtocolError, KeyError, TypeError, ValueError):
                archive.problems.append("an envelope makes no sense")
                continue
            first_ms = room_ms if first_ms is None else first_ms
            authors[envelope.session] = RecordedAuthor(envelope.session, row.user, role, row.client)
            edits.append(RecordedEdit(max(0, room_ms - first_ms), envelope.doc, envelope.session, envelope.update))
        if archive.problems:
            raise SetupError(f"The recording in {folder} is damaged: {archive.problems[0]}.")
    if not edits:
        raise SetupError(f"The recording in {folder} holds no edits.")
    return RecordedLesson(authors, edits)
