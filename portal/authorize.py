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
    # Of no person: what comes in by a token, and may do what the token's scopes say (portal/programs.py).
    PROGRAM = "program"


class Action(StrEnum):
    """What can be asked for."""

    LIST_LESSONS = "lessons.list"
    LIST_RECORDINGS = "recordings.list"
    READ_LESSON = "lesson.read"
    JOIN_LESSON = "lesson.join"
    START_LESSON = "lesson.start"
    END_LESSON = "lesson.end"
    REMOVE_FROM_LESSON = "lesson.remove"
    ADMIT_TO_LESSON = "lesson.admit"
    WATCH_RECORDING = "recording.watch"
    DOWNLOAD_RECORDING = "recording.download"
    REDACT_RECORDING = "recording.redact"
    EDIT_CAPTIONS = "captions.edit"
    READ_NOTES = "notes.read"
    WRITE_NOTES = "notes.write"
    CONTINUE_LESSON = "boards.continue"
    LIST_BOARDS = "boards.list"
    READ_BOARDS = "boards.read"
    ANSWER_BOARDS = "boards.answer"
    LIST_REVIEWS = "reviews.list"
    READ_REVIEW = "review.read"
    WRITE_REVIEW = "review.write"
    PLAN_LESSON = "lesson.plan"
    READ_ROSTER = "roster.read"
    CHANGE_ROSTER = "roster.change"
    LIST_CLASSES = "classes.list"
    READ_CLASSES = "classes.read"
    CHANGE_CLASSES = "classes.change"
    READ_STAFF = "staff.read"
    CHANGE_STAFF = "staff.change"
    READ_STUDENT = "student.read"
    READ_ATTENDANCE = "attendance.read"
    CORRECT_ATTENDANCE = "attendance.correct"
    READ_HOURS = "hours.read"
    CHANGE_HOURS = "hours.change"
    LIST_PROGRESS = "progress.list"
    READ_PROGRESS = "progress.read"
    WRITE_PROGRESS = "progress.write"
    READ_ONBOARDING = "onboarding.read"
    CHANGE_ONBOARDING = "onboarding.change"
    READ_DISTRICT = "district.read"
    READ_OPERATION = "operation.read"
    BRING_PAGES = "lesson.bring_pages"
    READ_DIALOGUE = "dialogue.read"
    WRITE_DIALOGUE = "dialogue.write"
    READ_QUESTIONS = "questions.read"
    ANSWER_QUESTION = "question.answer"
    TAKE_QUESTION = "question.take"
    READ_MATERIALS = "materials.read"
    CHANGE_MATERIALS = "materials.change"
    READ_GRADES = "grades.read"
    CHANGE_GRADES = "grades.change"
    READ_OUTBOX = "outbox.read"
    CHANGE_OUTBOX = "outbox.change"
    READ_DISCLOSURES = "disclosures.read"
    EXPORT_STUDENT = "student.export"
    ERASE_STUDENT = "student.erase"
    READ_ERASURES = "erasures.read"
    READ_RETENTION = "retention.read"
    CHANGE_RETENTION = "retention.change"
    READ_ALERTS = "alerts.read"
    ANSWER_ALERT = "alert.answer"
    READ_PRIVACY = "privacy.read"
    GRANT_ACCESS = "access.grant"
    READ_AMENDMENTS = "amendments.read"
    ASK_AMENDMENT = "amendment.ask"
    DECIDE_AMENDMENT = "amendment.decide"
    REVIEW_ACCESS = "access.review"
    READ_INCIDENTS = "incidents.read"
    CHANGE_INCIDENTS = "incidents.change"
    READ_WARNINGS = "warnings.read"
    ANSWER_WARNING = "warning.answer"
    READ_ROOM_RULES = "room_rules.read"
    CHANGE_ROOM_RULES = "room_rules.change"
    READ_PROGRAMS = "programs.read"
    CHANGE_PROGRAMS = "programs.change"


@dataclass(frozen=True, slots=True)
class Actor:
    """The person who asks, and the log-in through which."""

    user: str
    school: str
    role: Role
    login: str
    # Whose training in student privacy is over: records of students are closed to them until it is renewed.
    lapsed: bool = False


@dataclass(frozen=True, slots=True)
class SchoolObject:
    """A school as an object of a question."""

    id: str

    kind = "school"
    students = frozenset[str]()


@dataclass(frozen=True, slots=True)
class SchoolRecord:
    """Something that belongs to a school as a whole: an upload, a mail, a certificate."""

    id: str
    school: str
    kind: str

    students = frozenset[str]()


@dataclass(frozen=True, slots=True)
class ClassObject:
    """A class as an object of a question."""

    id: str
    school: str
    tutors: frozenset[str] = field(default_factory=frozenset)
    students: frozenset[str] = field(default_factory=frozenset)

    kind = "class"


@dataclass(frozen=True, slots=True)
class StudentObject:
    """The record of one student.

    `tutors`: who teaches the student now; `guardians`: who answers for the student; `granted`: to whom of the staff
    the record is open for a time.
    """

    id: str
    school: str
    tutors: frozenset[str] = field(default_factory=frozenset)
    guardians: frozenset[str] = field(default_factory=frozenset)
    granted: frozenset[str] = field(default_factory=frozenset)

    kind = "student"

    @property
    def students(self) -> frozenset[str]:
        """Whose record it is."""
        return frozenset({self.id})


@dataclass(frozen=True, slots=True)
class LessonObject:
    """A lesson, and so its recording, as an object of a question."""

    id: str
    school: str
    tutors: frozenset[str] = field(default_factory=frozenset)
    students: frozenset[str] = field(default_factory=frozenset)

    kind = "lesson"


Target = SchoolObject | SchoolRecord | ClassObject | StudentObject | LessonObject


class Forbidden(Exception):
    """The actor may not do this. The answer is the same whether or not the object exists elsewhere."""


class TrainingLapsed(Forbidden):
    """The actor's role would allow it, but the training in student privacy is over."""


Rule = Callable[[Actor, object], bool]
O = TypeVar("O")  # noqa: E741 - the letter for the object in (actor, action, object)

_OVERSEERS = frozenset({Role.COORDINATOR, Role.REVIEWER})
_OFFICE = frozenset({Role.COORDINATOR, Role.POINT_OF_CONTACT})
_COORDINATION = frozenset({Role.COORDINATOR})
_ON_CALL = _COORDINATION | {Role.ON_CALL}
# For whom there is a page of boards that go on from a lesson: whoever makes them, and whoever they are handed in to.
_AT_BOARDS = frozenset({Role.TUTOR, Role.STUDENT, Role.COORDINATOR})
# Who may look at a whole school: its office, and whoever administers its district, who changes nothing in it.
_OVERVIEW = _OFFICE | {Role.DISTRICT_ADMIN}
_PLANNING = _COORDINATION | {Role.DISTRICT_ADMIN}
# Who answers to families and the district for a school's records, its coordinators' reads included.
_ANSWERABLE = frozenset({Role.POINT_OF_CONTACT, Role.DISTRICT_ADMIN})
# For whom there is a page of the students whose progress is theirs to see; the office has its list of students.
_IN_LESSONS = frozenset({Role.TUTOR, Role.STUDENT, Role.GUARDIAN})
# A lesson that is under way must not fail the students in it; its recording and every other record do close.
_OPEN_WITHOUT_TRAINING = frozenset(
    {
        Action.LIST_LESSONS,
        Action.LIST_RECORDINGS,
        Action.READ_LESSON,
        Action.JOIN_LESSON,
        Action.START_LESSON,
        Action.END_LESSON,
        Action.REMOVE_FROM_LESSON,
        Action.ADMIT_TO_LESSON,
        Action.BRING_PAGES,
        # Nobody in danger waits for somebody's training.
        Action.READ_ALERTS,
        Action.ANSWER_ALERT,
    }
)


def authorize(actor: Actor, action: Action, target: object) -> None:
    """Returns when the actor may do the action to the object; otherwise raises Forbidden. What is unknown is a no."""
    rule = _RULES.get((action, type(target)))
    # A program has its scopes instead of a role.
    if rule is None or actor.role is Role.PROGRAM or not rule(actor, target):
        raise Forbidden(f"{action} is not allowed")
    if actor.lapsed and action not in _OPEN_WITHOUT_TRAINING:
        raise TrainingLapsed(f"{action} needs the training in student privacy")


def permitted(actor: Actor, action: Action, target: object) -> bool:
    """The same answer as a truth value, for what a page offers."""
    try:
        authorize(actor, action, target)
    except Forbidden:
        return False
    return True


def is_lesson_staff(actor: Actor, lesson: LessonObject) -> bool:
    """Whether the actor leads this lesson: its tutor, or a coordinator of its school."""
    return actor.school == lesson.school and (actor.user in lesson.tutors or actor.role is Role.COORDINATOR)


def _leads_or_overview(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and (actor.user in lesson.tutors or actor.role in _OVERVIEW)


def _lesson_coordination(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and actor.role in _COORDINATION


def _lesson_oversight(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and actor.role in _OVERSEERS


def _own_school(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id


def _takes_part(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and actor.user in (lesson.tutors | lesson.students)


def _takes_part_or_oversees(actor: Actor, lesson: LessonObject) -> bool:
    return _takes_part(actor, lesson) or (actor.school == lesson.school and actor.role in _OVERSEERS)


def _takes_part_or_coordinates(actor: Actor, lesson: LessonObject) -> bool:
    return _takes_part(actor, lesson) or is_lesson_staff(actor, lesson)


def _reviews(actor: Actor, lesson: LessonObject) -> bool:
    # Nobody reviews a lesson of their own.
    return actor.school == lesson.school and actor.role is Role.REVIEWER and not _takes_part(actor, lesson)


def _sees_review(actor: Actor, lesson: LessonObject) -> bool:
    return actor.school == lesson.school and (actor.user in lesson.tutors or actor.role in _OVERSEERS)


def _oversees_school(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _OVERSEERS


def _at_boards(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _AT_BOARDS


def _office(actor: Actor, target: SchoolRecord | ClassObject | StudentObject) -> bool:
    return actor.school == target.school and actor.role in _OFFICE


def _coordination(actor: Actor, target: SchoolRecord | ClassObject | StudentObject) -> bool:
    return actor.school == target.school and actor.role in _COORDINATION


def _school_office(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _OFFICE


def _overview(actor: Actor, target: SchoolRecord | ClassObject | StudentObject) -> bool:
    return actor.school == target.school and actor.role in _OVERVIEW


def _school_overview(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _OVERVIEW


def _school_planning(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _PLANNING


def _school_district(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role is Role.DISTRICT_ADMIN


def _school_on_call(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _ON_CALL


def _record_on_call(actor: Actor, record: SchoolRecord) -> bool:
    return actor.school == record.school and actor.role in _ON_CALL


def _school_answerable(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _ANSWERABLE


def _record_answerable(actor: Actor, record: SchoolRecord) -> bool:
    return actor.school == record.school and actor.role in _ANSWERABLE


def _school_coordination(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _COORDINATION


def _teaches_or_overview(actor: Actor, target: ClassObject | StudentObject) -> bool:
    return actor.school == target.school and (actor.user in target.tutors or actor.role in _OVERVIEW)


def _teaches_or_coordination(actor: Actor, target: ClassObject | StudentObject) -> bool:
    return actor.school == target.school and (actor.user in target.tutors or actor.role in _COORDINATION)


def _own_ward_or_overview(actor: Actor, student: StudentObject) -> bool:
    return _own_or_ward(actor, student) or (actor.school == student.school and actor.role in _OVERVIEW)


def _own_or_ward(actor: Actor, student: StudentObject) -> bool:
    return actor.school == student.school and (actor.user == student.id or actor.user in student.guardians)


def _granted_teaches_or_overview(actor: Actor, student: StudentObject) -> bool:
    granted = actor.school == student.school and actor.user in student.granted
    return granted or _teaches_or_overview(actor, student)


def _reads_progress(actor: Actor, student: StudentObject) -> bool:
    return _own_ward_or_overview(actor, student) or _granted_teaches_or_overview(actor, student)


def _in_dialogue(actor: Actor, student: StudentObject) -> bool:
    there = actor.user in student.guardians | student.tutors or actor.role in _OFFICE
    return actor.school == student.school and there


def _follows_dialogue(actor: Actor, student: StudentObject) -> bool:
    return _in_dialogue(actor, student) or (actor.school == student.school and actor.role in _OVERVIEW)


def _planning(actor: Actor, record: SchoolRecord) -> bool:
    return actor.school == record.school and actor.role in _PLANNING


def _in_class_or_overview(actor: Actor, group: ClassObject) -> bool:
    return actor.school == group.school and (actor.user in group.students or _teaches_or_overview(actor, group))


def _learns_or_teaches(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and actor.role in _IN_LESSONS


def _in_classes(actor: Actor, school: SchoolObject) -> bool:
    return actor.school == school.id and (actor.role in _OVERVIEW or actor.role in (Role.TUTOR, Role.STUDENT))


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
    (Action.REMOVE_FROM_LESSON, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.ADMIT_TO_LESSON, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.BRING_PAGES, LessonObject): _rule(LessonObject, _takes_part_or_coordinates),
    (Action.PLAN_LESSON, LessonObject): _rule(LessonObject, _lesson_coordination),
    (Action.WATCH_RECORDING, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.DOWNLOAD_RECORDING, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.REDACT_RECORDING, LessonObject): _rule(LessonObject, _lesson_oversight),
    (Action.EDIT_CAPTIONS, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.READ_NOTES, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.WRITE_NOTES, LessonObject): _rule(LessonObject, _takes_part_or_oversees),
    (Action.CONTINUE_LESSON, LessonObject): _rule(LessonObject, _takes_part),
    (Action.LIST_BOARDS, SchoolObject): _rule(SchoolObject, _at_boards),
    (Action.READ_BOARDS, LessonObject): _rule(LessonObject, _takes_part_or_coordinates),
    (Action.ANSWER_BOARDS, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.LIST_REVIEWS, SchoolObject): _rule(SchoolObject, _oversees_school),
    (Action.READ_REVIEW, LessonObject): _rule(LessonObject, _sees_review),
    (Action.WRITE_REVIEW, LessonObject): _rule(LessonObject, _reviews),
    (Action.READ_ROSTER, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_ROSTER, SchoolObject): _rule(SchoolObject, _school_office),
    (Action.READ_ROSTER, SchoolRecord): _rule(SchoolRecord, _overview),
    (Action.CHANGE_ROSTER, SchoolRecord): _rule(SchoolRecord, _office),
    (Action.CHANGE_ROSTER, StudentObject): _rule(StudentObject, _office),
    (Action.LIST_CLASSES, SchoolObject): _rule(SchoolObject, _in_classes),
    (Action.READ_CLASSES, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_CLASSES, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.READ_CLASSES, ClassObject): _rule(ClassObject, _teaches_or_overview),
    (Action.CHANGE_CLASSES, ClassObject): _rule(ClassObject, _coordination),
    (Action.READ_STAFF, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_STAFF, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.CHANGE_STAFF, SchoolRecord): _rule(SchoolRecord, _coordination),
    (Action.READ_STUDENT, StudentObject): _rule(StudentObject, _granted_teaches_or_overview),
    (Action.READ_ATTENDANCE, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.READ_ATTENDANCE, LessonObject): _rule(LessonObject, _leads_or_overview),
    (Action.CORRECT_ATTENDANCE, LessonObject): _rule(LessonObject, is_lesson_staff),
    (Action.READ_HOURS, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.READ_ONBOARDING, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_ONBOARDING, SchoolObject): _rule(SchoolObject, _school_planning),
    (Action.READ_DISTRICT, SchoolObject): _rule(SchoolObject, _school_district),
    (Action.READ_OPERATION, SchoolObject): _rule(SchoolObject, _school_district),
    (Action.CHANGE_HOURS, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.LIST_PROGRESS, SchoolObject): _rule(SchoolObject, _learns_or_teaches),
    (Action.READ_PROGRESS, StudentObject): _rule(StudentObject, _reads_progress),
    (Action.WRITE_PROGRESS, StudentObject): _rule(StudentObject, _teaches_or_coordination),
    (Action.READ_DIALOGUE, StudentObject): _rule(StudentObject, _follows_dialogue),
    (Action.WRITE_DIALOGUE, StudentObject): _rule(StudentObject, _in_dialogue),
    (Action.READ_QUESTIONS, SchoolObject): _rule(SchoolObject, _school_planning),
    (Action.ANSWER_QUESTION, SchoolRecord): _rule(SchoolRecord, _planning),
    (Action.TAKE_QUESTION, SchoolObject): _rule(SchoolObject, _school_district),
    (Action.READ_MATERIALS, ClassObject): _rule(ClassObject, _in_class_or_overview),
    (Action.CHANGE_MATERIALS, ClassObject): _rule(ClassObject, _teaches_or_coordination),
    (Action.READ_GRADES, ClassObject): _rule(ClassObject, _teaches_or_overview),
    (Action.CHANGE_GRADES, ClassObject): _rule(ClassObject, _teaches_or_coordination),
    (Action.READ_OUTBOX, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.READ_OUTBOX, SchoolRecord): _rule(SchoolRecord, _coordination),
    (Action.CHANGE_OUTBOX, SchoolRecord): _rule(SchoolRecord, _coordination),
    (Action.READ_DISCLOSURES, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.READ_DISCLOSURES, StudentObject): _rule(StudentObject, _own_ward_or_overview),
    (Action.EXPORT_STUDENT, StudentObject): _rule(StudentObject, _office),
    (Action.ERASE_STUDENT, StudentObject): _rule(StudentObject, _coordination),
    (Action.READ_ALERTS, SchoolObject): _rule(SchoolObject, _school_on_call),
    (Action.ANSWER_ALERT, SchoolRecord): _rule(SchoolRecord, _record_on_call),
    (Action.READ_PRIVACY, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.READ_PRIVACY, SchoolRecord): _rule(SchoolRecord, _overview),
    (Action.GRANT_ACCESS, StudentObject): _rule(StudentObject, _office),
    (Action.READ_AMENDMENTS, StudentObject): _rule(StudentObject, _own_ward_or_overview),
    (Action.ASK_AMENDMENT, StudentObject): _rule(StudentObject, _own_or_ward),
    (Action.DECIDE_AMENDMENT, StudentObject): _rule(StudentObject, _office),
    (Action.REVIEW_ACCESS, SchoolObject): _rule(SchoolObject, _school_answerable),
    (Action.READ_INCIDENTS, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.READ_INCIDENTS, SchoolRecord): _rule(SchoolRecord, _overview),
    (Action.CHANGE_INCIDENTS, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_INCIDENTS, SchoolRecord): _rule(SchoolRecord, _overview),
    (Action.READ_WARNINGS, SchoolObject): _rule(SchoolObject, _school_answerable),
    (Action.ANSWER_WARNING, SchoolRecord): _rule(SchoolRecord, _record_answerable),
    (Action.READ_ROOM_RULES, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_ROOM_RULES, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.READ_PROGRAMS, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_PROGRAMS, SchoolObject): _rule(SchoolObject, _school_office),
    (Action.READ_ERASURES, SchoolRecord): _rule(SchoolRecord, _overview),
    (Action.READ_RETENTION, SchoolObject): _rule(SchoolObject, _school_overview),
    (Action.CHANGE_RETENTION, SchoolObject): _rule(SchoolObject, _school_coordination),
    (Action.CHANGE_RETENTION, LessonObject): _rule(LessonObject, _lesson_coordination),
}
