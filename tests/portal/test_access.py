"""Who may use which route, for every route of the router: portal/guard.py, portal/authorize.py, portal/routing.py."""

import ast
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy import update

import portal as portal_package
from portal.authorize import (
    Action,
    Actor,
    ClassObject,
    Forbidden,
    LessonObject,
    Role,
    SchoolObject,
    SchoolRecord,
    StudentObject,
    authorize,
)
from portal.context import PORTAL, Portal
from portal.pages import ACTION_WORDS
from portal.routes import ALL_ROUTES
from portal.routing import ACCESS_BOOK, Gate, RouteTable
from portal.schema import lessons, users
from portal.server import open_portal
from portal.settings import PortalSettings
from tests.portal.matrix import EVERYONE, MATRIX
from tests.portal.world import CHEAP_HASHER, FOREIGN_LESSON, LESSON, NOON_MS, Browser, fill_service, rows

ROUTES = {(route.method, route.path.replace(":.+", "")): route.access for table in ALL_ROUTES for route in table.routes}
# Also those that only a list of the handler's discloses.
DISCLOSING = [route for route, access in ROUTES.items() if access.disclosing]
# The coordinator has no page of their own students; portal/routes/progress.py has its own test.
# Those of programs are for nobody who logs in: tests/portal/test_program_api.py.
LISTING = [
    route
    for route, access in ROUTES.items()
    if access.listing and access.gate is not Gate.PROGRAM and route != ("GET", "/progress")
]
NAMED = (
    "lesson",
    "student",
    "group",
    "upload",
    "mail",
    "staff",
    "erasure",
    "alert",
    "warning",
    "incident",
    "review",
    "question",
)


def fill(path: str, end: str = "one", token: str = "") -> str:
    """The path with what fill_schools and fill_service made; `far`: at the other school; `no-such`: nowhere."""
    lesson, student, staff = {
        "one": (LESSON, "student", "tutor"),
        "far": (FOREIGN_LESSON, "far-student", "far-coordinator"),
        "no-such": ("no-such-lesson", "no-such-student", "no-such-tutor"),
    }[end]
    named = {
        what: f"{what}-{end}"
        for what in (
            "upload",
            "mail",
            "erasure",
            "alert",
            "warning",
            "incident",
            "review",
            "question",
            "amendment",
            "assignment",
            "material",
            "note",
            "board",
            "mark",
            "opened",
            "redaction",
            "film",
            "caption",
        )
    }
    return path.format(
        lesson=lesson,
        student=student,
        staff=staff,
        group=f"class-{end}",
        token=token,
        person=student,
        file="a.webm",
        asset="0" * 64,
        path="assets/x.js",
        name="main.css",
        **named,
    )


@pytest.fixture
async def token(portal: Portal) -> str:
    made = await fill_service(portal)
    async with portal.database.write() as connection:
        # The lesson is one of the class, so that the class's material is the lesson's.
        await connection.execute(update(lessons).where(lessons.c.id == LESSON).values({"class": "class-one"}))
    return made


@pytest.fixture
async def ended(portal: Portal) -> None:
    """Makes both lessons ones that are over, so that they have minutes."""
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).values(state="ended", starts_ms=NOON_MS - 3_600_000, ended_ms=NOON_MS, ends_ms=NOON_MS)
        )


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
async def test_each_person_gets_exactly_the_routes_of_the_matrix(browser: Browser, token: str, who: str) -> None:
    if who != "nobody":
        assert (await browser.log_in(who)).status == 303
    else:
        await browser.get("/login")
    for (method, path), allowed in MATRIX.items():
        if path in ("/logout", "/static/{path}", "/login", "/security/sessions/end-all"):
            continue  # Covered by name elsewhere; a log-out would end the walk.
        status = await ask(browser, method, fill(path, token=token))
        if who not in allowed.split():
            assert refused(status, method, path), (method, path, status)
        elif method == "POST" or "recordings/" in path or "imports/" in path:
            # Let in, and then told that the body is wrong, the state is, or that there is no recording or PDF.
            assert status in (200, 303, 400, 404, 409), (method, path, status)
            assert status != 403
        else:
            # A portal alone, without its relay, answers but is not ready.
            assert status == (503 if path == "/readyz" else 200), (method, path, status)


async def test_whatever_belongs_to_another_school_is_as_if_it_were_not_there(browser: Browser, token: str) -> None:
    await browser.log_in("coordinator")
    named = [
        route
        for route in MATRIX
        if MATRIX[route] not in ("internal", "program") and any(f"{{{what}}}" in route[1] for what in NAMED)
    ]
    assert len(named) > 30
    for method, path in named:
        foreign = await ask(browser, method, fill(path, "far"))
        missing = await ask(browser, method, fill(path, "no-such"))
        assert (foreign, missing) == (404, 404), (method, path)
    assert {row["student"] for row in await rows(browser.portal, "disclosure_log")} <= {"student", "other-student"}


@pytest.mark.parametrize("route", DISCLOSING)
async def test_every_read_of_a_record_has_its_row_before_the_answer(
    browser: Browser, token: str, route: tuple[str, str]
) -> None:
    method, path = route
    # What only families may do has no coordinator's row.
    who = "coordinator" if "coordinator" in MATRIX[route].split() else "guardian"
    ground = "coordinator of the school" if who == "coordinator" else "guardian of the student"
    await browser.log_in(who)
    await ask(browser, method, fill(path))
    # The start page, which a log-in leads to, is a list of its own.
    row = next(row for row in await rows(browser.portal, "disclosure_log") if row["object_kind"] != "list")
    assert (row["actor"], row["student"], row["object"], row["reason"]) == (
        who,
        "student",
        LESSON if "{lesson}" in path else "student",
        ground,
    )
    count = len(await rows(browser.portal, "disclosure_log"))
    await ask(browser, method, fill(path))
    # The same log-in, within a quarter of an hour. A page about disclosures lists the one that it is itself.
    assert len(await rows(browser.portal, "disclosure_log")) == count


@pytest.mark.parametrize("route", LISTING)
async def test_every_list_of_records_has_a_row_for_each_student_on_it(
    browser: Browser, token: str, ended: None, route: tuple[str, str]
) -> None:
    method, path = route
    await browser.log_in("coordinator")
    if path == "/disclosures":
        await browser.get("/students/student")
    status = await ask(browser, method, fill(path))
    told = {row["student"] for row in await rows(browser.portal, "disclosure_log") if row["actor"] == "coordinator"}
    if status == 303 or path == "/roster/uploads/{upload}":
        return  # Nothing was shown, or only somebody whom the portal does not know yet.
    assert status in (200, 400, 409)
    assert "student" in told
    assert told <= {"student", "other-student"}


async def test_list_that_forgot_its_disclosure_is_not_shown(
    browser: Browser, token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forget(request: web.Request, students: object) -> None:
        return None

    monkeypatch.setattr("portal.routes.roster.disclose_listed", forget)
    await browser.log_in("coordinator")
    page = await browser.get("/students")
    assert page.status == 500
    assert "student name" not in await page.text()


async def test_lapsed_privacy_training_closes_records_but_not_the_lesson(
    browser: Browser, portal: Portal, token: str
) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(users).values(privacy_training_until=date(2026, 11, 22)))
    await browser.log_in("tutor")
    assert (await browser.get(f"/lessons/{LESSON}/room")).status == 200
    page = await browser.get("/students/student")
    assert page.status == 403
    assert "training in student privacy is over" in await page.text()
    assert (await browser.get(f"/recordings/{LESSON}")).status == 403
    async with portal.database.write() as connection:
        await connection.execute(update(users).values(privacy_training_until=date(2026, 11, 23)))
    assert (await browser.get("/students/student")).status == 200  # the last day still counts


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


def test_every_kind_of_read_that_is_disclosed_has_words_for_people() -> None:
    kinds = {
        access.action.value for access in ROUTES.values() if access.action and (access.disclosing or access.listing)
    }
    assert kinds <= set(ACTION_WORDS)


def test_no_table_of_words_has_a_key_twice() -> None:
    """The later one would win without a word; linters see it only of literals."""
    twice = []
    for path in sorted(Path(portal_package.__file__).parent.glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Dict):
                keys = [ast.unparse(key) for key in node.keys if key is not None]
                twice += [f"{path.name}:{node.lineno} {key}" for key in set(keys) if keys.count(key) > 1]
    assert twice == []


def test_internal_routes_are_all_under_internal() -> None:
    for (_, path), allowed in MATRIX.items():
        assert (allowed == "internal") == path.startswith("/internal/")


async def test_route_without_an_answer_to_who_may_is_refused_at_build_time() -> None:
    with pytest.raises(TypeError):
        RouteTable().get("/open")  # type: ignore[call-arg]


def test_every_role_and_action_is_refused_unless_the_table_says_otherwise() -> None:
    targets: tuple[object, ...] = (
        LessonObject("l", "here", frozenset({"t"}), frozenset({"s"})),
        ClassObject("c", "here", frozenset({"t"}), frozenset({"s"})),
        StudentObject("s", "here", frozenset({"t"})),
        SchoolRecord("r", "here", "mail"),
        SchoolObject("here"),
        object(),
        None,
    )
    allowed: dict[tuple[str, str], set[str]] = {}
    for role in Role:
        for action in Action:
            for target in targets:
                try:
                    authorize(Actor("somebody", "here", role, "login"), action, target)
                except Forbidden:
                    continue
                allowed.setdefault((action.value, type(target).__name__), set()).add(role.value)
    everyone = {role.value for role in Role} - {"program"}
    office, oversight, coordination = (
        {"coordinator", "point_of_contact"},
        {"coordinator", "reviewer"},
        {"coordinator"},
    )
    overview = {*office, "district_admin"}
    assert allowed == {
        ("lesson.bring_pages", "LessonObject"): coordination,
        ("lessons.list", "SchoolObject"): everyone,
        ("recordings.list", "SchoolObject"): everyone,
        ("lesson.read", "LessonObject"): oversight,
        ("lesson.join", "LessonObject"): oversight,
        ("recording.watch", "LessonObject"): oversight,
        ("recording.download", "LessonObject"): oversight,
        ("recording.redact", "LessonObject"): oversight,
        ("captions.edit", "LessonObject"): coordination,
        ("notes.read", "LessonObject"): oversight,
        ("notes.write", "LessonObject"): oversight,
        ("boards.list", "SchoolObject"): {"tutor", "student", "coordinator"},
        ("boards.read", "LessonObject"): coordination,
        ("boards.answer", "LessonObject"): coordination,
        ("reviews.list", "SchoolObject"): oversight,
        ("review.read", "LessonObject"): oversight,
        ("review.write", "LessonObject"): {"reviewer"},
        ("lesson.start", "LessonObject"): coordination,
        ("lesson.end", "LessonObject"): coordination,
        ("lesson.remove", "LessonObject"): coordination,
        ("lesson.admit", "LessonObject"): coordination,
        ("retention.read", "SchoolObject"): overview,
        ("retention.change", "SchoolObject"): coordination,
        ("retention.change", "LessonObject"): coordination,
        ("alerts.read", "SchoolObject"): {"coordinator", "on_call"},
        ("alert.answer", "SchoolRecord"): {"coordinator", "on_call"},
        ("privacy.read", "SchoolObject"): overview,
        ("privacy.read", "SchoolRecord"): overview,
        ("access.grant", "StudentObject"): office,
        ("amendments.read", "StudentObject"): overview,
        ("amendment.decide", "StudentObject"): office,
        ("access.review", "SchoolObject"): {"point_of_contact", "district_admin"},
        ("incidents.read", "SchoolObject"): overview,
        ("incidents.read", "SchoolRecord"): overview,
        ("incidents.change", "SchoolObject"): overview,
        ("incidents.change", "SchoolRecord"): overview,
        ("warnings.read", "SchoolObject"): {"point_of_contact", "district_admin"},
        ("warning.answer", "SchoolRecord"): {"point_of_contact", "district_admin"},
        ("room_rules.read", "SchoolObject"): overview,
        ("room_rules.change", "SchoolObject"): coordination,
        ("programs.read", "SchoolObject"): overview,
        ("programs.change", "SchoolObject"): office,
        ("lesson.plan", "LessonObject"): coordination,
        ("roster.read", "SchoolObject"): overview,
        ("roster.change", "SchoolObject"): office,
        ("roster.read", "SchoolRecord"): overview,
        ("roster.change", "SchoolRecord"): office,
        ("roster.change", "StudentObject"): office,
        ("classes.list", "SchoolObject"): {*overview, "tutor", "student"},
        ("classes.read", "SchoolObject"): overview,
        ("classes.read", "ClassObject"): overview,
        ("classes.change", "SchoolObject"): coordination,
        ("classes.change", "ClassObject"): coordination,
        ("staff.read", "SchoolObject"): overview,
        ("staff.change", "SchoolObject"): coordination,
        ("staff.change", "SchoolRecord"): coordination,
        ("student.read", "StudentObject"): overview,
        ("attendance.read", "SchoolObject"): overview,
        ("attendance.read", "LessonObject"): overview,
        ("attendance.correct", "LessonObject"): coordination,
        ("hours.read", "SchoolObject"): overview,
        ("onboarding.read", "SchoolObject"): overview,
        ("onboarding.change", "SchoolObject"): {"coordinator", "district_admin"},
        ("district.read", "SchoolObject"): {"district_admin"},
        ("operation.read", "SchoolObject"): {"district_admin"},
        ("hours.change", "SchoolObject"): coordination,
        ("progress.list", "SchoolObject"): {"tutor", "student", "guardian"},
        ("progress.read", "StudentObject"): overview,
        ("progress.write", "StudentObject"): coordination,
        ("dialogue.read", "StudentObject"): overview,
        ("dialogue.write", "StudentObject"): office,
        ("questions.read", "SchoolObject"): {*coordination, "district_admin"},
        ("question.answer", "SchoolRecord"): {*coordination, "district_admin"},
        ("question.take", "SchoolObject"): {"district_admin"},
        ("materials.read", "ClassObject"): overview,
        ("materials.change", "ClassObject"): coordination,
        ("grades.read", "ClassObject"): overview,
        ("grades.change", "ClassObject"): coordination,
        ("outbox.read", "SchoolObject"): coordination,
        ("outbox.read", "SchoolRecord"): coordination,
        ("outbox.change", "SchoolRecord"): coordination,
        ("disclosures.read", "SchoolObject"): overview,
        ("disclosures.read", "StudentObject"): overview,
        ("student.export", "StudentObject"): office,
        ("student.erase", "StudentObject"): coordination,
        ("erasures.read", "SchoolRecord"): overview,
    }


def test_part_in_a_lesson_of_another_school_gives_nothing() -> None:
    lesson = LessonObject("l", "far", frozenset({"somebody"}), frozenset())
    for action in Action:
        with pytest.raises(Forbidden):
            authorize(Actor("somebody", "here", Role.TUTOR, "login"), action, lesson)


def test_gates_are_what_the_guard_knows(server: TestServer) -> None:
    for access in server.app[ACCESS_BOOK].entries().values():
        assert (access.gate in (Gate.ACTION, Gate.PROGRAM)) == (access.action is not None)
        assert (access.gate is Gate.PROGRAM) == (access.scope is not None)
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
