"""Renders the templates, with what every page needs around its own content."""

from pathlib import Path
from typing import Any

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from portal import times
from portal.assets import Assets, Bundle
from portal.authorize import Role
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


class Pages:
    """The templates. StrictUndefined: a name that a page forgot is an error in a test, not a blank on a screen."""

    def __init__(self, assets: Assets) -> None:
        self._assets = assets
        folder = Path(__file__).resolve().parent / "templates"
        self._environment = Environment(
            loader=FileSystemLoader(folder),
            autoescape=select_autoescape(("html", "svg")),
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters.update(
            initials=initials,
            role_name=lambda role: _ROLE_NAMES[role],
            clock_time=times.format_time,
            day=times.format_day,
            zone_name=times.format_zone,
            iso=times.format_iso,
            length=times.format_length,
        )
        self.mark = (folder / "mark.svg").read_text(encoding="utf-8")
        self._environment.globals["mark"] = Markup(self.mark)

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
            bundle=bundle,
            styles=bundle.styles if bundle is not None else self._assets.page_styles(),
            **content,
        )

    def respond(self, request: web.Request, template: str, *, status: int = 200, **content: Any) -> web.Response:
        """A page as an answer. `Any`: as in `render`."""
        return web.Response(
            text=self.render(request, template, **content), status=status, content_type="text/html", charset="utf-8"
        )


def initials(name: str) -> str:
    """One or two letters that stand for a person where there is no room for the name."""
    words = [word for word in name.split() if word[0].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
