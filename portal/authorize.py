"""Who may do what: one function, one table, and no as the default answer.

Nothing here reads the database. Whoever asks loads the object first, so that a decision is a pure function of
(actor, action, object) and every cell of the table can be tested.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar


class Role(StrEnum):
    """What a person is at a school."""

    DISTRICT_ADMIN = "district_admin"
    POINT_OF_CONTACT = "point_of_contact"
    COORDINATOR = "coordinator"
    TUTOR = "tutor"
    STUDENT = "student"
    GUARDIAN = "guardian"
    REVIEWER = "reviewer"
    ON_CALL = "on_call"


class Action(StrEnum):
    """What can be asked for."""

    LIST_LESSONS = "lessons.list"
    LIST_RECORDINGS = "recordings.list"
    READ_LESSON = "lesson.read"
    JOIN_LESSON = "lesson.join"
    START_LESSON = "lesson.start"
    END_LESSON = "lesson.end"
    WATCH_RECORDING = "recording.watch"
    DOWNLOAD_RECORDING = "recording.download"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who asks, and the log-in through which."""

    user: str
    school: str
    role: Role
    login: str


@dataclass(frozen=True, slots=True)
class SchoolObject:
    """A school as an object of a question."""

    id: str

    kind = "school"


@dataclass(frozen=True, slots=True)
class LessonObject:
    """A lesson, and so its recording, as an object of a question."""

    id: str
    school: str
    tutors: frozenset[str] = field(default_factory=frozenset)
    students: frozenset[str] = field(default_factory=frozenset)

    kind = "lesson"


class Forbidden(Exception):
    """The actor may not do this. The answer is the same whether or not the object exists elsewhere."""


Rule = Callable[[Actor, object], bool]
O = TypeVar("O")  # noqa: E741 - the letter for the object in (actor, action, object)

_OVERSEERS = frozenset({Role.COORDINATOR, Role.REVIEWER})


def authorize(actor: Actor, action: Action, target: object) -> None:
    """Returns when the actor may do the action to the object; otherwise raises Forbidden. What is unknown is a no."""
    rule = _RULES.get((action, type(target)))
    if rule is None or not rule(actor, target):
        raise Forbidden(f"{action} is not allowed")


def permitted(actor: Actor, action: Action, target: object) -> bool:
    """The same answer as a truth value, for what a page offers."""
    rule = _RULES.get((action, type(target)))
    return rule is not None and rule(actor, target)


def is_lesson_staff(actor: Actor, lesson: LessonObject) -> bool:
    """Whether the actor leads this lesson: its tutor, or a coordinator of its school."""
    return actor.school == lesson.school and (actor.user in lesson.tutors or actor.role is Role.COORDINATOR)


def _own_school(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id


def _takes_part(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and actor.user in (lesson.tutors | lesson.students)


def _takes_part_or_oversees(actor: Actor, lesson: LessonObject) -> bool:
    return _takes_part(actor, lesson) or (actor.school == lesson.school and actor.role in _OVERSEERS)


def _rule(kind: type[O], test: Callable[[Actor, O], bool]) -> Rule:
    def asked(actor: Actor, target: object) -> bool:
        return isinstance(target, kind) and test(actor, target)

    return asked


_RULES: dict[tuple[Action, type], Rule] = {
    (Action.LIST_LESSONS, SchoolObject): _rule(SchoolObject, _own_school),
    (Action.LIST_RECORDINGS, SchoolObject): _rule(SchoolObject, _own_school),
    (Action.READ_LESSON, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.JOIN_LESSON, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.START_LESSON, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.END_LESSON, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.WATCH_RECORDING, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.DOWNLOAD_RECORDING, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
}
