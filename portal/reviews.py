"""Quality reviews: the queue of sampled lessons, and the review of one with its marks."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor
from portal.ids import new_id
from portal.ledger import audit
from portal.lessons import LessonState
from portal.playback_schema import review_marks, reviews
from portal.rubric import Candidate, sample
from portal.schema import lesson_members, lessons, recordings, users

# Lessons of so many days stand in the queue, and reviews of so many days count as lately.
SAMPLED_DAYS = 28
_DAY_MS = 24 * 60 * 60 * 1000
QUEUE_LENGTH = 12
_MOST_MARKS = 300


class ReviewRefused(Exception):
    """The review cannot be changed so; the message is for people."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A moment of the lesson and what is said of it. `room_time`: ms of room time."""

    id: str
    room_time: int
    criterion: str
    verdict: str
    words: str


@dataclass(frozen=True, slots=True)
class Review:
    """The review of one lesson. `scores`: criterion → 1 to 4."""

    id: str
    lesson: str
    reviewer: str
    name: str
    scores: Mapping[str, int]
    words: str
    started_ms: int
    finished_ms: int | None
    marks: Sequence[Mark]


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """A lesson in the queue or a review that was begun or finished."""

    lesson: str
    title: str
    subject: str
    tutor: str
    starts_ms: int
    duration_ms: int | None
    students: tuple[str, ...]
    reviewer: str | None
    scores: Mapping[str, int]
    finished_ms: int | None


@dataclass(frozen=True, slots=True)
class Queue:
    """What a reviewer's page shows."""

    next: Sequence[QueueEntry]
    begun: Sequence[QueueEntry]
    finished: Sequence[QueueEntry]


async def load_queue(connection: AsyncConnection, school: str, now_ms: int) -> Queue:
    """The school's queue: sampled lessons, reviews under way, and those that were finished lately."""
    since_ms = now_ms - SAMPLED_DAYS * _DAY_MS
    rows = (
        await connection.execute(
            select(
                lessons.c.id,
                lessons.c.title,
                lessons.c.subject,
                lessons.c.starts_ms,
                lessons.c.ended_ms,
                recordings.c.duration_ms,
                users.c.id.label("tutor"),
                users.c.name.label("tutor_name"),
                reviews.c.reviewer,
                reviews.c.scores,
                reviews.c.finished_ms,
            )
            .join(recordings, recordings.c.lesson == lessons.c.id)
            .join(lesson_members, (lesson_members.c.lesson == lessons.c.id) & (lesson_members.c.part == "tutor"))
            .join(users, users.c.id == lesson_members.c.user)
            .outerjoin(reviews, reviews.c.lesson == lessons.c.id)
            .where(
                lessons.c.school == school,
                lessons.c.state == LessonState.ENDED,
                recordings.c.sealed_ms.is_not(None),
                func.coalesce(reviews.c.finished_ms, reviews.c.started_ms, lessons.c.starts_ms) > since_ms,
            )
            .order_by(lessons.c.starts_ms.desc(), lessons.c.id, users.c.id)
        )
    ).all()
    # A lesson with two tutors counts for the first of them.
    by_lesson = {row.id: row for row in reversed(rows)}
    students = await _students(connection, list(by_lesson))
    entries = {
        row.id: QueueEntry(
            row.id,
            row.title,
            row.subject,
            row.tutor_name,
            row.starts_ms,
            row.duration_ms,
            students.get(row.id, ()),
            row.reviewer,
            json.loads(row.scores) if row.scores else {},
            row.finished_ms,
        )
        for row in by_lesson.values()
    }
    lately: dict[str, int] = {}
    for row in by_lesson.values():
        if row.finished_ms is not None:
            lately[row.tutor] = lately.get(row.tutor, 0) + 1
    fresh = [Candidate(row.id, row.tutor) for row in by_lesson.values() if row.reviewer is None]
    return Queue(
        [entries[candidate.lesson] for candidate in sample(fresh, lately, QUEUE_LENGTH)],
        [entry for entry in entries.values() if entry.reviewer is not None and entry.finished_ms is None],
        sorted(
            (entry for entry in entries.values() if entry.finished_ms is not None),
            key=lambda entry: -(entry.finished_ms or 0),
        ),
    )


async def _students(connection: AsyncConnection, ids: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for row in await connection.execute(
        select(lesson_members.c.lesson, lesson_members.c.user)
        .where(lesson_members.c.lesson.in_(ids), lesson_members.c.part == "student")
        .order_by(lesson_members.c.user)
    ):
        found[row.lesson] = (*found.get(row.lesson, ()), row.user)
    return found


async def load_review(connection: AsyncConnection, lesson: str) -> Review | None:
    """The review of a lesson with its marks in order, or None."""
    row = (
        await connection.execute(
            select(reviews, users.c.name)
            .join(users, users.c.id == reviews.c.reviewer)
            .where(reviews.c.lesson == lesson)
        )
    ).first()
    if row is None:
        return None
    marks = await connection.execute(
        select(review_marks)
        .where(review_marks.c.review == row.id)
        .order_by(review_marks.c.room_time, review_marks.c.at_ms, review_marks.c.id)
    )
    return Review(
        row.id,
        row.lesson,
        row.reviewer,
        row.name,
        json.loads(row.scores),
        row.words,
        row.started_ms,
        row.finished_ms,
        [Mark(mark.id, mark.room_time, mark.criterion, mark.verdict, mark.words) for mark in marks],
    )


async def save_review(
    connection: AsyncConnection,
    actor: Actor,
    lesson: str,
    scores: Mapping[str, int],
    words: str,
    *,
    finish: bool,
    now_ms: int,
) -> None:
    """Keeps the scores and words; `finish` shows them to the tutor, and nothing changes afterwards.

    Raises ReviewRefused.
    """
    review = await _own(connection, actor, lesson, now_ms)
    if finish and not scores:
        raise ReviewRefused("Give at least one score before you finish the review.")
    await connection.execute(
        update(reviews)
        .where(reviews.c.id == review)
        .values(scores=json.dumps(dict(scores), sort_keys=True), words=words, finished_ms=now_ms if finish else None)
    )
    if finish:
        await audit(connection, actor.user, "review.finish", "lesson", lesson, now_ms, {"review": review})


async def add_mark(
    connection: AsyncConnection,
    actor: Actor,
    lesson: str,
    *,
    room_time: int,
    criterion: str,
    verdict: str,
    words: str,
    now_ms: int,
) -> str:
    """Marks a moment; the first mark begins the review. Returns its id. Raises ReviewRefused."""
    review = await _own(connection, actor, lesson, now_ms)
    count = select(func.count()).select_from(review_marks).where(review_marks.c.review == review)
    if (await connection.execute(count)).scalar_one() >= _MOST_MARKS:
        raise ReviewRefused(f"There are {_MOST_MARKS} marks in this review. Remove some first.")
    mark = new_id()
    await connection.execute(
        insert(review_marks).values(
            id=mark,
            review=review,
            room_time=room_time,
            criterion=criterion,
            verdict=verdict,
            words=words,
            at_ms=now_ms,
        )
    )
    return mark


async def remove_mark(connection: AsyncConnection, actor: Actor, lesson: str, mark: str, now_ms: int) -> bool:
    """Removes a mark of one's own review; False when there is none of that id. Raises ReviewRefused."""
    review = await _own(connection, actor, lesson, now_ms)
    gone = await connection.execute(
        delete(review_marks).where(review_marks.c.id == mark, review_marks.c.review == review)
    )
    return gone.rowcount > 0


async def _own(connection: AsyncConnection, actor: Actor, lesson: str, now_ms: int) -> str:
    """The actor's open review of the lesson, begun now if there is none."""
    row = (await connection.execute(select(reviews).where(reviews.c.lesson == lesson))).first()
    if row is None:
        review = new_id()
        values = {"id": review, "lesson": lesson, "reviewer": actor.user, "scores": "{}", "words": ""}
        try:
            async with connection.begin_nested():
                await connection.execute(insert(reviews).values({**values, "started_ms": now_ms}))
        except IntegrityError as error:
            raise ReviewRefused("Somebody else has just begun to review this lesson.") from error
        return review
    if row.reviewer != actor.user:
        raise ReviewRefused("Somebody else reviews this lesson.")
    if row.finished_ms is not None:
        raise ReviewRefused("This review is finished.")
    return str(row.id)
