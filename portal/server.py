"""The portal process: builds the application around its parts, serves it, and takes it down in order."""

import asyncio
import signal
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import uvloop
from aiohttp import web
from argon2 import PasswordHasher

from portal.accounts import Accounts
from portal.assets import Assets
from portal.classroom import Classrooms
from portal.clock import Clock, unix_ms
from portal.context import PORTAL, Portal
from portal.crisis import CrisisDesk
from portal.database import Database, database_url
from portal.demo import LOGINS, fill_demo, keep_lessons_joinable
from portal.demo_class import put_demo_material
from portal.destruction import apply_retention
from portal.done import tell_what_was_done
from portal.film_maker import FilmMaker
from portal.forgotten_rooms import forget_rooms
from portal.guard import guard
from portal.headers import add_security_headers
from portal.keyfiles import prepare_data
from portal.lessons_ahead import extend_all
from portal.logs import get_log
from portal.mails.regular import write_regular_mails
from portal.mails.sender import PostOffice
from portal.metrics import measure
from portal.operation import Operation
from portal.page_imports import PageImports
from portal.pages import Pages
from portal.passwords import Passwords
from portal.pdf_pages import PdfPages
from portal.placement import Placement
from portal.playback import Playback
from portal.proofs import Proofs
from portal.questions import QuestionPace
from portal.reader_language import in_their_language
from portal.recordings import RecordingDesk
from portal.redaction_maker import RedactionMaker
from portal.refusals import refusals
from portal.removals import Removals
from portal.roster.desk import RosterDesk
from portal.routes import ALL_ROUTES
from portal.routing import ACCESS_BOOK, AccessBook
from portal.safety import Watch
from portal.settings import STYLE_SOURCES, PortalSettings
from portal.throttle import Throttle
from portal.tickets import TicketOffice
from portal.waiting import WaitingRoom
from portal.webhook_sender import WebhookSender
from whiteboard_crdt.errors import SetupError

_MINUTE_MS = 60 * 1000
_HOUR_MS = 60 * _MINUTE_MS
_DEMO_EVERY_S = 600.0
_AHEAD_EVERY_S = 3600.0
_MAILS_EVERY_S = 600.0
# What expires is counted in days; an hour is how long a destruction that met a fault waits.
_RETENTION_EVERY_S = 3600.0
_FORGET_EVERY_S = 60.0
_MAX_BODY_BYTES = 256 * 1024


@asynccontextmanager
async def open_portal(
    settings: PortalSettings, *, clock: Clock = unix_ms, hasher: PasswordHasher | None = None
) -> AsyncIterator[web.Application]:
    """The application with everything it stands on, ready to serve; closed in order at the end. Raises SetupError."""
    keyring = prepare_data(settings.data)
    database = Database(database_url(settings.data, settings.database_url))
    passwords = Passwords(hasher)
    try:
        await database.upgrade()
        if settings.demo:
            await fill_demo(database, passwords, clock())
            await put_demo_material(database, settings.materials, clock())
            await keep_lessons_joinable(database, clock())
        desk = RecordingDesk(database)
        await desk.start()
        classrooms = Classrooms(
            database,
            desk,
            clock,
            relay_url=settings.relay_beside,
            internal_secret=keyring.internal_secret,
            heartbeat_limit_s=settings.heartbeat_limit_s,
        )
        post_office = PostOffice(database, clock, settings, keyring.link_secret)
        assets = Assets(settings.web_dist, STYLE_SOURCES)
        accounts = Accounts(
            database,
            passwords,
            login_ms=settings.login_hours * _HOUR_MS,
            idle_ms=settings.login_idle_hours * _HOUR_MS,
        )
        films_turn = asyncio.Lock()
        portal = Portal(
            settings=settings,
            clock=clock,
            keyring=keyring,
            database=database,
            accounts=accounts,
            passwords=passwords,
            proofs=Proofs(database, passwords, accounts, keyring.link_secret),
            question_pace=QuestionPace(),
            pace=Throttle(size=10 * settings.program_pace, refill_s=1 / settings.program_pace),
            watch=Watch(database, clock, settings, post_office),
            webhooks=WebhookSender(database, clock, keyring.link_secret, inside=settings.webhooks_inside),
            rosters=RosterDesk(database, clock),
            placement=Placement(database, clock, post_office.portal_url, settings.orientation_url),
            post_office=post_office,
            desk=desk,
            classrooms=classrooms,
            tickets=TicketOffice(database, keyring),
            removals=Removals(database, keyring, clock, settings.relay_beside),
            crisis=CrisisDesk(database, keyring, clock, post_office, settings.crisis_again_minutes * _MINUTE_MS),
            waiting=WaitingRoom(database, clock),
            playback=Playback(settings.recordings),
            operation=Operation(
                database,
                clock,
                desk,
                settings.data,
                settings.heartbeat_limit_s,
                settings.relay_beside,
                keyring.internal_secret,
            ),
            films=FilmMaker(database, clock, settings.recordings, films_turn),
            redactions=RedactionMaker(database, clock, settings.recordings, films_turn),
            assets=assets,
            pages=Pages(assets),
            page_imports=PageImports(settings.data / "imports", clock),
            pdf_pages=PdfPages(),
            demo_logins=LOGINS if settings.demo else (),
        )
        yield build_app(portal)
    finally:
        passwords.close()
        await database.close()


def build_app(portal: Portal) -> web.Application:
    """The aiohttp application over the parts."""
    app = web.Application(
        middlewares=[measure, in_their_language, tell_what_was_done, refusals, guard], client_max_size=_MAX_BODY_BYTES
    )
    app[PORTAL] = portal
    app[ACCESS_BOOK] = book = AccessBook()
    book.install(app, ALL_ROUTES)
    app.on_response_prepare.append(add_security_headers)
    app.cleanup_ctx.append(_background)
    app.on_shutdown.append(_release_followers)
    return app


async def _background(app: web.Application) -> AsyncIterator[None]:
    """Owns the portal's tasks for as long as it serves."""
    portal = app[PORTAL]
    tasks = [
        asyncio.create_task(portal.classrooms.run(), name="sweep"),
        asyncio.create_task(portal.removals.run(), name="removals"),
        asyncio.create_task(portal.post_office.run(), name="mail"),
        asyncio.create_task(portal.crisis.run(), name="crisis"),
        asyncio.create_task(portal.operation.run(), name="operation"),
        asyncio.create_task(portal.watch.run(), name="watch"),
        asyncio.create_task(portal.webhooks.run(), name="webhooks"),
        asyncio.create_task(_keep_lessons_ahead(portal), name="lessons-ahead"),
        asyncio.create_task(_keep_mails(portal), name="regular-mails"),
        asyncio.create_task(_keep_retention(portal), name="retention"),
        asyncio.create_task(_keep_forgetting(portal), name="forgotten-rooms"),
        asyncio.create_task(portal.redactions.run(), name="redactions"),
        asyncio.create_task(portal.films.run(), name="films"),
    ]
    if portal.settings.demo:
        tasks.append(asyncio.create_task(_keep_demo(portal), name="demo"))
    yield
    for task in tasks:
        task.cancel()
    for task in tasks:
        with suppress(asyncio.CancelledError):
            await task


async def _keep_lessons_ahead(portal: Portal) -> None:
    log = get_log("portal")
    while True:
        try:
            if made := await extend_all(portal.database, portal.clock):
                log.info("lessons_made", count=made)
        except Exception:
            # The edge of this task: the next round may go better.
            log.exception("lessons_ahead_failed")
        await asyncio.sleep(_AHEAD_EVERY_S)


async def _keep_mails(portal: Portal) -> None:
    log = get_log("portal")
    while True:
        try:
            written = await write_regular_mails(portal.database, portal.clock, portal.post_office.portal_url)
            if written:
                log.info("regular_mails", count=written)
                portal.post_office.wake()
        except Exception:
            # The edge of this task: the next round may go better.
            log.exception("regular_mails_failed")
        await asyncio.sleep(_MAILS_EVERY_S)


async def _keep_retention(portal: Portal) -> None:
    log = get_log("portal")
    while True:
        try:
            if done := await apply_retention(portal.database, portal.clock, portal.settings.recordings):
                log.info("recordings_destroyed", count=done)
        except Exception:
            # The edge of this task: the next round may go better.
            log.exception("retention_failed")
        await asyncio.sleep(_RETENTION_EVERY_S)


async def _keep_forgetting(portal: Portal) -> None:
    log = get_log("portal")
    relay, secret = portal.settings.relay_beside, portal.keyring.internal_secret
    while True:
        try:
            if done := await forget_rooms(portal.database, portal.clock, relay, secret):
                log.info("rooms_forgotten", count=done)
        except Exception:
            # The edge of this task: the next round may go better.
            log.exception("forgetting_rooms_failed")
        await asyncio.sleep(_FORGET_EVERY_S)


async def _keep_demo(portal: Portal) -> None:
    log = get_log("portal")
    while True:
        await asyncio.sleep(_DEMO_EVERY_S)
        try:
            await keep_lessons_joinable(portal.database, portal.clock())
        except Exception:
            # The edge of this task: the next round may go better.
            log.exception("demo_failed")


async def _release_followers(app: web.Application) -> None:
    await app[PORTAL].desk.close()
    await app[PORTAL].crisis.close()


def main(settings: PortalSettings) -> int:
    """Serves until SIGTERM or SIGINT; returns the exit code. Raises SetupError for what a person can put right."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(serve(settings))


async def serve(settings: PortalSettings, *, ready: Callable[[], None] | None = None) -> int:
    """Serves until a signal comes. `ready` is called once the ports listen."""
    tls = load_tls(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with open_portal(settings) as app:
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5.0)
        await runner.setup()
        try:
            await listen(runner, settings.host, settings.port, tls)
            if settings.internal_port is not None:
                await listen(runner, "127.0.0.1", settings.internal_port, None)
            get_log("portal").info("portal_ready", port=settings.port, tls=tls is not None)
            if ready is not None:
                ready()
            await stop.wait()
        finally:
            await runner.cleanup()
    return 0


async def listen(runner: web.AppRunner, host: str, port: int, tls: ssl.SSLContext | None) -> None:
    """One listening address. Raises SetupError that says what is in the way."""
    try:
        await web.TCPSite(runner, host, port, ssl_context=tls).start()
    except OSError as error:
        raise SetupError(f"Cannot listen on {host}:{port}: {error.strerror or error}.") from error


def load_tls(settings: PortalSettings) -> ssl.SSLContext | None:
    """The TLS context of the settings, or None. Raises SetupError for a certificate that does not load."""
    if settings.tls_certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(settings.tls_certificate, settings.tls_key)
    except (OSError, ssl.SSLError) as error:
        raise SetupError(f"The certificate {settings.tls_certificate} cannot be used: {error}.") from error
    return context
