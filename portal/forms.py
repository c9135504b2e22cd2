"""Forms as people send them: values that are checked, errors beside their fields, and what was typed kept."""

import re
from collections.abc import Collection
from datetime import date, datetime

from aiohttp import web

from portal.language import t

_POINTS = re.compile(r"[0-9]{1,6}(\.[0-9]{1,2})?")

_PAGE = re.compile(r"[0-9]{1,6}")


def page_of(request: web.Request) -> int | None:
    """The number of the page (from 1) that `?page=` asks for; None without one that can be."""
    text = request.query.get("page", "")
    return max(1, int(text)) if _PAGE.fullmatch(text) else None


class Form:
    """One submitted form. Each getter returns a checked value, or a stand-in after it noted an error by field name."""

    def __init__(self, typed: dict[str, str] | None = None) -> None:
        self.values: dict[str, str] = typed or {}
        self.errors: dict[str, str] = {}

    @classmethod
    async def read(cls, request: web.Request) -> "Form":
        """The text fields of a request."""
        sent = await request.post()
        return cls({name: value for name, value in sent.items() if isinstance(value, str)})

    @property
    def good(self) -> bool:
        """Whether nothing is wrong so far."""
        return not self.errors

    def text(self, field: str, label: str, *, most: int, required: bool = True) -> str:
        """A line of text without outer or double blanks."""
        value = " ".join(self.values.get(field, "").split())
        if required and not value:
            self.errors[field] = t("Enter {what}.", what=label)
        elif len(value) > most:
            self.errors[field] = t("At most {most} characters.", most=most)
        elif not value.isprintable():
            self.errors[field] = t("Only characters that can be printed.")
        return value

    def prose(self, field: str, label: str, *, most: int) -> str:
        """Some lines of text, without blanks around them."""
        value = self.values.get(field, "").replace("\r\n", "\n").strip()
        if not value:
            self.errors[field] = t("Enter {what}.", what=label)
        elif len(value) > most:
            self.errors[field] = t("At most {most} characters.", most=most)
        elif not value.replace("\n", "").replace("\t", "").isprintable():
            self.errors[field] = t("Only characters that can be printed.")
        return value

    def choice(self, field: str, label: str, among: Collection[str]) -> str:
        """One of a few words."""
        value = self.values.get(field, "")
        if value not in among:
            self.errors[field] = t("Choose {what}.", what=label)
        return value

    def whole(self, field: str, label: str, *, least: int, most: int) -> int:
        """A whole number."""
        text = self.values.get(field, "").strip()
        if not (text.isascii() and text.isdigit() and len(text) <= 6 and least <= int(text) <= most):
            self.errors[field] = t("Enter {what} from {least} to {most}.", what=label, least=least, most=most)
            return least
        return int(text)

    def points(self, field: str, *, most: int) -> float:
        """A number with at most two decimals, from 0 to `most`."""
        text = self.values.get(field, "").strip().replace(",", ".")
        if not _POINTS.fullmatch(text) or float(text) > most:
            self.errors[field] = t(
                "Enter points from 0 to {most}, such as {most} or {half}.", most=most, half=f"{most / 2:g}"
            )
            return 0.0
        return float(text)

    def day(self, field: str, label: str, *, required: bool = True) -> date | None:
        """A date as `2026-11-30`."""
        text = self.values.get(field, "").strip()
        if not text and not required:
            return None
        try:
            day = datetime.strptime(text, "%Y-%m-%d").date()
        except ValueError:
            self.errors[field] = t("Enter {what} as year-month-day, such as 2026-11-30.", what=label)
            return None
        if not 2000 <= day.year <= 2200:
            self.errors[field] = t("Enter {what} between 2000 and 2200.", what=label)
        return day

    def minute(self, field: str, label: str) -> int:
        """A time of day as `15:30`, in minutes after midnight."""
        try:
            moment = datetime.strptime(self.values.get(field, "").strip(), "%H:%M")
        except ValueError:
            self.errors[field] = t("Enter {what} as hours and minutes, such as 15:30.", what=label)
            return 0
        return moment.hour * 60 + moment.minute
