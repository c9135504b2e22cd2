"""What people find first: the menu, what waits for them, an empty school, and what a form has done."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import delete

from portal.authorize import Action, Actor, Role, SchoolObject, permitted
from portal.context import Portal
from portal.done import DONE_WORDS
from portal.pages import WITHOUT_LESSONS, menu_of
from portal.routes import ALL_ROUTES
from portal.schema import lesson_members, lessons
from tests.portal.world import PEOPLE, Browser, fill_service

WAITING = re.compile(r'class="waiting__one[^"]*" href="([^"]+)">([^<]+)<')
SAID = re.compile(r'<div class="banner done" role="status"><p class="banner__text">([^<]+)</p>')


def test_what_a_form_did_is_said_for_routes_that_there_are() -> None:
    posted = {route.path for table in ALL_ROUTES for route in table.routes if route.method == "POST"}
    assert set(DONE_WORDS) - posted == set()


async def test_page_after_a_form_says_once_what_was_done(portal: Portal, browser: Browser) -> None:
    await fill_service(portal)
    await browser.log_in("coordinator")
    made = await browser.submit("/holidays", {"first": "2026-12-24", "last": "", "name": "Winter"})
    assert made.status == 303
    assert SAID.findall(await (await browser.get("/holidays")).text()) == [DONE_WORDS["/holidays"]]
    assert SAID.findall(await (await browser.get("/holidays")).text()) == []


async def test_form_that_was_refused_says_nothing_of_the_kind(portal: Portal, browser: Browser) -> None:
    await fill_service(portal)
    await browser.log_in("coordinator")
    assert (await browser.submit("/holidays", {"first": "", "last": "", "name": ""})).status == 400
    assert SAID.findall(await (await browser.get("/holidays")).text()) == []


async def test_cookie_of_somebodys_own_making_says_nothing(portal: Portal, browser: Browser) -> None:
    await fill_service(portal)
    await browser.log_in("coordinator")
    page = await browser.get("/holidays", cookies={"chalkmesh-done": "%3Cb%3EWon%3C%2Fb%3E%20%2Fholidays"})
    assert "Won" not in await page.text()


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.PROGRAM])
def test_menu_is_small_and_leads_everywhere_once(role: Role) -> None:
    actor = Actor("user", "school", role, "")
    menu = menu_of(actor)
    ways = [way for way, _ in menu.bar] + [way for _, group in menu.more for way, _ in group]
    assert len(menu.bar) <= 6
    assert all(len(group) <= 6 for _, group in menu.more)
    assert len(menu.more) <= 5
    assert len(ways) == len(set(ways))
    assert "/" in ways
    assert ("/recordings" in ways) is (role not in WITHOUT_LESSONS)
    assert ("/privacy" in ways) is permitted(actor, Action.READ_PRIVACY, SchoolObject("school"))


@pytest.mark.parametrize("login", [login for login, school, _ in PEOPLE if school == "here"])
async def test_whatever_waits_for_somebody_can_be_opened_by_them(portal: Portal, browser: Browser, login: str) -> None:
    await fill_service(portal)
    await browser.log_in(login)
    waiting = WAITING.findall(await (await browser.get("/")).text())
    assert {path: (await browser.get(path)).status for path, _ in waiting} == {path: 200 for path, _ in waiting}
    if login == "coordinator":
        assert ("/requests", "1 request for lessons without a class") in waiting
        assert ("/questions", "1 question to answer") in waiting
    if login in ("student", "other-student", "guardian"):
        assert waiting == []


async def test_guardian_begins_with_the_children(portal: Portal, browser: Browser) -> None:
    await fill_service(portal)
    await browser.log_in("guardian")
    page = await (await browser.get("/")).text()
    assert 'href="/students/student/report"' in page
    assert "other-student" not in page


async def test_empty_school_shows_the_way_to_the_first_lesson(
    portal: Portal, open_browser: Callable[[], Browser]
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(delete(lesson_members))
        await connection.execute(delete(lessons))
    coordinator, reviewer = open_browser(), open_browser()
    await coordinator.log_in("coordinator")
    page = await (await coordinator.get("/")).text()
    assert "On the way to the first lesson" in page
    for path in ("/onboarding", "/staff", "/roster", "/holidays", "/classes"):
        assert f'<li><a href="{path}">' in page
    await reviewer.log_in("reviewer")
    assert "On the way to the first lesson" not in await (await reviewer.get("/")).text()
