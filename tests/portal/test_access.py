"""Who may use which route, for every route of the router: portal/guard.py, portal/authorize.py, portal/routing.py."""

from collections.abc import Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from portal.authorize import Action, Actor, Forbidden, LessonObject, Role, SchoolObject, authorize
from portal.context import PORTAL
from portal.routing import ACCESS_BOOK, Gate, RouteTable
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.world import CHEAP_HASHER, FOREIGN_LESSON, LESSON, Browser, rows

EVERYONE = "nobody tutor student other-tutor other-student coordinator reviewer guardian far-coordinator"
SIGNED_IN = EVERYONE.removeprefix("nobody ")
IN_THE_LESSON = "tutor student coordinator reviewer"
STAFF = "tutor coordinator"

# Each route with those who may use it on LESSON. A route that is missing here fails the test of completeness.
MATRIX = {
    ("GET", "/"): SIGNED_IN,
    ("GET", "/recordings"): SIGNED_IN,
    ("GET", "/login"): EVERYONE,
    ("POST", "/login"): EVERYONE,
    ("POST", "/logout"): SIGNED_IN,
    ("POST", "/theme"): EVERYONE,
    ("GET", "/lessons/{lesson}/room"): IN_THE_LESSON,
    ("GET", "/api/lessons/{lesson}"): IN_THE_LESSON,
    ("POST", "/api/lessons/{lesson}/ticket"): IN_THE_LESSON,
    ("POST", "/api/lessons/{lesson}/renew"): IN_THE_LESSON,
    ("POST", "/api/lessons/{lesson}/notice"): IN_THE_LESSON,
    ("POST", "/api/lessons/{lesson}/start"): STAFF,
    ("POST", "/api/lessons/{lesson}/end"): STAFF,
    ("GET", "/recordings/{lesson}"): IN_THE_LESSON,
    ("GET", "/api/recordings/{lesson}"): IN_THE_LESSON,
    ("GET", "/api/recordings/{lesson}/timeline"): IN_THE_LESSON,
    ("GET", "/api/recordings/{lesson}/media/{file}"): IN_THE_LESSON,
    ("GET", "/api/recordings/{lesson}/export.mp4"): IN_THE_LESSON,
    ("GET", "/api/recordings/{lesson}/poster.jpg"): IN_THE_LESSON,
    ("GET", "/internal/recordings"): "internal",
    ("GET", "/internal/recorder"): "internal",
    ("POST", "/internal/recordings/{lesson}/ticket"): "internal",
    ("POST", "/internal/recordings/{lesson}/renew"): "internal",
    ("POST", "/internal/recordings/{lesson}/status"): "internal",
    ("POST", "/internal/relay/events"): "internal",
    ("GET", "/static/{path}"): EVERYONE,
    ("GET", "/styles/{name}"): EVERYONE,
    ("GET", "/mark.svg"): EVERYONE,
    ("GET", "/healthz"): EVERYONE,
}

DISCLOSING = [
    route for route in MATRIX if "{lesson}" in route[1] and route[1].split("/")[-1] not in ("notice", "start", "end")
]


def fill(path: str, lesson: str = LESSON) -> str:
    return path.format(lesson=lesson, file="a.webm", path="assets/x.js", name="main.css")


async def ask(browser: Browser, method: str, path: str) -> int:
    answer = await (browser.get(path) if method == "GET" else browser.post(path))
    return answer.status


def refused(status: int, method: str, path: str) -> bool:
    # A page sends strangers to the sign-in; the API says 401.
    return status in (401, 403, 404) or (status == 303 and method == "GET" and path != "/login")


def test_matrix_names_every_route_of_the_router(server: TestServer) -> None:
    declared = {
        (route.method, route.resource.canonical)
        for route in server.app.router.routes()
        if route.resource is not None and route.method != "HEAD"
    }
    assert declared == set(MATRIX)
    assert set(server.app[ACCESS_BOOK].entries()) == declared | {
        ("HEAD", path) for method, path in declared if method == "GET"
    }


@pytest.mark.parametrize("who", EVERYONE.split())
async def test_each_person_gets_exactly_the_routes_of_the_matrix(browser: Browser, who: str) -> None:
    if who != "nobody":
        assert (await browser.log_in(who)).status == 303
    else:
        await browser.get("/login")
    for (method, path), allowed in MATRIX.items():
        if path in ("/logout", "/static/{path}", "/login"):
            continue  # Covered by name elsewhere; a log-out would end the walk.
        status = await ask(browser, method, fill(path))
        if who not in allowed.split():
            assert refused(status, method, path), (method, path, status)
        elif method == "POST" or "recordings/" in path:
            # Let in, and then told that the body is wrong, the state is, or that there is no recording.
            assert status in (200, 303, 400, 404, 409), (method, path, status)
            assert status != 403
        else:
            assert status == 200, (method, path, status)


@pytest.mark.parametrize("route", [route for route in MATRIX if "{lesson}" in route[1] and MATRIX[route] != "internal"])
async def test_lesson_of_another_school_is_as_if_it_were_not_there(browser: Browser, route: tuple[str, str]) -> None:
    method, path = route
    await browser.log_in("coordinator")
    foreign = await ask(browser, method, fill(path, FOREIGN_LESSON))
    missing = await ask(browser, method, fill(path, "no-such-lesson"))
    assert foreign == missing == 404


@pytest.mark.parametrize("route", DISCLOSING)
async def test_every_read_of_a_record_has_its_row_before_the_answer(browser: Browser, route: tuple[str, str]) -> None:
    method, path = route
    if MATRIX[route] == "internal":
        return
    await browser.log_in("coordinator")
    await ask(browser, method, fill(path))
    (row,) = await rows(browser.portal, "disclosure_log")
    assert (row["actor"], row["student"], row["object"], row["reason"]) == (
        "coordinator",
        "student",
        LESSON,
        "coordinator of the school",
    )
    await ask(browser, method, fill(path))
    assert len(await rows(browser.portal, "disclosure_log")) == 1  # the same log-in, within a quarter of an hour


async def test_refused_read_leaves_no_disclosure_row(browser: Browser) -> None:
    await browser.log_in("other-tutor")
    assert (await browser.get(f"/api/lessons/{LESSON}")).status == 403
    assert await rows(browser.portal, "disclosure_log") == []


async def test_internal_routes_want_the_bearer_and_nothing_else(open_browser: Callable[[], Browser]) -> None:
    browser = open_browser()
    await browser.log_in("coordinator")
    for (method, path), allowed in MATRIX.items():
        if allowed != "internal":
            continue
        for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": "Bearer é"}):
            answer = await browser.client.request(method, fill(path), json={}, headers=headers)
            assert (answer.status, (await answer.json())["error"]) == (401, "bearer_refused")
        assert (await browser.internal(method, fill(path), {})).status != 401


def test_internal_routes_are_all_under_internal() -> None:
    for (_, path), allowed in MATRIX.items():
        assert (allowed == "internal") == path.startswith("/internal/")


async def test_route_without_an_answer_to_who_may_is_refused_at_build_time() -> None:
    with pytest.raises(TypeError):
        RouteTable().get("/open")  # type: ignore[call-arg]


def test_every_role_and_action_is_refused_unless_the_table_says_otherwise() -> None:
    lesson = LessonObject("l", "here", frozenset({"t"}), frozenset({"s"}))
    allowed = set()
    for role in Role:
        for action in Action:
            for target in (lesson, SchoolObject("here"), object(), None):
                try:
                    authorize(Actor("somebody", "here", role, "login"), action, target)
                except Forbidden:
                    continue
                allowed.add((role, action, type(target)))
    lesson_actions = {Action.READ_LESSON, Action.JOIN_LESSON, Action.WATCH_RECORDING, Action.DOWNLOAD_RECORDING}
    expected: set[tuple[Role, Action, type]] = {
        (role, action, SchoolObject) for role in Role for action in (Action.LIST_LESSONS, Action.LIST_RECORDINGS)
    }
    expected |= {
        (role, action, LessonObject) for role in (Role.COORDINATOR, Role.REVIEWER) for action in lesson_actions
    }
    expected |= {(Role.COORDINATOR, action, LessonObject) for action in (Action.START_LESSON, Action.END_LESSON)}
    assert allowed == expected


def test_part_in_a_lesson_of_another_school_gives_nothing() -> None:
    lesson = LessonObject("l", "far", frozenset({"somebody"}), frozenset())
    for action in Action:
        with pytest.raises(Forbidden):
            authorize(Actor("somebody", "here", Role.TUTOR, "login"), action, lesson)


def test_gates_are_what_the_guard_knows(server: TestServer) -> None:
    for access in server.app[ACCESS_BOOK].entries().values():
        assert (access.gate is Gate.ACTION) == (access.action is not None)
    assert isinstance(server.app, web.Application)


async def test_route_that_bypassed_the_book_is_refused_not_served(settings: PortalSettings) -> None:
    async with open_portal(settings, hasher=CHEAP_HASHER) as app:

        async def hole(request: web.Request) -> web.Response:
            return web.Response(text="secret")

        app.router.add_get("/hole", hole)
        server = TestServer(app)
        await server.start_server()
        try:
            answer = await Browser(server, app[PORTAL]).get("/hole")
            assert answer.status == 500
            assert "secret" not in await answer.text()
        finally:
            await server.close()
