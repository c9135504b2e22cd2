"""What `/metrics` answers, on every part: Prometheus text for whoever holds the token in DATA/keys/metrics.secret.

Not by address: behind a reverse proxy on the same host the whole world comes from the loopback.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, generate_latest

__all__ = ["MetricsRefused", "check_token", "metrics_response"]

_TYPE = "text/plain; version=0.0.4"


class MetricsRefused(Exception):
    """No metrics for this request. `status` is 401, or 503 while there is no token on this host."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status


def check_token(request: web.Request, path: Path, name: str = "metrics token") -> None:
    """Raises MetricsRefused. The file is read each time: the portal makes it, perhaps after we started."""
    try:
        token = path.read_text("ascii").strip()
    except (OSError, UnicodeDecodeError):
        raise MetricsRefused(503, f"the {name} is not there yet") from None
    given = request.headers.get("Authorization", "").encode("utf-8", errors="replace")
    if not token or not hmac.compare_digest(given, f"Bearer {token}".encode()):
        raise MetricsRefused(401, f"the {name} is needed")


def metrics_response(registry: CollectorRegistry) -> web.Response:
    """The figures of a registry, as they are now."""
    return web.Response(
        body=generate_latest(registry), headers={"Content-Type": f"{_TYPE}; charset=utf-8", "Cache-Control": "no-store"}
    )
