"""Cookies that no script reads and no foreign form sends."""

from aiohttp import web

from portal.settings import PortalSettings


def cookie_name(settings: PortalSettings, what: str) -> str:
    """`__Host-` binds a cookie to this very host and to HTTPS; browsers refuse the prefix without HTTPS."""
    return f"__Host-chalkmesh-{what}" if settings.secure else f"chalkmesh-{what}"


def set_cookie(response: web.StreamResponse, settings: PortalSettings, what: str, value: str, max_age_s: int) -> None:
    """Gives the browser a cookie for this host."""
    response.set_cookie(
        cookie_name(settings, what),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=settings.secure,
    )


def clear_cookie(response: web.StreamResponse, settings: PortalSettings, what: str) -> None:
    """Takes a cookie back."""
    response.del_cookie(cookie_name(settings, what), path="/", httponly=True, samesite="Lax", secure=settings.secure)
