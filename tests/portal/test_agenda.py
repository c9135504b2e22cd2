"""The list of lessons, a page at a time: portal/agenda.py and the paging of portal/lessons.py."""

import re

import pytest
from sqlalchemy import insert

from portal.context import Portal
from portal.schema import lesson_members, lessons
from tests.portal.world import MINUTE_MS, NOON_MS, Browser

_HOUR_MS = 60 * MINUTE_MS
_OVER, _AHEAD = 30, 520


async def fill(portal: Portal) -> None:
    """Lessons that are over today, and more ahead than one query used to give; the tutor has all of them."""
    times = [(f"over-{n:03}", NOON_MS - (120 - 3 * n) * MINUTE_MS, "ended") for n in range(_OVER)]
    times += [(f"ahead-{n:03}", NOON_MS + 24 * _HOUR_MS + 10 * n * MINUTE_MS, "scheduled") for n in range(_AHEAD)]
    async with portal.database.write() as connection:
        await connection.execute(
            insert(lessons),
            [
                {
                    "id": name, "school": "here", "room": name, "title": f"Title {name}", "subject": "Art",
                    "starts_ms": starts_ms, "ends_ms": starts_ms + MINUTE_MS, "state": state, "recording": "off",
                    "demo": False,
                }
                for name, starts_ms, state in times
            ],
        )  # fmt: skip
        await connection.execute(
            insert(lesson_members), [{"lesson": name, "user": "tutor", "part": "tutor"} for name, _, _ in times]
        )


def titles(page: str) -> list[str]:
    return re.findall(r"<h3>(Title [^<]+)</h3>", page)


@pytest.mark.parametrize("login", ["coordinator", "tutor"])
async def test_no_lesson_is_left_out_however_many_there_are(portal: Portal, browser: Browser, login: str) -> None:
    await fill(portal)
    await browser.log_in(login)
    seen: list[str] = []
    path: str | None = "/?page=1"
    while path is not None:
        page = await (await browser.get(path)).text()
        assert len(titles(page)) <= 25
        seen += titles(page)
        after = re.search(r'href="(/\?page=\d+)">After', page)
        path = after[1] if after else None
    assert len(seen) == len(set(seen)) == _OVER + _AHEAD + (2 if login == "coordinator" else 1)
    assert seen.index("Title over-000") == 0


@pytest.mark.parametrize("login", ["coordinator", "tutor"])
async def test_the_page_of_what_is_now_stands_open(portal: Portal, browser: Browser, login: str) -> None:
    await fill(portal)
    await browser.log_in(login)
    page = await (await browser.get("/")).text()
    assert "Title of lesson-one" in page
    assert "26 to 50 of" in page
    assert 'href="/?page=1">Before' in page


@pytest.mark.parametrize(("asked", "shown"), [("0", "1 to 25"), ("999999", "551 to"), ("-1", "26 to"), ("٣", "26 to")])
async def test_a_page_that_cannot_be_asked_for_gives_one_that_is_there(
    portal: Portal, browser: Browser, asked: str, shown: str
) -> None:
    await fill(portal)
    await browser.log_in("coordinator")
    answer = await browser.get(f"/?page={asked}")
    assert answer.status == 200
    assert shown in await answer.text()


async def test_a_lesson_that_runs_on_past_midnight_is_still_of_today(portal: Portal, browser: Browser) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            insert(lessons).values(
                id="old", school="here", room="old", title="Title old", subject="Art",
                starts_ms=NOON_MS - 72 * _HOUR_MS, ends_ms=NOON_MS - 71 * _HOUR_MS,
                state="live", recording="off", demo=False,
            )
        )  # fmt: skip
    await browser.log_in("coordinator")
    assert "Title old" in titles(await (await browser.get("/")).text())
