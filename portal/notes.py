"""Notes on a recording: each at its moment, for its author alone, for the class, or as a chapter of the lesson."""

from dataclasses import dataclass

from sqlalchemy import and_, delete, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, LessonObject, is_lesson_staff
from portal.ids import new_id
from portal.ledger import audit
from portal.playback_schema import notes
from portal.redactions import EVERYBODY, NAMELESS, find_showing, load_name_mask
from portal.schema import users

PRIVATE, CLASS, CHAPTER = "private", "class", "chapter"
_SHARED = (CLASS, CHAPTER)
# More in one lesson by one person is no note-taking any more.
_MOST = 500


class NoteRefused(Exception):
    """The note cannot be kept; the message is for people."""


@dataclass(frozen=True, slots=True)
class Note:
    """A note as one viewer sees it. `room_time`: ms of room time; `own`: the viewer wrote it."""

    id: str
    room_time: int
    audience: str
    words: str
    author: str
    name: str
    own: bool
    removable: bool
    written_ms: int
    changed_ms: int


def may_address_class(actor: Actor, lesson: LessonObject) -> bool:
    """Whether the actor's notes may be for everybody of the lesson: they take part, or lead it. Reviewers do not."""
    return actor.user in lesson.students or is_lesson_staff(actor, lesson)


async def load_notes(connection: AsyncConnection, actor: Actor, lesson: LessonObject) -> list[Note]:
    """The actor's own notes, those for the class, and chapters, in the order of their moments.

    What is left out of the recording of somebody is left out here: who wrote it, the name in others' words, or all of
    it.
    """
    showing = await find_showing(connection, lesson.id)
    silent = showing.current.users_without("ink") if showing.current is not None else frozenset()
    nameless = showing.current.users_without("name") if showing.current is not None else frozenset()
    mask = await load_name_mask(connection, lesson.id, showing)
    rows = await connection.execute(
        select(notes, users.c.name)
        .join(users, users.c.id == notes.c.author)
        .where(notes.c.lesson == lesson.id, or_(notes.c.author == actor.user, notes.c.audience.in_(_SHARED)))
        .order_by(notes.c.room_time, notes.c.written_ms, notes.c.id)
    )
    leads = is_lesson_staff(actor, lesson)
    return [
        Note(
            row.id,
            row.room_time,
            row.audience,
            row.words if row.author == actor.user else mask.text(row.words),
            row.author if row.author == actor.user or not _among(row.author, nameless) else "",
            row.name if row.author == actor.user or not _among(row.author, nameless) else NAMELESS.capitalize(),
            row.author == actor.user,
            row.author == actor.user or leads,
            row.written_ms,
            row.changed_ms,
        )
        for row in rows
        # Of whom something is being left out just now, nobody knows yet.
        if row.author == actor.user or not (showing.withheld or _among(row.author, silent))
    ]


def _among(user: str, users: frozenset[str]) -> bool:
    return user in users or EVERYBODY in users


async def write_note(
    connection: AsyncConnection,
    actor: Actor,
    lesson: LessonObject,
    room_time: int,
    audience: str,
    words: str,
    now_ms: int,
) -> str:
    """Adds a note; returns its id. Raises NoteRefused."""
    _check_audience(actor, lesson, audience)
    mine = select(notes.c.id).where(notes.c.lesson == lesson.id, notes.c.author == actor.user).limit(_MOST)
    if len((await connection.execute(mine)).all()) >= _MOST:
        raise NoteRefused(f"There are {_MOST} notes of yours on this lesson. Remove some first.")
    note = new_id()
    await connection.execute(
        insert(notes).values(
            id=note,
            lesson=lesson.id,
            author=actor.user,
            room_time=room_time,
            audience=audience,
            words=words,
            written_ms=now_ms,
            changed_ms=now_ms,
        )
    )
    return note


async def change_note(
    connection: AsyncConnection, actor: Actor, lesson: LessonObject, note: str, audience: str, words: str, now_ms: int
) -> bool:
    """Changes a note of the actor's own; False when there is none of that id. Raises NoteRefused."""
    _check_audience(actor, lesson, audience)
    changed = await connection.execute(
        update(notes)
        .where(notes.c.id == note, notes.c.lesson == lesson.id, notes.c.author == actor.user)
        .values(audience=audience, words=words, changed_ms=now_ms)
    )
    return changed.rowcount > 0


async def remove_note(connection: AsyncConnection, actor: Actor, lesson: LessonObject, note: str, now_ms: int) -> bool:
    """Removes an own note, or as staff of the lesson one for the class; False when there is none to remove."""
    whose = notes.c.author == actor.user
    if is_lesson_staff(actor, lesson):
        whose = or_(whose, notes.c.audience.in_(_SHARED))
    found = await connection.execute(
        select(notes.c.author).where(and_(notes.c.id == note, notes.c.lesson == lesson.id, whose))
    )
    author = found.scalar()
    if author is None:
        return False
    await connection.execute(delete(notes).where(notes.c.id == note))
    if author != actor.user:
        await audit(
            connection, actor.user, "note.remove", "lesson", lesson.id, now_ms, {"note": note, "author": author}
        )
    return True


def _check_audience(actor: Actor, lesson: LessonObject, audience: str) -> None:
    if audience == CLASS and not may_address_class(actor, lesson):
        raise NoteRefused("Notes for the class are for those who took part. Keep this one for yourself.")
    if audience == CHAPTER and not is_lesson_staff(actor, lesson):
        raise NoteRefused("Chapters are set by whoever leads the lesson.")
