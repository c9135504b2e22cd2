"""What a coordinator does through the pages, for tests."""

import re

from tests.portal.world import Browser

LATER = "2027-06-30"


async def upload_roster(browser: Browser, content: bytes, name: str = "roster.csv") -> str:
    """Uploads; returns the path of the dry run."""
    await browser.get("/roster")
    sent = await browser.upload("/roster/uploads", "file", name, content)
    assert sent.status == 303, await sent.text()
    return sent.headers["Location"]


async def apply_roster(browser: Browser, content: bytes, name: str = "roster.csv") -> str:
    """Uploads, looks, applies; returns the text of the dry run."""
    path = await upload_roster(browser, content, name)
    text = await (await browser.get(path)).text()
    plan = re.search(r'name="plan" value="(\w+)"', text)
    assert plan is not None, text
    applied = await browser.submit(f"{path}/apply", {"plan": plan[1]})
    assert (applied.status, applied.headers["Location"]) == (303, path)
    return text


async def make_class(browser: Browser, title: str, subject: str, *, kind: str = "1:4", grade: str = "") -> str:
    """A new class; returns its path."""
    fields = {"title": title, "subject": subject, "kind": kind, "grade": grade, "teacher": "Mr Record"}
    made = await browser.submit("/classes", fields)
    assert made.status == 303, await made.text()
    return made.headers["Location"]


async def add_hour(
    browser: Browser, path: str, weekday: int, start: str, *, length: int = 60, from_day: str, until_day: str = LATER
) -> int:
    """Adds a weekly hour; returns the status."""
    fields = {"weekday": str(weekday), "start": start, "length": str(length), "from": from_day, "until": until_day}
    return (await browser.submit(f"{path}/hours", fields)).status
