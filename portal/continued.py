"""Boards that go on from a moment of a lesson: kept for their owner, handed in to the tutor, answered."""

import secrets
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, LessonObject, is_lesson_staff
from portal.ids import new_id
from portal.ledger import audit
from portal.playback_schema import continued_boards
from portal.schema import lesson_members, lessons, users
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.yupdate import scan_update

# An hour of writing is some 200 KB; what is larger is no board that a person drew.
MOST_BYTES = 2_000_000
_MOST_BOARDS = 50
_LIMITS = replace(SNAPSHOT_LIMITS, bytes=MOST_BYTES, structs=200_000, ranges=200_000, clients=1024)
# An update over nothing: no structs, no deletions.
EMPTY = b"\x00\x00"


class BoardRefused(Exception):
    """The board cannot be changed so; the message is for people. `code` is for programs."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class ContinuedBoard:
    """What is known of a board, without its content. `room_time`: ms of room time at which it was forked."""

    id: str
    lesson: str
    title: str
    school: str
    owner: str
    name: str
    room_time: int
    session: str
    version: int
    made_ms: int
    changed_ms: int
    handed_in_ms: int | None
    answer: str
    answered_ms: int | None

    @property
    def state(self) -> str:
        """kept, handed_in or answered."""
        if self.handed_in_ms is None:
            return "kept"
        return "answered" if self.answered_ms is not None else "handed_in"


async def load_boards(connection: AsyncConnection, actor: Actor, lesson: LessonObject) -> list[ContinuedBoard]:
    """The actor's own boards of a lesson, and for its staff those that were handed in; newest first."""
    return await _load(connection, continued_boards.c.lesson == lesson.id, _seen_by(actor, lesson))


async def load_board(
    connection: AsyncConnection, actor: Actor, lesson: LessonObject, board: str
) -> ContinuedBoard | None:
    """One board, or None where there is none that the actor may see."""
    found = await _load(
        connection, continued_boards.c.lesson == lesson.id, continued_boards.c.id == board, _seen_by(actor, lesson)
    )
    return found[0] if found else None


async def load_own_boards(connection: AsyncConnection, user: str) -> list[ContinuedBoard]:
    """Every board of a person, newest first."""
    return await _load(connection, continued_boards.c.owner == user)


async def load_handed_in(connection: AsyncConnection, school: str, tutor: str | None) -> list[ContinuedBoard]:
    """What was handed in at a school, newest first; only of that tutor's lessons when one is given."""
    where = [lessons.c.school == school, continued_boards.c.handed_in_ms.is_not(None)]
    if tutor is not None:
        theirs = select(lesson_members.c.lesson).where(lesson_members.c.user == tutor, lesson_members.c.part == "tutor")
        where += [continued_boards.c.lesson.in_(theirs), continued_boards.c.owner != tutor]
    return await _load(connection, *where)


async def load_work(connection: AsyncConnection, board: str) -> bytes:
    """What the owner did on the board, as one Yjs update. The board must be there."""
    return bytes(
        (await connection.execute(select(continued_boards.c.work).where(continued_boards.c.id == board))).scalar_one()
    )


async def fork_board(connection: AsyncConnection, actor: Actor, lesson: str, room_time: int, now_ms: int) -> str:
    """A new board of the actor's that goes on from that moment; returns its id. Raises BoardRefused."""
    mine = select(continued_boards.c.id).where(
        continued_boards.c.lesson == lesson, continued_boards.c.owner == actor.user
    )
    if len((await connection.execute(mine.limit(_MOST_BOARDS))).all()) >= _MOST_BOARDS:
        raise BoardRefused(f"You have {_MOST_BOARDS} boards of this lesson. Remove one first.", "too_many")
    board = new_id()
    await connection.execute(
        insert(continued_boards).values(
            id=board,
            lesson=lesson,
            owner=actor.user,
            room_time=room_time,
            session=secrets.token_hex(8),
            work=EMPTY,
            version=0,
            made_ms=now_ms,
            changed_ms=now_ms,
            answer="",
        )
    )
    return board


async def save_work(
    connection: AsyncConnection, board: ContinuedBoard, actor: Actor, work: bytes, version: int, now_ms: int
) -> int:
    """Keeps the whole work; returns its new version. Raises BoardRefused.

    `work` went through `check_work`. `version` is the one that it contains: what another page saved meanwhile must be
    merged in first.
    """
    _check_owner(board, actor)
    saved = await connection.execute(
        update(continued_boards)
        .where(
            continued_boards.c.id == board.id,
            continued_boards.c.version == version,
            continued_boards.c.handed_in_ms.is_(None),
        )
        .values(work=work, version=version + 1, changed_ms=now_ms)
    )
    if saved.rowcount == 0:
        raise BoardRefused("The board was changed in another window.", "changed")
    return version + 1


def check_work(work: bytes) -> None:
    """Reads the update to its end, before anybody's Yjs sees it (protocol rule P1). Raises BoardRefused.

    Takes some 0.2 s of one core for the longest.
    """
    try:
        scan_update(work, _LIMITS)
    except ProtocolError as error:
        raise BoardRefused("This is not the content of a board.", "bad_work") from error


async def hand_in(connection: AsyncConnection, board: ContinuedBoard, actor: Actor, version: int, now_ms: int) -> None:
    """Hands the board in as it was saved last; from then on nothing changes. Raises BoardRefused."""
    _check_owner(board, actor)
    if board.version == 0:
        raise BoardRefused("There is nothing of yours on this board yet.", "nothing_added")
    done = await connection.execute(
        update(continued_boards)
        .where(
            continued_boards.c.id == board.id,
            continued_boards.c.version == version,
            continued_boards.c.handed_in_ms.is_(None),
        )
        .values(handed_in_ms=now_ms)
    )
    if done.rowcount == 0:
        raise BoardRefused("The board was changed in another window.", "changed")
    await audit(connection, actor.user, "board.hand_in", "lesson", board.lesson, now_ms, {"board": board.id})


async def take_back(connection: AsyncConnection, board: ContinuedBoard, actor: Actor, now_ms: int) -> None:
    """Goes on working on a board that was handed in; an answer that there was stays. Raises BoardRefused."""
    _check_owner(board, actor, even_handed_in=True)
    await connection.execute(
        update(continued_boards)
        .where(continued_boards.c.id == board.id)
        .values(handed_in_ms=None, answered_ms=None, answered_by=None)
    )
    await audit(connection, actor.user, "board.take_back", "lesson", board.lesson, now_ms, {"board": board.id})


async def answer(connection: AsyncConnection, board: ContinuedBoard, actor: Actor, words: str, now_ms: int) -> None:
    """The tutor's words on what was handed in. Raises BoardRefused."""
    done = await connection.execute(
        update(continued_boards)
        .where(continued_boards.c.id == board.id, continued_boards.c.handed_in_ms.is_not(None))
        .values(answer=words, answered_by=actor.user, answered_ms=now_ms)
    )
    if done.rowcount == 0 or board.owner == actor.user:
        raise BoardRefused("This board was not handed in.", "not_handed_in")
    await audit(connection, actor.user, "board.answer", "lesson", board.lesson, now_ms, {"board": board.id})


async def remove_board(connection: AsyncConnection, board: ContinuedBoard, actor: Actor) -> None:
    """Removes a board that is not handed in. Raises BoardRefused."""
    _check_owner(board, actor)
    await connection.execute(delete(continued_boards).where(continued_boards.c.id == board.id))


def _check_owner(board: ContinuedBoard, actor: Actor, *, even_handed_in: bool = False) -> None:
    if board.owner != actor.user:
        raise BoardRefused("Only its owner changes a board.", "not_owner")
    if board.handed_in_ms is not None and not even_handed_in:
        raise BoardRefused("The board was handed in. Take it back to go on.", "handed_in")


def _seen_by(actor: Actor, lesson: LessonObject) -> ColumnElement[bool]:
    own = continued_boards.c.owner == actor.user
    return or_(own, continued_boards.c.handed_in_ms.is_not(None)) if is_lesson_staff(actor, lesson) else own


async def _load(connection: AsyncConnection, *where: ColumnElement[bool]) -> list[ContinuedBoard]:
    names = [column for column in continued_boards.c if column.name != "work"]
    rows = await connection.execute(
        select(*names, users.c.name, lessons.c.title, lessons.c.school)
        .join(users, users.c.id == continued_boards.c.owner)
        .join(lessons, lessons.c.id == continued_boards.c.lesson)
        .where(*where)
        .order_by(continued_boards.c.changed_ms.desc(), continued_boards.c.id)
        .limit(500)
    )
    return [
        ContinuedBoard(
            row.id,
            row.lesson,
            row.title,
            row.school,
            row.owner,
            row.name,
            row.room_time,
            row.session,
            row.version,
            row.made_ms,
            row.changed_ms,
            row.handed_in_ms,
            row.answer,
            row.answered_ms,
        )
        for row in rows
    ]
