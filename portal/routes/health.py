"""/healthz: 200 only while the portal can do its work."""

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from portal.context import portal_of
from portal.failures import Unavailable
from portal.routing import PUBLIC, RouteTable
from portal.schema import counters

routes = RouteTable()


@routes.get("/healthz", PUBLIC)
async def health(request: web.Request) -> web.Response:
    """`ok` when the database answers."""
    try:
        async with portal_of(request).database.read() as connection:
            await connection.execute(select(counters.c.name).limit(1))
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The database does not answer.") from error
    return web.Response(text="ok")
