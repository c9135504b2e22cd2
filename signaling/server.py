"""The relay process: session sockets, open rooms, the internal API and its health, on aiohttp and uvloop."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable
from typing import Final

import uvloop
from aiohttp import web

from signaling.assets import add_asset_routes
from signaling.attendance import AttendancePost
from signaling.hocuspocus_socket import serve_hocuspocus
from signaling.internal_api import add_internal_routes
from signaling.key_set import KeySetFile
from signaling.lobby import Lobby
from signaling.loop_errors import LoopErrors
from signaling.open_socket import serve_open_room
from signaling.roomlog_sqlite import SqliteRoomLog
from signaling.session_socket import serve_session
from signaling.settings import RelaySettings
from signaling.signal_hub import SignalHub
from signaling.signal_socket import serve_signaling
from signaling.status_routes import add_status_routes
from signaling.tracing import begin_tracing, end_tracing
from whiteboard_crdt.errors import SetupError

__all__ = ["Relay", "main"]

log = logging.getLogger("chalkmesh.relay")

EXIT_REBUILD: Final = 71
_STOP_S: Final = 5.0
_COLLECT_AFTER: Final = (1_000, 100, 10)


class Relay:
    """One relay on the running loop: `start`, then `stop`. Tests run it in their own process with port 0."""

    def __init__(self, settings: RelaySettings, on_damaged_log: Callable[[], None] = lambda: None) -> None:
        """`on_damaged_log` is called when the log is to be rebuilt, which the next start does."""
        self.settings = settings
        self._on_damaged_log = on_damaged_log
        self.port = settings.port
        self._store: SqliteRoomLog | None = None
        self._lobby: Lobby | None = None
        self._attendance: AttendancePost | None = None
        self._runner: web.AppRunner | None = None

    @property
    def lobby(self) -> Lobby:
        """The relay's rooms; there between `start` and `stop`."""
        if self._lobby is None:
            raise AssertionError("the relay is not started")
        return self._lobby

    async def start(self) -> None:
        """Open the log and listen. Raises SetupError with one sentence when either cannot be."""
        settings = self.settings
        self._store = store = await SqliteRoomLog.open(settings.database)
        store.on_damage = self._on_damaged_log
        try:
            lost = await store.recover_attendance()
            if lost:
                log.info("relay had stopped unasked, attendance recovered sessions=%d", lost)
            if settings.portal_url is not None:
                self._attendance = AttendancePost(store, settings.portal_url, settings.internal_secret)
                self._attendance.start()
            self._lobby = lobby = Lobby(settings, store, KeySetFile(settings.key_set), self._attendance)
            lobby.start()
            self._runner = web.AppRunner(self._application(lobby), access_log=None, shutdown_timeout=_STOP_S)
            await self._runner.setup()
            site = web.TCPSite(self._runner, settings.host, settings.port)
            try:
                await site.start()
            except OSError as error:
                reason = error.strerror or "cannot listen"
                raise SetupError(f"the relay cannot listen on {settings.host}:{settings.port}: {reason}") from error
            self.port = int(self._runner.addresses[0][1])
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Close all sockets with 4501, store what is queued, let go of everything."""
        if self._lobby is not None:
            await self._lobby.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._attendance is not None:
            await self._attendance.stop()
        if self._store is not None:
            await self._store.close()

    def _application(self, lobby: Lobby) -> web.Application:
        app = web.Application()

        async def health(_request: web.Request) -> web.Response:
            state = lobby.store.health
            return web.Response(text="ok" if state.ok else state.detail, status=200 if state.ok else 503)

        async def session(request: web.Request) -> web.StreamResponse:
            return await serve_session(request, lobby)

        async def open_room(request: web.Request) -> web.StreamResponse:
            return await serve_open_room(request, lobby)

        app.router.add_get("/healthz", health)
        add_status_routes(app, lobby, self._store, self.settings.metrics_secret, self.settings.internal_secret)
        app.router.add_get("/v1/session", session)
        if self.settings.open_rooms:
            hub = SignalHub(self.settings.open_room_clients)

            async def signaling(request: web.Request) -> web.StreamResponse:
                return await serve_signaling(request, lobby, hub)

            async def hocuspocus(request: web.Request) -> web.StreamResponse:
                return await serve_hocuspocus(request, lobby)

            app.router.add_get("/relay/{room:.+}", open_room)
            app.router.add_get("/signal", signaling)
            app.router.add_get("/hocuspocus", hocuspocus)
        add_asset_routes(app, lobby)
        add_internal_routes(app, lobby, self.settings.internal_secret)
        return app


async def _serve(settings: RelaySettings) -> int:
    code = 0
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(LoopErrors())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)

    def end_for_rebuilding() -> None:
        nonlocal code
        code = EXIT_REBUILD
        stop.set()

    begin_tracing("relay")
    relay = Relay(settings, end_for_rebuilding)
    await relay.start()
    # What is there now stays, and rooms make few cycles: a full collection would hold up everybody for some 50 ms.
    gc.freeze()
    # The young ones a thousand at a time: 10,000 hold up everybody for 3 ms, and under attack often.
    gc.set_threshold(*_COLLECT_AFTER)
    log.info("relay listens on %s:%d", settings.host, relay.port)
    try:
        await stop.wait()
    finally:
        await relay.stop()
        end_tracing()
    return code


def main(settings: RelaySettings) -> int:
    """Run a relay until SIGTERM or SIGINT. Raises SetupError; otherwise returns the exit code.

    71: its log is damaged, and whoever starts it again has it rebuilt.
    """
    return uvloop.run(_serve(settings))
