"""Questions to the people who look after the service: asked on the help page, answered on a page of their own.

Whoever is not signed in can ask too, when joining failed: the lesson says which school it is for. What names no school
waits for the district's administrator, who gives it to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, case, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.ids import new_id
from portal.language import t
from portal.ledger import audit
from portal.mails.letters import Recipient
from portal.mails.outbox import enqueue
from portal.mails.talk_letters import question_letter
from portal.schema import lessons, schools, users
from portal.talk_schema import question_answers, questions
from portal.throttle import Throttle

NOBODY = "nobody"
_SHOWN = 100
_MOST_OPEN = 500


class QuestionPace:
    """How fast questions may come in. A class behind one address has trouble at the same moment."""

    def __init__(self) -> None:
        self._by_address = Throttle(size=20, refill_s=60)
        self._by_person = Throttle(size=5, refill_s=120)

    def wait_s(self, user: str | None, address: str, now_ms: int) -> float:
        """Seconds to wait; 0 when there may be one now, which is then counted."""
        throttle, key = (self._by_address, address) if user is None else (self._by_person, user)
        wait_s = throttle.wait_s(key, now_ms)
        if wait_s == 0:
            throttle.failed(key, now_ms)
        return wait_s


class QuestionRefused(Exception):
    """Not possible; the message is for people."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody answered."""

    name: str
    words: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answers. `student`: who asked, where a student did. Times are unix ms."""

    id: str
    reference: str
    user: str | None
    student: str | None
    name: str
    address: str
    lesson: str | None
    lesson_title: str
    place: str
    words: str
    state: str
    created_ms: int
    answers: Sequence[Answer]


@dataclass(frozen=True, slots=True)
class Asked:
    """What the form said. `name` and `address` count only for whoever is not signed in."""

    reference: str
    name: str
    address: str
    lesson: str
    place: str
    words: str


async def ask(connection: AsyncConnection, actor: Actor | None, asked: Asked, now_ms: int) -> None:
    """Takes a question. Raises QuestionRefused for a stranger's while too many of strangers wait."""
    lesson = (
        await connection.execute(select(lessons.c.id, lessons.c.school).where(lessons.c.id == asked.lesson))
    ).first()
    school = actor.school if actor is not None else lesson.school if lesson is not None else None
    if school is None:
        # In an installation of one school there is no doubt.
        only = (await connection.execute(select(schools.c.id).limit(2))).scalars().all()
        school = only[0] if len(only) == 1 else None
    if actor is None:
        await _check_room(connection, school)
    question = new_id()
    await connection.execute(
        insert(questions).values(
            id=question,
            reference=asked.reference,
            school=school,
            user=actor.user if actor is not None else None,
            # Of another school's lesson not even that it is there.
            lesson=lesson.id if lesson is not None and lesson.school == school else None,
            name="" if actor is not None else asked.name,
            address="" if actor is not None else asked.address,
            place=asked.place,
            words=asked.words,
            state="open",
            created_ms=now_ms,
        )
    )
    detail = {"reference": asked.reference}
    await audit(connection, actor.user if actor else NOBODY, "question.ask", "question", question, now_ms, detail)


async def _check_room(connection: AsyncConnection, school: str | None) -> None:
    """Strangers cannot fill the list without end; whoever is signed in can always ask. Raises QuestionRefused."""
    there = questions.c.school == school if school is not None else questions.c.school.is_(None)
    waiting = (questions.c.state == "open", questions.c.user.is_(None), there)
    count = (await connection.execute(select(func.count()).select_from(questions).where(*waiting))).scalar_one()
    if count >= _MOST_OPEN:
        raise QuestionRefused(t("Too many questions wait already. Ask your school's coordinator directly."))


async def questions_of(connection: AsyncConnection, user: str) -> list[Question]:
    """What a person asked, newest first."""
    return await _load(connection, questions.c.user == user)


async def questions_at(connection: AsyncConnection, school: str) -> list[Question]:
    """A school's, those that wait first, then the newest."""
    return await _load(connection, questions.c.school == school)


async def questions_of_nowhere(connection: AsyncConnection) -> list[Question]:
    """Those of which nobody knows the school."""
    return await _load(connection, questions.c.school.is_(None))


async def _load(connection: AsyncConnection, where: ColumnElement[bool]) -> list[Question]:
    found = (
        await connection.execute(
            select(
                questions,
                users.c.name.label("user_name"),
                users.c.role,
                users.c.email,
                lessons.c.title.label("lesson_title"),
            )
            .outerjoin(users, users.c.id == questions.c.user)
            .outerjoin(lessons, lessons.c.id == questions.c.lesson)
            .where(where)
            .order_by(case((questions.c.state == "open", 0), else_=1), questions.c.created_ms.desc(), questions.c.id)
            .limit(_SHOWN)
        )
    ).all()
    answers: dict[str, list[Answer]] = {}
    for row in await connection.execute(
        select(question_answers, users.c.name)
        .join(users, users.c.id == question_answers.c.author)
        .where(question_answers.c.question.in_([row.id for row in found]))
        .order_by(question_answers.c.at_ms, question_answers.c.id)
    ):
        answers.setdefault(row.question, []).append(Answer(row.name, row.words, row.at_ms))
    return [
        Question(
            row.id,
            row.reference,
            row.user,
            row.user if row.role == Role.STUDENT else None,
            row.user_name or row.name,
            (row.email if row.user else row.address) or "",
            row.lesson,
            row.lesson_title or "",
            row.place,
            row.words,
            row.state,
            row.created_ms,
            answers.get(row.id, ()),
        )
        for row in found
    ]


async def answer(
    connection: AsyncConnection, actor: Actor, school_name: str, question: str, words: str, portal_url: str, now_ms: int
) -> None:
    """Keeps an answer and tells whoever asked by mail, if signed in then. Raises QuestionRefused once it is closed."""
    done = await connection.execute(
        update(questions).where(questions.c.id == question, questions.c.state != "closed").values(state="answered")
    )
    if done.rowcount == 0:
        raise QuestionRefused(t("This question has been closed."))
    made = new_id()
    await connection.execute(
        insert(question_answers).values(id=made, question=question, author=actor.user, words=words, at_ms=now_ms)
    )
    asker = (
        await connection.execute(
            select(users.c.id, users.c.name, users.c.email, users.c.language, questions.c.reference)
            .join(questions, questions.c.user == users.c.id)
            .where(questions.c.id == question, users.c.disabled_ms.is_(None), users.c.email.is_not(None))
        )
    ).first()
    if asker is not None:
        to = Recipient(asker.id, asker.name, asker.email, asker.language)
        letter = question_letter(actor.school, school_name, to, asker.id, question, made, asker.reference, portal_url)
        await enqueue(connection, [letter], now_ms)
    await audit(connection, actor.user, "question.answer", "question", question, now_ms, {"answer": made})


async def close(connection: AsyncConnection, actor: Actor, question: str, now_ms: int) -> None:
    """Nothing is to be done any more; to do it twice changes nothing."""
    done = await connection.execute(
        update(questions)
        .where(questions.c.id == question, questions.c.state != "closed")
        .values(state="closed", closed_ms=now_ms)
    )
    if done.rowcount:
        await audit(connection, actor.user, "question.close", "question", question, now_ms)


async def take(connection: AsyncConnection, actor: Actor, question: str, now_ms: int) -> None:
    """Gives a question of nowhere to the school at which the actor is."""
    done = await connection.execute(
        update(questions).where(questions.c.id == question, questions.c.school.is_(None)).values(school=actor.school)
    )
    if done.rowcount:
        await audit(connection, actor.user, "question.take", "question", question, now_ms, {"school": actor.school})
