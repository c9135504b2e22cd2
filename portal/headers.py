"""What every answer carries for safety: the content security policy and its companions."""

import re

from aiohttp import web

from portal.context import portal_of
from portal.failures import BadRequest
from portal.settings import PortalSettings

_HOST = re.compile(r"(?P<name>[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
_HSTS = "max-age=31536000"


def host_name(request: web.Request) -> str:
    """The host that the browser used, without its port. Raises BadRequest for a header that is no host."""
    match = _HOST.fullmatch(request.host)
    if match is None:
        raise BadRequest("The Host header is not understood.", code="bad_host")
    return match["name"]


def relay_url(request: web.Request, settings: PortalSettings) -> str:
    """Where this browser finds the relay's session socket."""
    if settings.relay_public_url is not None:
        return settings.relay_public_url
    scheme = "wss" if settings.secure else "ws"
    return f"{scheme}://{host_name(request)}:{settings.relay_port}/v1/session"


def internal_relay_url(settings: PortalSettings) -> str | None:
    """Where a program beside us finds the session socket, without TLS and proxies; None where it is as for browsers."""
    if settings.relay_beside is None:
        return None
    return settings.relay_beside.replace("http", "ws", 1) + "/v1/session"


def content_security_policy(relay: str) -> str:
    """Nothing from elsewhere, nothing inline; the relay is the only other place that a page talks to."""
    relay_origin = "/".join(relay.split("/", 3)[:3])
    # Its session socket, and the pictures beside it.
    relay_http = relay_origin.replace("ws", "http", 1)
    return "; ".join(
        (
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            f"connect-src 'self' {relay_origin} {relay_http}",
            "img-src 'self' blob: data:",
            "media-src 'self' blob: data:",
            "font-src 'self'",
            "worker-src 'self' blob:",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        )
    )


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal on every answer before it is sent, also on files, redirects and errors."""
    settings = portal_of(request).settings
    try:
        policy = content_security_policy(relay_url(request, settings))
    except BadRequest:
        policy = "default-src 'none'; frame-ancestors 'none'"
    headers = response.headers
    headers["Content-Security-Policy"] = policy
    headers["X-Content-Type-Options"] = "nosniff"
    headers["X-Frame-Options"] = "DENY"
    headers["Referrer-Policy"] = "same-origin"
    headers["Permissions-Policy"] = (
        "camera=(self), microphone=(self), display-capture=(self), geolocation=(), payment=()"
    )
    headers["Cross-Origin-Opener-Policy"] = "same-origin"
    headers["Cross-Origin-Resource-Policy"] = "same-origin"
    if settings.secure:
        headers["Strict-Transport-Security"] = _HSTS
    # Pages and answers are about children; only files that are named by their content may be kept.
    headers.setdefault("Cache-Control", "no-store")
    headers["Server"] = "chalkmesh"
