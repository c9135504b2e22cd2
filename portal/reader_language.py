"""Which language a request is answered in: the account's, else what was chosen on this device, else the browser's."""

from aiohttp import web

from portal.language import LANGUAGES, speaking, wished_language
from portal.routing import Handler

LANGUAGE_COOKIE = "chalkmesh-language"


def visitor_language(request: web.Request) -> str | None:
    """What is known of somebody before an account is; None: nothing."""
    chosen = request.cookies.get(LANGUAGE_COOKIE)
    return chosen if chosen in LANGUAGES else wished_language(request.headers.get("Accept-Language", ""))


@web.middleware
async def in_their_language(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Everything within is said in the reader's language; `guard` turns to that of the account once it knows whose."""
    with speaking(visitor_language(request)):
        return await handler(request)
