"""One copy of a recorded lesson in a room of its own: its authors speak, an observer with a whole replica looks on."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace
from typing import Any, Final

from pycrdt import Doc

from loadtests.netlab.school import LabSchool
from loadtests.replay.author import ReplayAuthor
from loadtests.replay.lesson import RecordedLesson
from loadtests.users.lines import RoomEnd
from loadtests.users.measures import EditTimes, Sink
from signaling.events import Event, SeenEnvelope
from whiteboard_crdt.board import Board
from whiteboard_crdt.ids import BOARD, RoomId, SessionId

__all__ = ["play_copy", "recorded_board"]

_ENTER_S: Final = 60.0
_LOOK_S: Final = 0.2


def recorded_board(lesson: RecordedLesson) -> list[str]:
    """What the board of the recording shows at its end, shape by shape."""
    doc: Doc[Any] = Doc()
    with doc.transaction():
        for edit in lesson.edits:
            if edit.doc == BOARD:
                doc.apply_update(edit.update)
    return _shapes(Board(doc, SessionId("00" * 8)))


async def play_copy(
    lesson: RecordedLesson, number: int, school: LabSchool, prefix: str, speed: float, sink: Sink, limit_s: float
) -> RoomEnd:
    """Play the lesson `speed` times as fast. The room ended well when the observer's board is the recording's."""
    school = replace(school, room=RoomId(f"{prefix}-{number}"))
    times = EditTimes()
    authors = {session: ReplayAuthor(author, school, times, sink) for session, author in lesson.authors.items()}
    observer = school.peer("student-observer", [], None)

    def on_event(event: Event) -> None:
        if isinstance(event, SeenEnvelope):
            age_ms = times.age_ms(event.envelope, time.monotonic())
            if age_ms is not None:
                sink.put("EDIT", f"seen by another, {event.via}", age_ms, len(event.envelope.raw))

    observer.subscribe(on_event)
    wanted = recorded_board(lesson)
    async with observer:
        await observer.wait_synced(_ENTER_S)
        try:
            await asyncio.gather(*(author.enter(_ENTER_S) for author in authors.values()))
            begun_s = time.monotonic()
            for edit in lesson.edits:
                await asyncio.sleep(max(0.0, begun_s + edit.at_ms / 1000 / speed - time.monotonic()))
                sink.put(
                    "EDIT", "behind its time", max(0.0, time.monotonic() - begun_s - edit.at_ms / 1000 / speed) * 1000
                )
                authors[edit.session].say(edit)
            said_s = time.monotonic()
            saved = await asyncio.gather(*(author.saved(limit_s) for author in authors.values()))
            equal = False
            while not equal and time.monotonic() - said_s < limit_s:
                equal = _shapes(observer.board) == wanted
                if not equal:
                    await asyncio.sleep(_LOOK_S)
        finally:
            await asyncio.gather(*(author.leave() for author in authors.values()))
        held = set(_shapes(observer.board))
    lost = sum(shape not in held for shape in wanted)
    took_ms = round((time.monotonic() - said_s) * 1000, 1)
    return RoomEnd(number, len(authors) + 1, len(wanted), lost, equal, saved.count(False), took_ms)


def _shapes(board: Board) -> list[str]:
    return sorted(repr(shape) for shape in board.shapes(erased=True))
