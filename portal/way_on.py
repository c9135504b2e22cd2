"""Where to go on to or back to: paths that a request names, which must be of this very site."""

from urllib.parse import urlsplit

from aiohttp import web


def local_path(wanted: str) -> str:
    """The path, or the start page in place of what leads elsewhere."""
    if not wanted.startswith("/") or wanted.startswith(("//", "/\\")) or any(ord(letter) < 33 for letter in wanted):
        return "/"
    return wanted


def page_before(request: web.Request) -> str:
    """The page of this site that the person came from, by the Referer; else the start page."""
    parts = urlsplit(request.headers.get("Referer", ""))
    if parts.netloc != request.host or parts.path == request.path:
        return "/"
    return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)
