"""/healthz: 200 only while the portal can do its work. /readyz: only while a lesson could begin. /metrics."""

import asyncio

import aiohttp
from aiohttp import web
from sqlalchemy import false, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from portal.context import Portal, portal_of
from portal.failures import NotAllowed, Unavailable
from portal.keyfiles import METRICS_SECRET
from portal.metrics import look, portal_registry
from portal.routing import PUBLIC, Access, Gate, RouteTable
from portal.schema import counters
from portal.service_schema import outbox
from signaling.disk_room import cannot_write, too_full
from signaling.metrics_page import MetricsRefused, check_token, metrics_response

routes = RouteTable()

_RELAY_S = 2.0
_WRITE_S = 2.0
# The outbox tries again after minutes: a mail that waits this long has no mail server.
_MAIL_MS = 15 * 60_000


@routes.get("/healthz", PUBLIC)
async def health(request: web.Request) -> web.Response:
    """`ok` when the database answers."""
    await _check_database(portal_of(request))
    return web.Response(text="ok")


@routes.get("/readyz", PUBLIC)
async def ready(request: web.Request) -> web.Response:
    """`ready` when the data can be written, the relay answers and a recorder is there; otherwise what is away.

    Mails that nobody takes stop no lesson, so they are told below a `ready`.
    """
    portal = portal_of(request)
    await _check_database(portal)
    await _check_writing(portal)
    if not portal.desk.recorder_follows(portal.clock()):
        raise Unavailable("No recorder is there.")
    await _check_relay(portal)
    return web.Response(text="\n".join(["ready", *await _mail_waits(portal)]))


async def _token(request: web.Request) -> None:
    try:
        check_token(request, portal_of(request).settings.data / METRICS_SECRET)
    except MetricsRefused as refused:
        raise NotAllowed(f"{refused}.") from refused


@routes.get("/metrics", Access(Gate.PUBLIC, admits=_token))
async def metrics(request: web.Request) -> web.Response:
    """For Prometheus, with the token."""
    portal = portal_of(request)
    now_ms = portal.clock()
    try:
        held = await look(
            portal.database,
            now_ms,
            portal.settings.heartbeat_limit_s,
            recorder_follows=portal.desk.recorder_follows(now_ms),
        )
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The database does not answer.") from error
    return metrics_response(portal_registry(held))


async def _check_database(portal: Portal) -> None:
    try:
        async with portal.database.read() as connection:
            await connection.execute(select(counters.c.name).limit(1))
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The database does not answer.") from error


async def _check_writing(portal: Portal) -> None:
    folder = portal.settings.data
    # Why, and how much is free, is not for everybody who asks.
    if cannot_write(folder):
        raise Unavailable("The data folder cannot be written.")
    if too_full(folder, portal.settings.least_free_mb):
        raise Unavailable("The disk is nearly full.")
    try:
        async with asyncio.timeout(_WRITE_S), portal.database.write() as connection:
            # No row is changed, but one who may not write is refused.
            await connection.execute(update(counters).where(false()).values(value=counters.c.value))
    except TimeoutError as error:
        raise Unavailable("The database is too busy to be written.") from error
    except (SQLAlchemyError, OSError) as error:
        raise Unavailable("The database cannot be written.") from error


async def _mail_waits(portal: Portal) -> list[str]:
    async with portal.database.read() as connection:
        oldest_ms = await connection.scalar(select(func.min(outbox.c.created_ms)).where(outbox.c.state == "queued"))
    waits_ms = 0 if oldest_ms is None else portal.clock() - oldest_ms
    return [f"mail: the oldest that waits has waited {waits_ms // 60_000} minutes"] if waits_ms > _MAIL_MS else []


async def _check_relay(portal: Portal) -> None:
    """Where the portal knows no address of the relay of its own, only browsers can tell."""
    beside = portal.settings.relay_beside
    if beside is None:
        return
    try:
        async with (
            aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_RELAY_S)) as http,
            http.get(f"{beside}/readyz") as answer,
        ):
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        raise Unavailable("The relay does not answer.") from error
    if status != 200:
        raise Unavailable("The relay is not ready.")
