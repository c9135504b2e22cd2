"""`/readyz`, `/metrics` and `/internal/figures` of the relay."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import msgspec
from aiohttp import web

from signaling.lobby import Lobby
from signaling.metrics_page import MetricsRefused, check_token, metrics_response
from signaling.relay_figures import relay_figures
from signaling.relay_metrics import relay_registry
from signaling.roomlog import LogHealth
from signaling.roomlog_sqlite import SqliteRoomLog

__all__ = ["add_status_routes"]


class _State:
    """A lobby with its log, as metrics see them."""

    def __init__(self, lobby: Lobby, store: SqliteRoomLog | None) -> None:
        self._lobby = lobby
        self._store = store

    def figures(self) -> dict[str, float]:
        writes, size_bytes = (0, 0) if self._store is None else self._store.queued
        return self._lobby.figures() | {"log_queue_writes": writes, "log_queue_bytes": size_bytes}

    def roles(self) -> Counter[str]:
        return self._lobby.roles()

    @property
    def health(self) -> LogHealth:
        return self._lobby.store.health


def add_status_routes(
    app: web.Application, lobby: Lobby, store: SqliteRoomLog | None, secret: Path, internal_secret: Path
) -> None:
    """Add all three. `secret`: the file with the metrics token; `internal_secret`: that of the other parts."""
    state = _State(lobby, store)
    registry = relay_registry(state)

    async def ready(_request: web.Request) -> web.Response:
        """200 only while somebody could come into a room, and their work would be kept."""
        if not lobby.keys.refresh():
            return web.Response(text="the relay has no ticket keys yet", status=503)
        health = lobby.store.health
        return web.Response(text="ready" if health.ok else health.detail, status=200 if health.ok else 503)

    async def metrics(request: web.Request) -> web.Response:
        try:
            check_token(request, secret)
        except MetricsRefused as refused:
            return web.Response(text=str(refused), status=refused.status)
        return metrics_response(registry)

    async def figures(request: web.Request) -> web.Response:
        """For the portal's page of whoever runs this, with room ids, which metrics never have."""
        try:
            check_token(request, internal_secret, "internal secret")
        except MetricsRefused as refused:
            return web.Response(text=str(refused), status=refused.status)
        found = relay_figures(state, lobby.occupied())
        return web.Response(body=msgspec.json.encode(found), content_type="application/json")

    app.router.add_get("/internal/figures", figures)
    app.router.add_get("/readyz", ready)
    app.router.add_get("/metrics", metrics)
