"""What waits for somebody, in figures for their start page: each with the page on which it is done. Nobody is named."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from sqlalchemy import BindParameter, ColumnElement, ScalarSelect, Select, bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.crisis_schema import crisis_alerts
from portal.language import phrase, tn
from portal.playback_schema import continued_boards, reviews
from portal.privacy_schema import amendments, incidents
from portal.safety_schema import warnings
from portal.schema import lesson_members, users
from portal.school_schema import onboardings
from portal.service_schema import classes, holidays, staffing_requests
from portal.talk_schema import questions

__all__ = ["Step", "Waiting", "load_first_steps", "load_waiting"]

_SCHOOL: BindParameter[str] = bindparam("school_id", required=True)
_ME: BindParameter[str] = bindparam("me", required=True)


@dataclass(frozen=True, slots=True)
class Waiting:
    """One kind of work: where it is done, how much of it, in words, and whether nothing comes before it."""

    path: str
    words: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class _Kind:
    """`counted`: how much of it waits in `_SCHOOL`, for `_ME`. `action`: what one must be allowed there to do it."""

    path: str
    action: Action
    counted: ScalarSelect[int]
    words: Callable[[int], str]
    urgent: bool = False
    role: Role | None = None


def _count(*conditions: ColumnElement[bool]) -> ScalarSelect[int]:
    return select(func.count()).where(*conditions).scalar_subquery()


_MY_BOARDS = (
    select(func.count())
    .select_from(lesson_members.join(continued_boards, continued_boards.c.lesson == lesson_members.c.lesson))
    .where(
        lesson_members.c.user == _ME,
        lesson_members.c.part == "tutor",
        continued_boards.c.handed_in_ms.is_not(None),
        continued_boards.c.answered_ms.is_(None),
    )
    .scalar_subquery()
)

_KINDS = (
    _Kind(
        "/alerts",
        Action.READ_ALERTS,
        _count(crisis_alerts.c.school == _SCHOOL, crisis_alerts.c.acknowledged_ms.is_(None)),
        lambda n: tn(n, "{n} alert that nobody has in hand", "{n} alerts that nobody has in hand"),
        urgent=True,
    ),
    _Kind(
        "/privacy/warnings",
        Action.READ_WARNINGS,
        _count(warnings.c.school == _SCHOOL, warnings.c.answered_ms.is_(None)),
        lambda n: tn(n, "{n} warning to answer", "{n} warnings to answer"),
        urgent=True,
    ),
    _Kind(
        "/privacy/incidents",
        Action.CHANGE_INCIDENTS,
        _count(incidents.c.school == _SCHOOL, incidents.c.closed_ms.is_(None)),
        lambda n: tn(n, "{n} incident under way", "{n} incidents under way"),
        urgent=True,
    ),
    _Kind(
        "/requests",
        Action.CHANGE_CLASSES,
        _count(
            staffing_requests.c.school == _SCHOOL,
            staffing_requests.c.fulfilled_ms.is_(None),
            staffing_requests.c.withdrawn_ms.is_(None),
            staffing_requests.c["class"].is_(None),
        ),
        lambda n: tn(n, "{n} request for lessons without a class", "{n} requests for lessons without a class"),
    ),
    _Kind(
        "/classes",
        Action.CHANGE_CLASSES,
        _count(classes.c.school == _SCHOOL, classes.c.closed_ms.is_(None), classes.c.tutor.is_(None)),
        lambda n: tn(n, "{n} class without a tutor", "{n} classes without a tutor"),
    ),
    _Kind(
        "/questions",
        Action.READ_QUESTIONS,
        _count(questions.c.school == _SCHOOL, questions.c.state == "open"),
        lambda n: tn(n, "{n} question to answer", "{n} questions to answer"),
    ),
    _Kind(
        "/privacy",
        Action.READ_PRIVACY,
        _count(amendments.c.school == _SCHOOL, amendments.c.granted.is_(None)),
        lambda n: tn(n, "{n} request to amend a record", "{n} requests to amend a record"),
    ),
    _Kind(
        "/boards",
        Action.LIST_BOARDS,
        _MY_BOARDS,
        lambda n: tn(n, "{n} board that was handed in to you", "{n} boards that were handed in to you"),
        role=Role.TUTOR,
    ),
    _Kind(
        "/reviews",
        Action.LIST_REVIEWS,
        _count(reviews.c.reviewer == _ME, reviews.c.finished_ms.is_(None)),
        lambda n: tn(n, "{n} review that you began", "{n} reviews that you began"),
        role=Role.REVIEWER,
    ),
)


async def load_waiting(connection: AsyncConnection, actor: Actor) -> list[Waiting]:
    """What this person may do something about, the most urgent first. One query; none for whom no such work exists."""
    school = SchoolObject(actor.school)
    kinds = tuple(each for each in _KINDS if each.role in (None, actor.role) and permitted(actor, each.action, school))
    if not kinds:
        return []
    counts = (await connection.execute(_counting(kinds), {"school_id": actor.school, "me": actor.user})).one()
    return [Waiting(each.path, each.words(n), each.urgent) for each, n in zip(kinds, counts, strict=True) if n]


@dataclass(frozen=True, slots=True)
class Step:
    """One step from an empty school to its first lesson: where it is done, in words, and whether it is."""

    path: str
    words: str
    done: bool


_FIRST_STEPS = (
    ("/onboarding", phrase("Enter when the lessons begin"), _count(onboardings.c.school == _SCHOOL)),
    ("/staff", phrase("Add the tutors"), _count(users.c.school == _SCHOOL, users.c.role == Role.TUTOR.value)),
    (
        "/roster",
        phrase("Upload the roster of students"),
        _count(users.c.school == _SCHOOL, users.c.role == Role.STUDENT.value),
    ),
    ("/holidays", phrase("Enter the days without lessons"), _count(holidays.c.school == _SCHOOL)),
    ("/classes", phrase("Make classes: students, a tutor, a weekly time"), _count(classes.c.school == _SCHOOL)),
)


async def load_first_steps(connection: AsyncConnection, actor: Actor) -> list[Step]:
    """What a school without lessons still needs; empty once it has everything, and for who cannot do it."""
    if not permitted(actor, Action.CHANGE_CLASSES, SchoolObject(actor.school)):
        return []
    counting = select(*(counted.label(path) for path, _, counted in _FIRST_STEPS))
    counts = (await connection.execute(counting, {"school_id": actor.school})).one()
    steps = [Step(path, words, n > 0) for (path, words, _), n in zip(_FIRST_STEPS, counts, strict=True)]
    return [] if all(step.done for step in steps) else steps


@cache
def _counting(kinds: tuple[_Kind, ...]) -> Select[tuple[int, ...]]:
    return select(*(each.counted.label(f"kind_{number}") for number, each in enumerate(kinds)))
