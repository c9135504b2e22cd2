"""The pacing guide of a class: the page, its weeks, the CSV in and out."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial

from aiohttp import web
from aiohttp.web import FileField
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.answers import download, see_other
from portal.authorize import Action, Actor, permitted
from portal.classes import TutoringClass, load_class
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.forms import Form
from portal.materials import Material, list_materials
from portal.pacing import (
    Guide,
    GuideRefused,
    Version,
    add_week,
    change_week,
    cover_week,
    lessons_held,
    load_guide,
    load_versions,
    move_week,
    pace_of,
    remove_week,
    replace_guide,
)
from portal.pacing_file import (
    COLUMNS,
    MAX_FILE_BYTES,
    MOST_GOAL,
    MOST_TOPIC,
    PlannedTopic,
    guide_csv,
    monday_of,
    not_monday,
    parse_guide,
)
from portal.roster.desk import shown_name
from portal.roster.sheets import decode
from portal.routing import RouteTable, may
from portal.targets import load_class_object
from portal.times import local

routes = RouteTable()

_READ = may(Action.READ_MATERIALS)
_CHANGE = may(Action.CHANGE_MATERIALS)
_NUMBER = re.compile(r"[0-9]{1,4}")
# What a file that was looked at comes back as: UTF-8, and up to three characters a byte in a form.
_MAX_TEXT_BYTES = 2 * MAX_FILE_BYTES
_MAX_BODY = 3 * _MAX_TEXT_BYTES + 64 * 1024


@routes.get("/classes/{group}/pacing", _READ)
async def guide_page(request: web.Request) -> web.Response:
    """The guide that holds, or the one of `?version=`; `?week=` opens a week to change it."""
    return await _page(request, Form({"id": request.query.get("week", "")}))


@routes.get("/classes/{group}/pacing.csv", _READ)
async def guide_file(request: web.Request) -> web.Response:
    """The same as CSV, which can be uploaded again; the columns alone where there is no guide yet."""
    portal, class_id = portal_of(request), request.match_info["group"]
    async with portal.database.read() as connection:
        guide = await _find(connection, request, await load_versions(connection, class_id))
    content = guide_csv([(each.planned, each.covered_day) for each in guide.weeks] if guide is not None else [])
    return download(content, "text/csv", f"pacing-{class_id}.csv")


@routes.post("/classes/{group}/pacing/upload", may(Action.CHANGE_MATERIALS, max_body_bytes=_MAX_BODY))
async def look(request: web.Request) -> web.Response:
    """Shows what a file would make of the guide. Nothing changes."""
    sent = (await request.post()).get("file")
    form = Form()
    if not isinstance(sent, FileField) or not sent.filename:
        form.errors["file"] = "Choose a CSV file."
        return await _page(request, form, status=400)
    content = sent.file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        form.errors["file"] = f"This file is larger than {MAX_FILE_BYTES // 1024} kB."
        return await _page(request, form, status=400)
    return await _show_file(request, content, shown_name(sent.filename))


@routes.post("/classes/{group}/pacing/apply", may(Action.CHANGE_MATERIALS, max_body_bytes=_MAX_BODY))
async def apply(request: web.Request) -> web.Response:
    """Makes the file that was looked at the guide's next version, whole or not at all."""
    portal, group = portal_of(request), request.match_info["group"]
    form = await Form.read(request)
    content = form.values.get("content", "").encode("utf-8", errors="replace")
    name = shown_name(form.values.get("file_name", ""))
    if len(content) > _MAX_TEXT_BYTES:
        form.errors["file"] = f"This file is larger than {MAX_FILE_BYTES // 1024} kB."
        return await _page(request, form, status=400)
    async with portal.database.read() as connection:
        material = await list_materials(connection, group)
    weeks, faults = await asyncio.to_thread(parse_guide, content, {each.title for each in material})
    if faults:
        return await _show_file(request, content, name)
    actor, seen = person_of(request).actor, form.values.get("seen", "")
    try:
        async with portal.database.write() as connection:
            await replace_guide(connection, actor, group, weeks, name, seen, portal.clock())
    except GuideRefused as error:
        form.errors["file"] = str(error)
        return await _page(request, form, status=409)
    return see_other(f"/classes/{group}/pacing")


@routes.post("/classes/{group}/pacing/add", _CHANGE)
async def add(request: web.Request) -> web.Response:
    """Adds a week."""
    form = await Form.read(request)
    form.values.pop("id", None)
    planned = await _read_week(request, form)
    if planned is None:
        return await _page(request, form, status=400)
    return await _do(request, form, partial(add_week, planned=planned, now_ms=portal_of(request).clock()))


@routes.post("/classes/{group}/pacing/change", _CHANGE)
async def change(request: web.Request) -> web.Response:
    """Says something else of a week."""
    form = await Form.read(request)
    planned, week = await _read_week(request, form), form.values.get("id", "")
    if planned is None:
        return await _page(request, form, status=400)
    return await _do(request, form, partial(change_week, week=week, planned=planned, now_ms=portal_of(request).clock()))


@routes.post("/classes/{group}/pacing/remove", _CHANGE)
async def remove(request: web.Request) -> web.Response:
    """Takes a week out."""
    form = await Form.read(request)
    week = form.values.get("id", "")
    return await _do(request, form, partial(remove_week, week=week, now_ms=portal_of(request).clock()))


@routes.post("/classes/{group}/pacing/move", _CHANGE)
async def move(request: web.Request) -> web.Response:
    """Exchanges what is planned with the week before or after, and leaves it open there."""
    portal, group = portal_of(request), request.match_info["group"]
    form = await Form.read(request)
    later = form.choice("to", "earlier or later", ("earlier", "later")) == "later"
    if not form.good:
        return await _page(request, form, status=400)
    actor, week = person_of(request).actor, form.values.get("id", "")
    try:
        async with portal.database.write() as connection:
            there = await move_week(connection, actor, group, week, later=later, now_ms=portal.clock())
    except GuideRefused as error:
        form.errors["week"] = str(error)
        return await _page(request, form, status=409)
    return see_other(f"/classes/{group}/pacing?week={there}#week")


@routes.post("/classes/{group}/pacing/cover", _CHANGE)
async def cover(request: web.Request) -> web.Response:
    """Ticks a topic as covered on a day, or, without a day, takes the tick back."""
    portal = portal_of(request)
    form = await Form.read(request)
    day, week = form.day("covered", "the day", required=False), form.values.get("id", "")
    if day is not None and day > local(portal.clock(), person_of(request).time_zone).date():
        form.errors["covered"] = "This day is still to come."
    if not form.good:
        return await _page(request, form, status=400)
    return await _do(
        request, form, partial(cover_week, week=week, day=day, now_ms=portal_of(request).clock()), told_at="covered"
    )


_Change = Callable[[AsyncConnection, Actor, str], Awaitable[None]]
"""A change of the guide of a class (third)."""


async def _do(request: web.Request, form: Form, change: _Change, told_at: str = "week") -> web.Response:
    group = request.match_info["group"]
    try:
        async with portal_of(request).database.write() as connection:
            await change(connection, person_of(request).actor, group)
    except GuideRefused as error:
        form.errors[told_at] = str(error)
        return await _page(request, form, status=409)
    return see_other(f"/classes/{group}/pacing")


async def _read_week(request: web.Request, form: Form) -> PlannedTopic | None:
    """The week that a form says; None after it noted what is wrong."""
    day = form.day("week", "the Monday of the week")
    if day is not None and form.good and (words := not_monday(day)) is not None:
        form.errors["week"] = words
    topic = form.text("topic", "a topic", most=MOST_TOPIC)
    goal = form.text("goal", "a goal", most=MOST_GOAL, required=False)
    title = form.values.get("material", "")
    async with portal_of(request).database.read() as connection:
        group = request.match_info["group"]
        known = {each.title for each in await list_materials(connection, group)}
        guide = await _find(connection, request, await load_versions(connection, group))
    before = guide.week(form.values.get("id", "")) if guide is not None else None
    # What a week has already may stay when the material is gone.
    if title and title not in known and (before is None or before.planned.material != title):
        form.errors["material"] = "Choose a material of this class."
    return PlannedTopic(day, topic, goal, title) if form.good and day is not None else None


async def _find(connection: AsyncConnection, request: web.Request, versions: list[Version]) -> Guide | None:
    """The version of `?version=`, or the newest; None where there is no guide. Raises NotThere."""
    asked = request.query.get("version", "")
    if not asked:
        return await load_guide(connection, versions[0]) if versions else None
    number = int(asked) if _NUMBER.fullmatch(asked) else 0
    version = next((each for each in versions if each.number == number), None)
    if version is None:
        raise NotThere("The guide has no such version.")
    return await load_guide(connection, version)


async def _load(request: web.Request) -> tuple[TutoringClass, list[Version], Guide | None, list[Material]]:
    """The class with its guide and the newest of each material."""
    portal, class_id = portal_of(request), request.match_info["group"]
    async with portal.database.read() as connection:
        group = await load_class(connection, class_id)
        versions = await load_versions(connection, class_id)
        guide = await _find(connection, request, versions)
        material: dict[str, Material] = {}
        for each in await list_materials(connection, class_id):
            material.setdefault(each.title, each)
    if group is None:
        raise NotThere("This class has been closed.")
    return group, versions, guide, list(material.values())


async def _show_file(request: web.Request, content: bytes, name: str) -> web.Response:
    group, versions, guide, material = await _load(request)
    weeks, faults = await asyncio.to_thread(parse_guide, content, {each.title for each in material})
    before = {each.planned.week: each.planned for each in guide.weeks} if guide is not None else {}
    differs = [each for each in weeks if before.get(each.week) != each]
    return portal_of(request).pages.respond(
        request,
        "pacing_file.html",
        status=400 if faults else 200,
        group=group,
        file_name=name,
        weeks=weeks,
        faults=faults,
        content="" if faults else decode(content),
        seen=versions[0].id if versions else "",
        number=versions[0].number if versions else 0,
        fresh=[each for each in differs if each.week not in before],
        changed=[each for each in differs if each.week in before],
        gone=len(before.keys() - {each.week for each in weeks}),
    )


async def _page(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, person = portal_of(request), person_of(request)
    group, versions, guide, material = await _load(request)
    today = local(portal.clock(), person.time_zone).date()
    monday = monday_of(today)
    weeks = [each.planned.week for each in guide.weeks] if guide is not None else []
    async with portal.database.read() as connection:
        held = await lessons_held(connection, group.id, weeks, person.time_zone)
    target = await load_class_object(portal.database, group.id)
    return portal.pages.respond(
        request,
        "pacing.html",
        status=status,
        group=group,
        guide=guide,
        versions=versions,
        material={each.title: each for each in material},
        choices=[(each.title, each.title) for each in material],
        held=held,
        pace=pace_of(guide, monday) if guide is not None else None,
        monday=monday,
        today=today,
        next_week=weeks[-1] + timedelta(days=7) if weeks else monday,
        form=form,
        opened=guide.week(form.values.get("id", "")) if guide is not None else None,
        may_change=permitted(person.actor, Action.CHANGE_MATERIALS, target) and (guide is None or guide.version.holds),
        may_see_class=permitted(person.actor, Action.READ_CLASSES, target),
        columns=COLUMNS,
        largest_kb=MAX_FILE_BYTES // 1024,
    )
