"""One participant's live connection, as its room sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, Literal, Protocol

from signaling.rates import Bucket
from whiteboard_crdt.ids import DocKind, DocRef, Role, SessionId, UserId
from whiteboard_crdt.ticket import Ticket

__all__ = ["Member", "MemberSocket", "ShownDesk", "may_read"]

# (rate a second, burst). Messages (their rate is a setting) and signals over it close the socket (4413); HAVE and LIVE
# are dropped: both are repeated anyway. The bursts let a session that was offline for an hour upload what it did.
_MESSAGES_BURST: Final = 20.0  # seconds of the rate
_SIGNALS: Final = (100.0, 200.0)
_HAVES: Final = (1.0, 6.0)
_LIVES: Final = (100.0, 200.0)
# WANT over its rate is passed over like HAVE. A ticket costs its receiver a signature check (62 µs), so TICKET and
# renew close with 4413; the burst is every ticket that a long lesson saw.
_WANTS: Final = (20.0, 40.0)
_TICKETS: Final = (20.0, 500.0)
_ALERTS: Final = (2.0, 20.0)
_RENEWS: Final = (1.0, 10.0)


class MemberSocket(Protocol):
    """The sending half of a connection (`SocketWriter`, or a list in tests)."""

    @property
    def open(self) -> bool:
        """Whether frames are still taken."""
        ...

    @property
    def lagging(self) -> bool:
        """Whether so much waits already that nothing is answered which can be asked for again."""
        ...

    def send(self, frame: bytes) -> None:
        """Queue a prebuilt frame."""
        ...

    def send_skippable(self, frame: bytes) -> None:
        """Queue a frame that may be left out while the client lags."""
        ...

    def send_catch_up(self, message: bytes) -> None:
        """Queue a message of any length."""
        ...

    def close(self, code: int, reason: str) -> None:
        """Close with a code of section X."""
        ...


def may_read(ticket: Ticket, doc: DocRef, shown: UserId | None = None) -> bool:
    """D4. Everybody reads the shared documents; a desk is its user's, the staff's and the recorder's.

    `shown`: whose desk the staff show to everybody.
    """
    if doc.kind is not DocKind.DESK or doc.user == ticket.user or doc.user == shown:
        return True
    return ticket.staff or ticket.role is Role.RECORDER


@dataclass(slots=True, eq=False)
class ShownDesk:
    """Whose desk is shown to everybody in a room; one for all its members."""

    user: UserId | None = None


@dataclass(slots=True, eq=False)
class Member:
    """A connected session. ``token`` is its newest ticket as it came."""

    session: SessionId
    ticket: Ticket
    token: str
    agent: Literal["browser", "python"]
    mode: Literal["live", "log"]
    joined_ms: int
    socket: MemberSocket
    now_s: float
    messages_s: float = 1_000.0
    shown: ShownDesk = field(default_factory=ShownDesk)
    heard_s: float = field(init=False)
    pinged_s: float = field(init=False)
    logged_live_s: float = field(init=False, default=-1.0)
    """When LIVE of it was last told to those of mode "log"."""
    messages: Bucket = field(init=False)
    signals: Bucket = field(init=False)
    haves: Bucket = field(init=False)
    lives: Bucket = field(init=False)
    wants: Bucket = field(init=False)
    tickets: Bucket = field(init=False)
    renews: Bucket = field(init=False)
    alerts: Bucket = field(init=False)

    def __post_init__(self) -> None:
        self.heard_s = self.pinged_s = self.now_s
        self.messages = Bucket(self.messages_s, _MESSAGES_BURST * self.messages_s, self.now_s)
        self.signals = Bucket(*_SIGNALS, self.now_s)
        self.haves = Bucket(*_HAVES, self.now_s)
        self.lives = Bucket(*_LIVES, self.now_s)
        self.wants = Bucket(*_WANTS, self.now_s)
        self.tickets = Bucket(*_TICKETS, self.now_s)
        self.renews = Bucket(*_RENEWS, self.now_s)
        self.alerts = Bucket(*_ALERTS, self.now_s)

    def reads(self, doc: DocRef) -> bool:
        """Whether this participant may see a document."""
        return may_read(self.ticket, doc, self.shown.user)
