"""One copy of a recorded lesson in a room of its own: its authors speak, an observer with a whole replica looks on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from pycrdt import Doc

from loadtests.netlab.school import LabSchool
from loadtests.replay.author import ReplayAuthor
from loadtests.replay.lesson import RecordedEdit, RecordedLesson
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


def _acts(
    lesson: RecordedLesson, authors: Mapping[SessionId, ReplayAuthor], *, network: bool
) -> list[tuple[int, Callable[[], None]]]:
    """What happens when, ms. `network`: edits are under way as long as they were, and connections break as they did."""
    if not network:
        return [(edit.at_ms, partial(authors[edit.session].say, edit)) for edit in lesson.edits]
    acts: list[tuple[int, Callable[[], None]]] = []
    # A clock that was set back must not turn an author's edits around.
    latest_ms: dict[SessionId, int] = {}
    for edit in lesson.edits:
        underway = _Underway(authors[edit.session], edit)
        made_ms = latest_ms[edit.session] = max(latest_ms.get(edit.session, 0), edit.at_ms - edit.late_ms)
        acts += [(made_ms, underway.write), (edit.at_ms, underway.send)]
    for each in lesson.breaks:
        author = authors[each.session]
        acts += [(each.from_ms, partial(author.cut, True)), (each.to_ms, partial(author.cut, False))]
    # The sort is stable: what one author did at one moment stays in its order.
    return sorted(acts, key=lambda act: act[0])


@dataclass(slots=True)
class _Underway:
    """An edit that is made at one moment and sent at a later one."""

    author: ReplayAuthor
    edit: RecordedEdit
    data: bytes = b""

    def write(self) -> None:
        self.data = self.author.write(self.edit)

    def send(self) -> None:
        self.author.send(self.data)


async def play_copy(
    lesson: RecordedLesson,
    number: int,
    school: LabSchool,
    prefix: str,
    speed: float,
    sink: Sink,
    limit_s: float,
    *,
    network: bool = False,
) -> RoomEnd:
    """Play the lesson `speed` times as fast, with `network` over a network like that of then.

    The room ended well when the observer's board is the recording's.
    """
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
            for at_ms, act in _acts(lesson, authors, network=network):
                due_s = begun_s + at_ms / 1000 / speed
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
                sink.put("EDIT", "behind its time", max(0.0, time.monotonic() - due_s) * 1000)
                act()
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
