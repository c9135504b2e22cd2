"""Lesson material of a class: the list, a file of it, uploading and removing."""

import asyncio

from aiohttp import web
from aiohttp.web import FileField

from portal.answers import see_other
from portal.authorize import Action, permitted
from portal.classes import load_class
from portal.context import person_of, portal_of
from portal.failures import NotThere
from portal.file_kinds import CONTENT_TYPES, FileRefused, make_safe
from portal.forms import Form
from portal.materials import MAX_FILE_BYTES, Material, add_material, find_material, list_materials, remove_material
from portal.routing import RouteTable, may
from portal.targets import load_class_object

routes = RouteTable()

_READ = may(Action.READ_MATERIALS)
_MAX_BODY = MAX_FILE_BYTES + 64 * 1024


@routes.get("/classes/{group}/materials", _READ)
async def materials_page(request: web.Request) -> web.Response:
    """What is ready for the class's lessons."""
    return await _materials(request, Form())


@routes.post("/classes/{group}/materials", may(Action.CHANGE_MATERIALS, max_body_bytes=_MAX_BODY))
async def upload(request: web.Request) -> web.Response:
    """Takes a file in; one of a title that is there already becomes its next version."""
    portal, group = portal_of(request), request.match_info["group"]
    sent = (await request.post()).get("file")
    form = await Form.read(request)
    title = form.text("title", "a title", most=200)
    if not isinstance(sent, FileField) or not sent.filename:
        form.errors["file"] = "Choose a PDF, PNG or JPEG."
        return await _materials(request, form, status=400)
    content = sent.file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        form.errors["file"] = f"This file is larger than {MAX_FILE_BYTES // 1024 // 1024} MB."
    if not form.good:
        return await _materials(request, form, status=400)
    try:
        safe = await asyncio.to_thread(make_safe, content)
        async with portal.database.write() as connection:
            actor, folder = person_of(request).actor, portal.settings.materials
            await add_material(connection, actor, group, title, safe, folder, portal.clock())
    except FileRefused as error:
        form.errors["file"] = str(error)
        return await _materials(request, form, status=400)
    return see_other(f"/classes/{group}/materials")


@routes.get("/classes/{group}/materials/{material}", _READ)
async def material_file(request: web.Request) -> web.StreamResponse:
    """The file. A PDF is downloaded: a browser's own viewer must not run beside the portal's pages."""
    portal = portal_of(request)
    found = await _find(request)
    path = portal.settings.materials / found.digest
    if not path.is_file():
        raise NotThere
    how = "attachment" if found.kind == "pdf" else "inline"
    headers = {
        "Content-Type": CONTENT_TYPES[found.kind],
        "Content-Disposition": f'{how}; filename="{found.id}.{found.kind}"',
        "Cache-Control": "no-store",
    }
    return web.FileResponse(path, headers=headers)


@routes.post("/classes/{group}/materials/{material}/remove", may(Action.CHANGE_MATERIALS))
async def remove(request: web.Request) -> web.Response:
    """Takes a version away."""
    portal, group = portal_of(request), request.match_info["group"]
    found = await _find(request)
    async with portal.database.write() as connection:
        actor, folder = person_of(request).actor, portal.settings.materials
        await remove_material(connection, actor, group, found, folder, portal.clock())
    return see_other(f"/classes/{group}/materials")


async def _find(request: web.Request) -> Material:
    async with portal_of(request).database.read() as connection:
        found = await find_material(connection, request.match_info["group"], request.match_info["material"])
    if found is None:
        raise NotThere
    return found


async def _materials(request: web.Request, form: Form, status: int = 200) -> web.Response:
    portal, class_id = portal_of(request), request.match_info["group"]
    target = await load_class_object(portal.database, class_id)
    async with portal.database.read() as connection:
        group = await load_class(connection, class_id)
        found = await list_materials(connection, class_id)
    if group is None:
        raise NotThere("This class has been closed.")
    return portal.pages.respond(
        request,
        "materials.html",
        status=status,
        class_id=class_id,
        title=group.title,
        materials=found,
        form=form,
        may_change=permitted(person_of(request).actor, Action.CHANGE_MATERIALS, target),
        may_see_class=permitted(person_of(request).actor, Action.READ_CLASSES, target),
    )
