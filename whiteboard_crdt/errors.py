"""The one family of errors: everything that a hostile or broken input can cause is a `ProtocolError`."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["ChalkmeshError", "CloseCode", "ProtocolError", "SetupError", "TicketError", "UpdateRefused"]


class CloseCode(IntEnum):
    """WebSocket close codes (protocol section X): 44xx do not retry as you are, 45xx try again."""

    MALFORMED = 4400
    TICKET_REFUSED = 4401
    TICKET_EXPIRED = 4402
    TICKET_FOREIGN = 4403
    PROOF_FAILED = 4404
    REVOKED = 4405
    NOT_ALLOWED = 4406
    OVERSIZED = 4407
    HELLO_TIMEOUT = 4408
    REPLACED = 4409
    ROOM_CLOSED = 4410
    EQUIVOCATION = 4411
    UPDATE_REFUSED = 4412
    RATE_LIMITED = 4413
    TRY_LATER = 4500
    RESTARTING = 4501
    TOO_SLOW = 4502


class ChalkmeshError(Exception):
    """Base of every error that this project raises on purpose."""


class SetupError(ChalkmeshError):
    """Something that a person can put right (a path, a port, a key file): one clear line, no traceback."""


class ProtocolError(ChalkmeshError):
    """Input that breaks the protocol (W6).

    `code` is what the sender is closed with. `reason` is short, made of our own words only (never of the
    input), and may be sent to the peer and logged.
    """

    def __init__(self, reason: str, code: CloseCode = CloseCode.MALFORMED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


class TicketError(ProtocolError):
    """A ticket that is not honoured (section T)."""

    def __init__(self, reason: str, code: CloseCode = CloseCode.TICKET_REFUSED) -> None:
        super().__init__(reason, code)


class UpdateRefused(ProtocolError):
    """A CRDT update that breaks a rule of section P; `rule` is its number, such as "P3"."""

    def __init__(self, rule: str, reason: str, code: CloseCode = CloseCode.UPDATE_REFUSED) -> None:
        super().__init__(reason, code)
        self.rule = rule
