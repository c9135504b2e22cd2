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
from portal.request_keys import PERSON, VISIT

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
    Action.READ_NOTES.value: phrase("Read notes on a recording"),
    Action.WRITE_NOTES.value: phrase("Wrote a note on a recording"),
    Action.CONTINUE_LESSON.value: phrase("Went on from a board of a recording"),
    Action.LIST_BOARDS.value: phrase("Saw the name in a list of boards"),
    Action.READ_BOARDS.value: phrase("Looked at a board"),
    Action.ANSWER_BOARDS.value: phrase("Answered a board"),
    Action.LIST_REVIEWS.value: phrase("Saw the name in the list of reviews"),
    Action.READ_REVIEW.value: phrase("Read a quality review"),
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
    Action.READ_DIALOGUE.value: "Read the dialogue about the student",
    Action.WRITE_DIALOGUE.value: "Wrote in the dialogue about the student",
    Action.READ_QUESTIONS.value: "Saw the name in the list of questions",
    Action.ANSWER_QUESTION.value: "Answered a question of the student",
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
        zone_name=times.format_zone,
        iso=times.format_iso,
        length=times.format_length,
        percent=format_percent,
        hours=times.format_hours,
        action_words=_action_words,
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


# What the bar offers, and the action that it needs on the own school. A path is current with all that lies under it.
_MENU = (
    ("/district", phrase("District"), Action.READ_DISTRICT),
    ("/", phrase("Lessons"), Action.LIST_LESSONS),
    ("/recordings", phrase("Recordings"), Action.LIST_RECORDINGS),
    ("/progress", phrase("Progress"), Action.LIST_PROGRESS),
    ("/students", phrase("Students"), Action.READ_ROSTER),
    ("/classes", phrase("Classes"), Action.LIST_CLASSES),
    ("/attendance", phrase("Attendance"), Action.READ_ATTENDANCE),
    ("/boards", phrase("Boards"), Action.LIST_BOARDS),
    ("/reviews", phrase("Reviews"), Action.LIST_REVIEWS),
    ("/requests", phrase("Requests"), Action.READ_ROSTER),
    ("/holidays", phrase("Holidays"), Action.READ_CLASSES),
    ("/onboarding", phrase("Onboarding"), Action.READ_ONBOARDING),
    ("/roster", phrase("Roster"), Action.READ_ROSTER),
    ("/hours", phrase("Hours"), Action.READ_HOURS),
    ("/staff", phrase("Staff"), Action.READ_STAFF),
    ("/programs", phrase("Programs"), Action.READ_PROGRAMS),
    ("/lesson-rooms", phrase("Lesson rooms"), Action.READ_ROOM_RULES),
    ("/alerts", phrase("Alerts"), Action.READ_ALERTS),
    ("/privacy", phrase("Privacy"), Action.READ_PRIVACY),
    ("/retention", phrase("Retention"), Action.READ_RETENTION),
    ("/questions", phrase("Questions"), Action.READ_QUESTIONS),
    ("/outbox", phrase("Mail"), Action.READ_OUTBOX),
    ("/disclosures", phrase("Disclosures"), Action.READ_DISCLOSURES),
    ("/operation", phrase("Operation"), Action.READ_OPERATION),
)


# So many stand in the bar itself; whoever looks after a school has the others under "More".
_IN_THE_BAR = 5


@dataclass(frozen=True, slots=True)
class Menu:
    """The (path, words) that a person may open: in the bar, and in the menu behind it."""

    bar: tuple[tuple[str, str], ...]
    more: tuple[tuple[str, str], ...]


def menu_of(actor: Actor) -> Menu:
    """What this person may open."""
    school = SchoolObject(actor.school)
    open_to = tuple((path, words) for path, words, action in _MENU if permitted(actor, action, school))
    return Menu(open_to[:_IN_THE_BAR], open_to[_IN_THE_BAR:])


def initials(name: str) -> str:
    """One or two letters that stand for a person where there is no room for the name."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
