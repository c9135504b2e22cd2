"""Files of the web client, the product's mark, and the small preferences that need no account."""

from aiohttp import web

from portal.assets import inside
from portal.context import portal_of
from portal.failures import NotThere
from portal.language import LANGUAGES
from portal.pages import THEME_COOKIE, THEMES
from portal.reader_language import LANGUAGE_COOKIE
from portal.request_keys import PERSON
from portal.routing import PUBLIC, RouteTable
from portal.way_on import local_path

routes = RouteTable()

# Vite puts a hash of the content into each name under assets/.
_IMMUTABLE = "public, max-age=31536000, immutable"
_ONE_HOUR = "public, max-age=3600"


@routes.get("/static/{path:.+}", PUBLIC)
async def static_file(request: web.Request) -> web.StreamResponse:
    """A file of the built client."""
    relative = request.match_info["path"]
    path = inside(portal_of(request).assets.dist, relative) if relative.startswith("assets/") else None
    if path is None:
        raise NotThere
    return web.FileResponse(path, headers={"Cache-Control": _IMMUTABLE})


@routes.get("/styles/{name}", PUBLIC)
async def style_source(request: web.Request) -> web.StreamResponse:
    """A style sheet as it is in a checkout, for pages shown before the client was ever built."""
    name = request.match_info["name"]
    path = inside(portal_of(request).assets.style_sources, name) if name.endswith(".css") else None
    if path is None:
        raise NotThere
    return web.FileResponse(path, headers={"Cache-Control": "no-cache"})


@routes.get("/mark.svg", PUBLIC)
async def mark(request: web.Request) -> web.Response:
    """The product's mark, as the browser's tab shows it."""
    return web.Response(
        text=portal_of(request).pages.mark, content_type="image/svg+xml", headers={"Cache-Control": _ONE_HOUR}
    )


@routes.post("/theme", PUBLIC)
async def choose_theme(request: web.Request) -> web.Response:
    """Light, dark, or as the device says."""
    form = await request.post()
    theme = str(form.get("theme", ""))
    response = web.Response(status=303, headers={"Location": local_path(str(form.get("next", "/")))})
    if theme in THEMES:
        response.set_cookie(THEME_COOKIE, theme, max_age=31_536_000, path="/", samesite="Lax", httponly=True)
    else:
        response.del_cookie(THEME_COOKIE, path="/")
    return response


@routes.post("/language", PUBLIC)
async def choose_language(request: web.Request) -> web.Response:
    """The language of pages, and of mails to whoever is signed in. The demo's accounts keep none."""
    form = await request.post()
    language = str(form.get("language", ""))
    response = web.Response(status=303, headers={"Location": local_path(str(form.get("next", "/")))})
    if language in LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, language, max_age=31_536_000, path="/", samesite="Lax", httponly=True)
        person = request.get(PERSON)
        if person is not None and not person.demo:
            await portal_of(request).accounts.choose_language(person.actor.user, language)
    return response
