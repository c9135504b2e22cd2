"""Renders the templates, with what every page needs around its own content."""

from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from portal import times
from portal.agenda import Entry
from portal.assets import Assets, Bundle
from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.grading import format_percent
from portal.language import LANGUAGES, phrase, spoken, t, tn, tx
from portal.request_keys import DONE, PERSON, VISIT

THEME_COOKIE = "chalkmesh-theme"
THEMES = ("light", "dark")

_ROLE_NAMES = {
    Role.DISTRICT_ADMIN: phrase("District administrator"),
    Role.POINT_OF_CONTACT: phrase("Point of contact"),
    Role.COORDINATOR: phrase("Coordinator"),
    Role.TUTOR: phrase("Tutor"),
    Role.STUDENT: phrase("Student"),
    Role.GUARDIAN: phrase("Guardian"),
    Role.REVIEWER: phrase("Reviewer"),
    Role.ON_CALL: phrase("On call"),
    Role.PROGRAM: phrase("Program"),
}


# What a disclosure log says was done, for people who have never heard of an action's name.
ACTION_WORDS = {
    Action.LIST_LESSONS.value: phrase("Saw the name in the list of lessons"),
    Action.LIST_RECORDINGS.value: phrase("Saw the name in the list of recordings"),
    Action.WRITE_NOTES.value: phrase("Wrote a note on a recording"),
    Action.CONTINUE_LESSON.value: phrase("Went on from a board of a recording"),
    Action.ANSWER_BOARDS.value: phrase("Answered a board"),
    Action.WRITE_REVIEW.value: phrase("Reviewed a lesson"),
    Action.LIST_PROGRESS.value: phrase("Saw the name in the list of report cards"),
    Action.READ_LESSON.value: phrase("Looked at a lesson"),
    Action.JOIN_LESSON.value: phrase("Entered a lesson"),
    Action.ADMIT_TO_LESSON.value: phrase("Saw who waits at the door of a lesson"),
    Action.PLAN_LESSON.value: phrase("Changed when a lesson is or who teaches it"),
    Action.WATCH_RECORDING.value: phrase("Watched a recording"),
    Action.DOWNLOAD_RECORDING.value: phrase("Downloaded a recording"),
    Action.REDACT_RECORDING.value: phrase("Left something out of a recording"),
    Action.READ_NOTES.value: phrase("Read the notes on a recording"),
    Action.LIST_BOARDS.value: phrase("Saw the name in the list of boards that were handed in"),
    Action.READ_BOARDS.value: phrase("Looked at boards that go on from a lesson"),
    Action.LIST_REVIEWS.value: phrase("Saw a lesson of the student in the list of reviews"),
    Action.READ_REVIEW.value: phrase("Read the review of a lesson"),
    Action.READ_ROSTER.value: phrase("Saw the name in the list of students"),
    Action.CHANGE_ROSTER.value: phrase("Changed the account or the guardians"),
    Action.LIST_CLASSES.value: phrase("Saw the name in the list of classes"),
    Action.READ_CLASSES.value: phrase("Looked at a class"),
    Action.CHANGE_CLASSES.value: phrase("Changed a class"),
    Action.READ_STUDENT.value: phrase("Opened the student's page"),
    Action.READ_ATTENDANCE.value: phrase("Looked at minutes of attendance"),
    Action.CORRECT_ATTENDANCE.value: phrase("Corrected minutes of attendance"),
    Action.READ_PROGRESS.value: phrase("Read the report card"),
    Action.WRITE_PROGRESS.value: phrase("Wrote a goal or a weekly update"),
    Action.READ_DIALOGUE.value: phrase("Read the dialogue about the student"),
    Action.WRITE_DIALOGUE.value: phrase("Wrote in the dialogue about the student"),
    Action.READ_QUESTIONS.value: phrase("Saw the name in the list of questions"),
    Action.ANSWER_QUESTION.value: phrase("Answered a question of the student"),
    Action.READ_GRADES.value: phrase("Read the grade book"),
    Action.CHANGE_GRADES.value: phrase("Entered grades"),
    Action.READ_OUTBOX.value: phrase("Read a mail about the student"),
    Action.READ_DISCLOSURES.value: phrase("Looked at this log"),
    Action.READ_PRIVACY.value: phrase("Saw the name in the privacy report"),
    Action.GRANT_ACCESS.value: phrase("Opened the record to somebody for a time, or ended that"),
    Action.READ_AMENDMENTS.value: phrase("Read requests to amend the record"),
    Action.ASK_AMENDMENT.value: phrase("Asked to amend the record, or stated a disagreement"),
    Action.DECIDE_AMENDMENT.value: phrase("Decided on a request to amend the record"),
    Action.EXPORT_STUDENT.value: phrase("Exported the whole record"),
    Action.ERASE_STUDENT.value: phrase("Opened the page that erases the record"),
}


# The grounds that portal/ledger.py writes; what a reader gave as a reason follows them after a colon.
GROUNDS = (
    phrase("participant"),
    phrase("tutor of the lesson"),
    phrase("tutor of the class"),
    phrase("tutor of the student"),
    phrase("the student's own record"),
    phrase("guardian of the student"),
    phrase("access for a time"),
    phrase("district admin of the school"),
    phrase("point of contact of the school"),
    phrase("coordinator of the school"),
    phrase("tutor of the school"),
    phrase("student of the school"),
    phrase("guardian of the school"),
    phrase("reviewer of the school"),
    phrase("on call of the school"),
    phrase("program of the school"),
)


def _ground_words(reason: str) -> str:
    ground, colon, why = reason.partition(": ")
    return f"{t(ground) if ground in GROUNDS else ground}{colon}{why}"


def _action_words(action: str) -> str:
    return t(ACTION_WORDS.get(action, action))


# About 1.5 kB each.
_ROWS_KEPT = 4096
_FOLDER = Path(__file__).resolve().parent / "templates"


@cache
def _environment() -> Environment:
    """The templates, compiled once a process. StrictUndefined: a name that a page forgot is an error, not a blank."""
    environment = Environment(
        loader=FileSystemLoader(_FOLDER),
        autoescape=select_autoescape(("html", "svg")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        initials=initials,
        role_name=lambda role: t(_ROLE_NAMES[role]),
        clock_time=times.format_time,
        day=times.format_day,
        full_day=times.format_full_day,
        date=times.format_date,
        zone_name=times.format_zone,
        iso=times.format_iso,
        length=times.format_length,
        percent=format_percent,
        hours=times.format_hours,
        action_words=_action_words,
        ground_words=_ground_words,
    )
    environment.globals.update(t=t, tn=tn, tx=tx, languages=LANGUAGES)
    environment.globals["lesson_row"] = lesson_row
    environment.globals["mark"] = Markup((_FOLDER / "mark.svg").read_text(encoding="utf-8"))
    return environment


@lru_cache(maxsize=_ROWS_KEPT)
def _draw_row(entry: Entry, time_zone: str, me: str, _language: str) -> Markup:
    # `Any`: a macro of a template has no type.
    row: Any = vars(_environment().get_template("lesson_row.html").module)["row"]
    return Markup(row(entry, time_zone, me))


def lesson_row(entry: Entry, time_zone: str, user: str) -> Markup:
    """A lesson in a list, as `user` sees it. Drawing it took longest of a page, so what is drawn is kept for the next.

    What it shows is all in what it is given and in the language: a change of the lesson, its people or its state is
    another row.
    """
    me = user if any(member.user == user for member in entry.lesson.members) else ""
    return _draw_row(entry, time_zone, me, spoken())


class Pages:
    """Renders pages."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        self._environment = _environment()
        self.mark = str(self._environment.globals["mark"])

    def render(self, request: web.Request, template: str, **content: Any) -> str:
        """The HTML of a template. `Any`: whatever the template shows."""
        person = request.get(PERSON)
        theme = request.cookies.get(THEME_COOKIE)
        bundle: Bundle | None = content.pop("bundle", None)
        return self._environment.get_template(template).render(
            person=person,
            csrf=person.csrf if person is not None else request.get(VISIT, ""),
            theme=theme if theme in THEMES else None,
            language=spoken(),
            done=request.get(DONE),
            here=request.path,
            here_with_query=request.path_qs,
            menu=menu_of(person.actor) if person is not None else Menu((), ()),
            bundle=bundle,
            styles=bundle.styles if bundle is not None else self._assets.page_styles(),
            **content,
        )

    def respond(self, request: web.Request, template: str, *, status: int = 200, **content: Any) -> web.Response:
        """A page as an answer. `Any`: as in `render`."""
        return web.Response(
            text=self.render(request, template, **content), status=status, content_type="text/html", charset="utf-8"
        )


# They have no lessons of their own, and no list of recordings: their start page is what waits for them.
WITHOUT_LESSONS = frozenset({Role.GUARDIAN, Role.POINT_OF_CONTACT, Role.DISTRICT_ADMIN, Role.ON_CALL})
_OF_LESSONS = frozenset({"/recordings", "/boards"})

# What a group of the menu is called, in the order of the menu. "" is the bar, as far as there is room.
_GROUPS = ("", phrase("Planning"), phrase("People"), phrase("Privacy"), phrase("Service"))
# The ways there are, each with its group and the action that it needs on the own school. A path is current with all
# that lies under it.
_MENU = (
    ("/", phrase("Lessons"), "", Action.LIST_LESSONS),
    ("/district", phrase("District"), "", Action.READ_DISTRICT),
    ("/alerts", phrase("Alerts"), "Service", Action.READ_ALERTS),
    ("/students", phrase("Students"), "", Action.READ_ROSTER),
    ("/classes", phrase("Classes"), "", Action.LIST_CLASSES),
    ("/recordings", phrase("Recordings"), "", Action.LIST_RECORDINGS),
    ("/progress", phrase("Progress"), "", Action.LIST_PROGRESS),
    ("/attendance", phrase("Attendance"), "", Action.READ_ATTENDANCE),
    ("/boards", phrase("Boards"), "", Action.LIST_BOARDS),
    ("/reviews", phrase("Reviews"), "", Action.LIST_REVIEWS),
    ("/requests", phrase("Requests"), "Planning", Action.READ_ROSTER),
    ("/hours", phrase("Hours"), "Planning", Action.READ_HOURS),
    ("/holidays", phrase("Holidays"), "Planning", Action.READ_CLASSES),
    ("/onboarding", phrase("Onboarding"), "Planning", Action.READ_ONBOARDING),
    ("/lesson-rooms", phrase("Lesson rooms"), "Planning", Action.READ_ROOM_RULES),
    ("/roster", phrase("Roster"), "People", Action.READ_ROSTER),
    ("/staff", phrase("Staff"), "People", Action.READ_STAFF),
    ("/questions", phrase("Questions"), "People", Action.READ_QUESTIONS),
    ("/outbox", phrase("Mail"), "People", Action.READ_OUTBOX),
    ("/privacy", phrase("Privacy"), "Privacy", Action.READ_PRIVACY),
    ("/retention", phrase("Retention"), "Privacy", Action.READ_RETENTION),
    ("/disclosures", phrase("Disclosures"), "Privacy", Action.READ_DISCLOSURES),
    ("/programs", phrase("Programs"), "Service", Action.READ_PROGRAMS),
    ("/operation", phrase("Operation"), "Service", Action.READ_OPERATION),
)


_START = phrase("Start")
# So many stand in the bar itself; whoever looks after a school has the others under "More".
_IN_THE_BAR = 5

Way = tuple[str, str]
"""A path, and what it is called."""


@dataclass(frozen=True, slots=True)
class Menu:
    """The ways that a person may go: in the bar, and in the menu behind it, there under the name of their group."""

    bar: tuple[Way, ...]
    more: tuple[tuple[str, tuple[Way, ...]], ...]


def menu_of(actor: Actor) -> Menu:
    """What this person may open."""
    school, without = SchoolObject(actor.school), actor.role in WITHOUT_LESSONS
    open_to = [
        ((path, _START if path == "/" and without else words), group)
        for path, words, group, action in _MENU
        if permitted(actor, action, school) and not (without and path in _OF_LESSONS)
    ]
    if len(open_to) <= _IN_THE_BAR + 1:
        return Menu(tuple(way for way, _ in open_to), ())
    first = [way for way, group in open_to if group == ""]
    bar, rest = tuple(first[:_IN_THE_BAR]), tuple(first[_IN_THE_BAR:])
    groups = [(name, tuple(way for way, group in open_to if group == name)) for name in _GROUPS if name]
    return Menu(bar, tuple((name, ways) for name, ways in (("", rest), *groups) if ways))


def initials(name: str) -> str:
    """One or two letters that stand for a person where there is no room for the name."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
