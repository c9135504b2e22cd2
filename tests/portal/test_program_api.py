"""The API of programs: portal/routes/api_v1.py, portal/program_gate.py, portal/programs.py, portal/open_api.py."""

import asyncio
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from sqlalchemy import update

from portal.authorize import Actor, Role
from portal.context import PORTAL, Portal
from portal.open_api import PREFIX
from portal.programs import Scope, make_program
from portal.routes.api_v1 import api
from portal.schema import lessons
from portal.server import open_portal
from portal.settings import PortalSettings
from portal.webhooks import EVENTS
from tests.portal.matrix import MATRIX
from tests.portal.world import (
    CHEAP_HASHER,
    FOREIGN_LESSON,
    LESSON,
    MINUTE_MS,
    NOON_MS,
    OTHER_LESSON,
    Browser,
    FakeClock,
    fill_schools,
    fill_service,
    rows,
)

SPAN = "from=2026-11-23T00:00:00Z&to=2026-11-24T00:00:00Z"
OFFICE = Actor("coordinator", "here", Role.COORDINATOR, "login")
Ask = Callable[..., Awaitable[tuple[int, Any]]]


async def make_token(portal: Portal, *scopes: Scope, days: int = 30) -> str:
    async with portal.database.write() as connection:
        return await make_program(connection, OFFICE, "Timetable", scopes, days, portal.clock())


@pytest.fixture
async def served(portal: Portal) -> None:
    await fill_service(portal)


@pytest.fixture
async def ask(browser: Browser, portal: Portal, served: None) -> Ask:
    """Asks as a program with every scope."""
    token = await make_token(portal, *Scope)

    async def asked(path: str, method: str = "GET", token: str = token) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await browser.client.request(method, f"{PREFIX}{path}", headers=headers)
        return answer.status, await answer.json()

    return asked


async def test_lists_show_the_own_school_page_by_page(ask: Ask) -> None:
    seen: list[str] = []
    after = ""
    while True:
        status, page = await ask(f"/people?limit=3{after}")
        assert (status, len(page["items"]) <= 3) == (200, True)
        seen += [each["id"] for each in page["items"]]
        if page["next"] is None:
            break
        after = f"&after={page['next']}"
    assert seen == sorted(
        [
            "tutor",
            "student",
            "other-tutor",
            "other-student",
            "coordinator",
            "reviewer",
            "contact",
            "district",
            "on-call",
        ]
    )
    assert [each["id"] for each in (await ask("/people?role=student"))[1]["items"]] == ["other-student", "student"]

    _, page = await ask(f"/lessons?{SPAN}&limit=1")
    assert [each["id"] for each in page["items"]] == [LESSON] and page["next"] == LESSON
    _, page = await ask(f"/lessons?{SPAN}&limit=1&after={LESSON}")
    assert page == {
        "items": [
            {
                "id": OTHER_LESSON,
                "title": f"Title of {OTHER_LESSON}",
                "subject": "Mathematics",
                "class": None,
                "starts": "2026-11-23T14:05:00Z",
                "ends": "2026-11-23T15:05:00Z",
                "state": "scheduled",
                "called_off": False,
                "tutors": ["other-tutor"],
                "students": ["other-student"],
            }
        ],
        "next": None,
    }
    _, page = await ask("/classes")
    assert [(each["id"], each["students"]) for each in page["items"]] == [("class-one", ["student"])]


async def test_minutes_are_those_of_the_report(ask: Ask, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(
            update(lessons).where(lessons.c.id == LESSON).values(state="ended", ended_ms=NOON_MS + 60 * MINUTE_MS)
        )
    _, found = await ask("/attendance?from=2026-11-23")
    assert [
        (each["student"], each["scheduled_minutes"], each["minutes"], each["absent"]) for each in found["items"]
    ] == [("student", 60, 0, True)]
    assert (await ask("/attendance?from=2026-11-22"))[1] == {"items": []}
    assert (await ask("/attendance?from=2026-11-23&student=other-student"))[1] == {"items": []}


@pytest.mark.parametrize(
    "path",
    [
        f"/lessons/{FOREIGN_LESSON}",
        "/lessons/no-such-lesson",
        "/people/far-student",
        "/people/..%2F",
        "/classes/class-far",
    ],
)
async def test_another_school_and_nothing_look_the_same(ask: Ask, path: str) -> None:
    status, body = await ask(path)
    assert (status, body["error"]) == (404, "not_found")


async def test_every_student_who_is_shown_has_a_row_in_the_disclosures(
    ask: Ask, portal: Portal, browser: Browser
) -> None:
    await ask("/people")
    await ask("/classes/class-one")
    await ask(f"/lessons?{SPAN}")
    told = {(row["action"], row["student"], row["reason"]) for row in await rows(portal, "disclosure_log")}
    words = "program of the school: Timetable"
    assert told == {
        ("roster.read", "student", words),
        ("roster.read", "other-student", words),
        ("classes.read", "student", words),
        ("lessons.list", "student", words),
        ("lessons.list", "other-student", words),
    }
    await browser.log_in("coordinator")
    assert "Timetable" in await (await browser.get("/disclosures")).text()


async def test_a_lesson_is_called_off_once_and_its_people_are_told(ask: Ask, portal: Portal) -> None:
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).values(starts_ms=NOON_MS + MINUTE_MS))
    for _ in range(2):
        status, lesson = await ask(f"/lessons/{LESSON}/call-off", "POST")
        assert (status, lesson["called_off"], lesson["state"]) == (200, True, "ended")
    assert [row["action"] for row in await rows(portal, "audit_log") if row["object"] == LESSON] == ["lesson.call_off"]
    async with portal.database.write() as connection:
        await connection.execute(update(lessons).where(lessons.c.id == OTHER_LESSON).values(state="live"))
    status, body = await ask(f"/lessons/{OTHER_LESSON}/call-off", "POST")
    assert (status, body["error"]) == (409, "conflict")


@pytest.mark.parametrize(
    "query",
    [
        "/people?limit=0",
        "/people?limit=201",
        "/people?limit=x",
        "/people?nobody=1",
        "/people?limit=1&limit=2",
        "/lessons",
        "/lessons?from=2026-11-23T00:00:00&to=2026-11-24T00:00:00Z",
        "/attendance?from=2026-11-23&days=8",
        "/people?after=%00",
    ],
)
async def test_what_is_wrong_in_a_query_is_said(ask: Ask, query: str) -> None:
    status, body = await ask(query)
    assert (status, body["error"]) == (400, "bad_query")
    assert body["message"].endswith((".", "list."))


async def test_a_page_after_what_is_gone_is_refused_and_days_without_lessons_are_empty(ask: Ask) -> None:
    status, body = await ask(f"/lessons?{SPAN}&after=no-such-lesson")
    assert (status, body["error"]) == (409, "page_gone")
    assert await ask("/attendance?from=0001-01-01") == (200, {"items": []})


async def test_no_token_no_answer_and_no_more_than_its_scopes(
    ask: Ask, portal: Portal, browser: Browser, clock: FakeClock
) -> None:
    operations = [(method, path) for (method, path), who in MATRIX.items() if who == "program"]
    assert len(operations) == len(api.operations)
    for method, path in operations:
        short = path.removeprefix(PREFIX).format(person="student", group="class-one", lesson=LESSON)
        for token in ("", "chalkmesh_wrong", "chalkmesh_é", "x" * 200):
            status, body = await ask(short, method, token)
            assert (status, body["error"]) == (401, "token_refused")
    for operation in api.operations:
        others = await make_token(portal, *(scope for scope in Scope if scope is not operation.scope))
        path = operation.path.format(person="student", group="class-one", lesson=LESSON)
        status, body = await ask(path, operation.method, others)
        assert (status, body["error"]) == (403, "scope_missing")
    # A log-in is no token, and a token no log-in.
    await browser.log_in("coordinator")
    assert (await ask("/people", token=""))[0] == 401
    brief = await make_token(portal, Scope.PEOPLE, days=1)
    browser.client.session.cookie_jar.clear()
    answer = await browser.client.get("/students", headers={"Authorization": f"Bearer {brief}"}, allow_redirects=False)
    assert answer.status == 303
    assert (await ask("/people", token=brief))[0] == 200
    clock.advance(24 * 60 * MINUTE_MS)
    assert (await ask("/people", token=brief))[0] == 401


async def test_who_asks_too_often_waits(ask: Ask, clock: FakeClock) -> None:
    statuses = [(await ask("/classes"))[0] for _ in range(101)]
    assert statuses == [200] * 100 + [429]
    clock.advance(1000)
    assert (await ask("/classes"))[0] == 200


async def test_token_is_made_on_the_page_shown_once_and_ended_there(browser: Browser, portal: Portal, ask: Ask) -> None:
    await browser.log_in("contact")
    faulty = await browser.submit("/programs", {"name": "", "days": "30"})
    text = await faulty.text()
    assert (faulty.status, "Enter a name." in text, "Choose at least one." in text) == (400, True, True)
    made = await browser.submit("/programs", {"name": "Library", "days": "30", "people:read": "on"})
    found = re.search(r'value="(chalkmesh_[A-Za-z0-9_-]{43})"', await made.text())
    assert found is not None
    token = found[1]
    assert (await ask("/people", token=token))[0] == 200
    assert token not in await (await browser.get("/programs")).text()
    assert token not in str(await rows(portal, "programs")) + str(await rows(portal, "audit_log"))
    program = next(row["id"] for row in await rows(portal, "programs") if row["name"] == "Library")
    await browser.log_in("far-coordinator")
    await browser.submit("/programs/end", {"program": program})
    assert (await ask("/people", token=token))[0] == 200
    await browser.log_in("contact")
    await browser.submit("/programs/end", {"program": program})
    assert (await ask("/people", token=token))[0] == 401


@pytest.fixture
async def quick_server(settings: PortalSettings, clock: FakeClock) -> AsyncIterator[TestServer]:
    """A portal that answers as often as it is asked."""
    async with open_portal(
        replace(settings, program_pace=100_000, warn_records_listed=1), clock=clock, hasher=CHEAP_HASHER
    ) as app:
        await fill_schools(app[PORTAL])
        await fill_service(app[PORTAL])
        server = TestServer(app)
        await server.start_server()
        yield server
        await server.close()


@pytest.mark.timeout(180)
async def test_every_operation_does_what_its_description_says(quick_server: TestServer, tmp_path: Path) -> None:
    """Schemathesis asks everything the description allows, and much that it does not."""
    token = await make_token(quick_server.app[PORTAL], *Scope)
    run = await asyncio.create_subprocess_exec(
        *(
            str(Path(sys.executable).with_name("schemathesis")),
            "run",
            str(quick_server.make_url(f"{PREFIX}/openapi.json")),
        ),
        *("--url", str(quick_server.make_url(PREFIX)), "--header", f"Authorization: Bearer {token}"),
        *(
            "--max-examples",
            "10",
            "--seed",
            "1",
            "--workers",
            "1",
            "--no-color",
            "--phases",
            "examples,coverage,fuzzing",
        ),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await run.communicate()
    assert run.returncode == 0, told.decode()
    portal = quick_server.app[PORTAL]
    assert await rows(portal, "disclosure_log") != []
    # A program that reads whole lists is what it is for, and nobody is warned of it.
    assert await portal.watch.look() == 0


def test_the_page_for_programmers_names_every_scope_event_and_refusal() -> None:
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text("utf-8")
    for word in (*Scope, *EVENTS, "token_refused", "scope_missing", "not_found"):
        assert f"`{word}`" in page
    for operation in api.operations:
        assert f"{operation.path}`" in page or f"{operation.path}?" in page
