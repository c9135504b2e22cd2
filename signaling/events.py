"""What a `Peer` tells its application."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from whiteboard_crdt.envelope import Envelope
from whiteboard_crdt.ids import DocRef, Role, SessionId, UserId
from whiteboard_crdt.messages import AlertMessage, LiveMessage
from whiteboard_crdt.ticket import Ticket

__all__ = [
    "Acked", "Connected", "Disconnected", "EnvelopeStamped", "EquivocationSeen", "Event", "Joined", "Left",
    "LinkChanged", "LiveReceived", "Participant", "PresenceChanged", "RefusedByRelay", "Revoked", "RoomState",
    "SeenEnvelope", "SnapshotApplied", "Stopped", "Synced", "Via",
]  # fmt: skip

Via: TypeAlias = Literal["own", "relay", "logged", "mesh"]


@dataclass(frozen=True, slots=True)
class Participant:
    """Somebody else who is present. ``joined_ms`` by the room's clock; ``presence`` is an application's own object."""

    session: SessionId
    ticket: Ticket
    agent: str
    joined_ms: int
    presence: dict[str, Any] | None = None

    @property
    def user(self) -> UserId:
        """Whose session it is."""
        return self.ticket.user

    @property
    def name(self) -> str:
        """The name in the ticket."""
        return self.ticket.name

    @property
    def role(self) -> Role:
        """The role in the ticket."""
        return self.ticket.role


@dataclass(frozen=True, slots=True)
class SeenEnvelope:
    """An envelope that was applied. ``room_ms``: the relay's stamp when ``via`` is "logged", otherwise an estimate."""

    envelope: Envelope
    room_ms: int | None
    via: Via


@dataclass(frozen=True, slots=True)
class Connected:
    """The relay welcomed us. Times by its clock, in ms."""

    room_ms: int
    now_ms: int


@dataclass(frozen=True, slots=True)
class Disconnected:
    """The session socket ended; it comes back by itself. 1006: without a close frame."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stopped:
    """The session socket ended with a 44xx code, or for good: it does not come back."""

    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class Synced:
    """The relay sent all that it had."""


@dataclass(frozen=True, slots=True)
class Joined:
    """Somebody came."""

    participant: Participant


@dataclass(frozen=True, slots=True)
class Left:
    """Somebody went: ``left``, ``gone`` (the socket broke), ``revoked``."""

    session: SessionId
    reason: str


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Somebody's presence."""

    session: SessionId
    presence: dict[str, Any]  # an application's own object


@dataclass(frozen=True, slots=True)
class LiveReceived:
    """A cursor or live ink (section L)."""

    message: LiveMessage


@dataclass(frozen=True, slots=True)
class EnvelopeStamped:
    """Mode "log": the relay's ``room_ms`` of an envelope that came before by another way."""

    envelope: Envelope
    room_ms: int


@dataclass(frozen=True, slots=True)
class Acked:
    """The relay holds more of our work durably."""


@dataclass(frozen=True, slots=True)
class RefusedByRelay:
    """REFUSED: the relay did not take an envelope that we sent."""

    doc: DocRef
    session: SessionId
    seq: int
    code: int
    reason: str


@dataclass(frozen=True, slots=True)
class EquivocationSeen:
    """A session has two histories and is frozen (E5)."""

    session: SessionId


@dataclass(frozen=True, slots=True)
class Revoked:
    """Sessions were put out (S8)."""

    sessions: tuple[SessionId, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class RoomState:
    """S12."""

    state: Literal["open", "closed"]


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """A direct link came up or went down."""

    session: SessionId
    healthy: bool


@dataclass(frozen=True, slots=True)
class SnapshotApplied:
    """A whole document came from the relay; its envelopes were not seen one by one."""

    doc: DocRef


@dataclass(frozen=True, slots=True)
class AlertBrought:
    """ALERT (C4): somebody has an alert for the portal, or its receipt, and cannot reach who it is for."""

    message: AlertMessage


Event: TypeAlias = (
    Connected
    | Disconnected
    | Stopped
    | Synced
    | Joined
    | Left
    | PresenceChanged
    | LiveReceived
    | EnvelopeStamped
    | Acked
    | RefusedByRelay
    | EquivocationSeen
    | Revoked
    | RoomState
    | LinkChanged
    | SnapshotApplied
    | SeenEnvelope
    | AlertBrought
)
