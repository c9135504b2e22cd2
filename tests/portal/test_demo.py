"""The demonstration school: portal/demo.py."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from aiohttp.test_utils import TestServer

from portal.context import PORTAL
from portal.demo import LOGINS, add_finished_lesson, fill_demo, keep_lessons_joinable
from portal.demo_class import put_demo_material
from portal.file_kinds import make_safe
from portal.passwords import Passwords
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, MINUTE_MS, NOON_MS, Browser, FakeClock, rows


@pytest.fixture
async def demo(settings: PortalSettings, clock: FakeClock) -> AsyncIterator[Browser]:
    async with open_portal(replace(settings, demo=True), clock=clock, hasher=CHEAP_HASHER) as app:
        server = TestServer(app)
        await server.start_server()
        browser = Browser(server, app[PORTAL])
        yield browser
        await browser.client.session.close()
        await server.close()


async def test_everybody_of_the_list_can_sign_in_by_one_click(demo: Browser) -> None:
    page = await (await demo.get("/login")).text()
    for each in LOGINS:
        assert f'value="{each.login}"' in page
        assert (await demo.submit("/login", {"login": each.login, "password": each.password})).status == 303
        await demo.get("/")


async def test_lessons_can_be_joined_now_one_is_later_and_one_is_for_trying(demo: Browser) -> None:
    lessons = {row["title"]: row for row in await rows(demo.portal, "lessons")}
    assert set(lessons) == {"Fractions with Leo", "Forces and motion", "Reading circle", "Sketch club (bots draw here)"}
    assert lessons["Sketch club (bots draw here)"]["demo"] is True
    assert [title for title, row in lessons.items() if row["starts_ms"] > NOON_MS] == ["Reading circle"]
    await demo.log_in("leo", LOGINS[0].password)
    assert (await (await demo.get("/")).text()).count(">Join<") == 0
    assert (await (await demo.get("/")).text()).count("/room") == 3


async def test_lessons_have_the_worksheets_of_their_class_and_there_are_desks(demo: Browser, clock: FakeClock) -> None:
    lessons = {row["title"]: row["class"] for row in await rows(demo.portal, "lessons")}
    titles = {row["class"]: row["title"] for row in await rows(demo.portal, "materials")}
    assert titles[lessons["Fractions with Leo"]] == "Fractions worksheet"
    assert titles[lessons["Forces and motion"]] == "Distance and time"
    await demo.log_in("tutor", LOGINS[0].password)
    page = await (await demo.get(f"/classes/{lessons['Fractions with Leo']}/materials")).text()
    assert "Fractions worksheet" in page
    for row in await rows(demo.portal, "materials"):
        kept = make_safe((demo.portal.settings.materials / row["digest"]).read_bytes())
        assert kept.kind == "pdf"
    assert [row["desks"] for row in await rows(demo.portal, "schools")] == [True]
    assert await put_demo_material(demo.portal.database, demo.portal.settings.materials, clock()) == 0


async def test_second_start_adds_nothing(demo: Browser, clock: FakeClock) -> None:
    passwords = Passwords(CHEAP_HASHER)
    assert not await fill_demo(demo.portal.database, passwords, clock())
    assert await keep_lessons_joinable(demo.portal.database, clock()) == 0
    passwords.close()


async def test_next_morning_there_are_lessons_again(demo: Browser, clock: FakeClock) -> None:
    clock.advance(24 * 60 * MINUTE_MS)
    assert await keep_lessons_joinable(demo.portal.database, clock()) == 4


async def test_ended_lesson_is_offered_anew(demo: Browser, clock: FakeClock) -> None:
    fractions = next(row for row in await rows(demo.portal, "lessons") if row["title"] == "Fractions with Leo")
    await demo.portal.classrooms.end(fractions["id"], "demo-tutor")
    assert await keep_lessons_joinable(demo.portal.database, clock()) == 1


async def test_school_with_people_of_its_own_is_not_touched(settings: PortalSettings, clock: FakeClock) -> None:
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        assert await keep_lessons_joinable(app[PORTAL].database, clock()) == 0
        assert await rows(app[PORTAL], "users") == []


async def test_finished_lesson_stands_among_the_recordings(demo: Browser, clock: FakeClock) -> None:
    await add_finished_lesson(
        demo.portal.database,
        "demo-finished",
        title="Yesterday's waves",
        subject="Physics",
        students=("leo",),
        ended_ms=clock() - 60 * MINUTE_MS,
        duration_ms=30 * MINUTE_MS,
        rendered=True,
    )
    await demo.log_in("leo", LOGINS[0].password)
    text = await (await demo.get("/recordings")).text()
    assert "Yesterday&#39;s waves" in text
    assert "30:00" in text
    assert 'href="/recordings/demo-finished"' in text


async def test_without_the_flag_no_password_is_on_the_page(settings: PortalSettings, clock: FakeClock) -> None:
    async with open_portal(settings, clock=clock, hasher=CHEAP_HASHER) as app:
        server = TestServer(app)
        await server.start_server()
        text = await (await Browser(server, app[PORTAL]).get("/login")).text()
        assert LOGINS[0].password not in text
        await server.close()
