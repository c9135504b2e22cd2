"""Refusals that a person or a client sees: a status, a code for programs, a sentence for people."""

import msgspec

from portal.language import phrase, t


class PortalError(Exception):
    """Base of every refusal that a handler raises on purpose."""

    status = 400
    code = "bad_request"
    title = phrase("That did not work")

    def __init__(self, message: str, *, code: str | None = None, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.headers = headers or {}
        if code is not None:
            self.code = code

    def body(self, reference: str) -> bytes:
        """The JSON of the answer; with `reference` a person finds help, and whoever helps finds the log line."""
        return msgspec.json.encode({"error": self.code, "message": self.message, "reference": reference})


class BadRequest(PortalError):
    """The request itself is wrong."""


class LoginNeeded(PortalError):
    """Nobody is logged in."""

    status = 401
    code = "login_needed"
    title = phrase("Please sign in")

    def __init__(self) -> None:
        super().__init__(t("Your sign-in has ended. Sign in again."))


class NotAllowed(PortalError):
    """Logged in, but this is not for them."""

    status = 403
    code = "forbidden"
    title = phrase("This is not open to you")

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message or t("Your account may not see or do this."), code=code)


class NotThere(PortalError):
    """There is no such thing."""

    status = 404
    code = "not_found"
    title = phrase("There is nothing here")

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or t("The address may be mistyped, or what stood here is gone."))


class Conflict(PortalError):
    """Right in itself, but not in the present state."""

    status = 409
    code = "conflict"
    title = phrase("Not now")


class TooMany(PortalError):
    """Slow down; `Retry-After` says for how long."""

    status = 429
    code = "too_many_attempts"
    title = phrase("Too many attempts")


class Unavailable(PortalError):
    """The portal itself lacks something that it needs."""

    status = 503
    code = "unavailable"
    title = phrase("Not available right now")
