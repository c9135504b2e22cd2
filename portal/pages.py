"""Renders the templates, with what every page needs around its own content."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from portal import times
from portal.assets import Assets, Bundle
from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.grading import format_percent
from portal.request_keys import PERSON, VISIT

THEME_COOKIE = "chalkmesh-theme"
THEMES = ("light", "dark")

_ROLE_NAMES = {
    Role.DISTRICT_ADMIN: "District administrator",
    Role.POINT_OF_CONTACT: "Point of contact",
    Role.COORDINATOR: "Coordinator",
    Role.TUTOR: "Tutor",
    Role.STUDENT: "Student",
    Role.GUARDIAN: "Guardian",
    Role.REVIEWER: "Reviewer",
    Role.ON_CALL: "On call",
}


# What a disclosure log says was done, for people who have never heard of an action's name.
ACTION_WORDS = {
    Action.LIST_LESSONS.value: "Saw the name in the list of lessons",
    Action.LIST_RECORDINGS.value: "Saw the name in the list of recordings",
    Action.READ_NOTES.value: "Read notes on a recording",
    Action.WRITE_NOTES.value: "Wrote a note on a recording",
    Action.CONTINUE_LESSON.value: "Went on from a board of a recording",
    Action.LIST_BOARDS.value: "Saw the name in a list of boards",
    Action.READ_BOARDS.value: "Looked at a board",
    Action.ANSWER_BOARDS.value: "Answered a board",
    Action.LIST_REVIEWS.value: "Saw the name in the list of reviews",
    Action.READ_REVIEW.value: "Read a quality review",
    Action.WRITE_REVIEW.value: "Reviewed a lesson",
    Action.LIST_PROGRESS.value: "Saw the name in the list of report cards",
    Action.READ_LESSON.value: "Looked at a lesson",
    Action.JOIN_LESSON.value: "Entered a lesson",
    Action.ADMIT_TO_LESSON.value: "Saw who waits at the door of a lesson",
    Action.PLAN_LESSON.value: "Changed when a lesson is or who teaches it",
    Action.WATCH_RECORDING.value: "Watched a recording",
    Action.DOWNLOAD_RECORDING.value: "Downloaded a recording",
    Action.REDACT_RECORDING.value: "Left something out of a recording",
    Action.READ_NOTES.value: "Read the notes on a recording",
    Action.LIST_BOARDS.value: "Saw the name in the list of boards that were handed in",
    Action.READ_BOARDS.value: "Looked at boards that go on from a lesson",
    Action.LIST_REVIEWS.value: "Saw a lesson of the student in the list of reviews",
    Action.READ_REVIEW.value: "Read the review of a lesson",
    Action.READ_ROSTER.value: "Saw the name in the list of students",
    Action.CHANGE_ROSTER.value: "Changed the account or the guardians",
    Action.LIST_CLASSES.value: "Saw the name in the list of classes",
    Action.READ_CLASSES.value: "Looked at a class",
    Action.CHANGE_CLASSES.value: "Changed a class",
    Action.READ_STUDENT.value: "Opened the student's page",
    Action.READ_ATTENDANCE.value: "Looked at minutes of attendance",
    Action.CORRECT_ATTENDANCE.value: "Corrected minutes of attendance",
    Action.READ_PROGRESS.value: "Read the report card",
    Action.WRITE_PROGRESS.value: "Wrote a goal or a weekly update",
    Action.READ_GRADES.value: "Read the grade book",
    Action.CHANGE_GRADES.value: "Entered grades",
    Action.READ_OUTBOX.value: "Read a mail about the student",
    Action.READ_DISCLOSURES.value: "Looked at this log",
    Action.EXPORT_STUDENT.value: "Exported the whole record",
    Action.ERASE_STUDENT.value: "Opened the page that erases the record",
}

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
        role_name=lambda role: _ROLE_NAMES[role],
        clock_time=times.format_time,
        day=times.format_day,
        full_day=times.format_full_day,
        zone_name=times.format_zone,
        iso=times.format_iso,
        length=times.format_length,
        percent=format_percent,
        hours=times.format_hours,
        action_words=lambda action: ACTION_WORDS.get(action, action),
    )
    environment.globals["mark"] = Markup((_FOLDER / "mark.svg").read_text(encoding="utf-8"))
    return environment


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
            here=request.path,
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
    ("/district", "District", Action.READ_DISTRICT),
    ("/", "Lessons", Action.LIST_LESSONS),
    ("/recordings", "Recordings", Action.LIST_RECORDINGS),
    ("/progress", "Progress", Action.LIST_PROGRESS),
    ("/students", "Students", Action.READ_ROSTER),
    ("/classes", "Classes", Action.LIST_CLASSES),
    ("/attendance", "Attendance", Action.READ_ATTENDANCE),
    ("/boards", "Boards", Action.LIST_BOARDS),
    ("/reviews", "Reviews", Action.LIST_REVIEWS),
    ("/requests", "Requests", Action.READ_ROSTER),
    ("/holidays", "Holidays", Action.READ_CLASSES),
    ("/onboarding", "Onboarding", Action.READ_ONBOARDING),
    ("/roster", "Roster", Action.READ_ROSTER),
    ("/hours", "Hours", Action.READ_HOURS),
    ("/staff", "Staff", Action.READ_STAFF),
    ("/lesson-rooms", "Lesson rooms", Action.READ_ROOM_RULES),
    ("/alerts", "Alerts", Action.READ_ALERTS),
    ("/retention", "Retention", Action.READ_RETENTION),
    ("/outbox", "Mail", Action.READ_OUTBOX),
    ("/disclosures", "Disclosures", Action.READ_DISCLOSURES),
    ("/operation", "Operation", Action.READ_OPERATION),
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
