"""Renders the templates, with what every page needs around its own content."""

from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from portal import times
from portal.assets import Assets, Bundle
from portal.authorize import Action, Actor, Role, SchoolObject, permitted
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
        zone_name=times.format_zone,
        iso=times.format_iso,
        length=times.format_length,
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
            menu=menu_of(person.actor) if person is not None else (),
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
    ("/", "Lessons", Action.LIST_LESSONS),
    ("/recordings", "Recordings", Action.LIST_RECORDINGS),
    ("/students", "Students", Action.READ_ROSTER),
    ("/roster", "Roster", Action.READ_ROSTER),
    ("/requests", "Requests", Action.READ_ROSTER),
    ("/classes", "Classes", Action.READ_CLASSES),
    ("/attendance", "Attendance", Action.READ_ATTENDANCE),
    ("/staff", "Staff", Action.READ_STAFF),
    ("/outbox", "Mail", Action.READ_OUTBOX),
    ("/disclosures", "Disclosures", Action.READ_DISCLOSURES),
)


def menu_of(actor: Actor) -> tuple[tuple[str, str], ...]:
    """The (path, words) that this person may open."""
    school = SchoolObject(actor.school)
    return tuple((path, words) for path, words, action in _MENU if permitted(actor, action, school))


def initials(name: str) -> str:
    """One or two letters that stand for a person where there is no room for the name."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
