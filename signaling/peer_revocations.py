"""Who was put out of the room, as a peer learns it and tells it on (protocol rules T5 and S8).

A revocation that the school signed counts whoever brings it: the relay, a direct link, or the application that asked
for it. Each peer hands it on once, so that it reaches everybody over the mesh while there is no relay.
"""

from __future__ import annotations

import logging
from typing import Final, Protocol

from signaling.direct import DirectLinks
from signaling.events import Event, Left, Revoked
from signaling.mesh import Mesh
from signaling.peer_assets import PeerAssets
from signaling.peer_inbox import Inbox
from signaling.peer_relay import PeerRelay
from signaling.peer_roster import Roster
from whiteboard_crdt.errors import CloseCode, TicketError
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.messages import RevocationMessage, encode_message
from whiteboard_crdt.replica import Replica

__all__ = ["PeerRevocations", "RevocationHost"]

log = logging.getLogger("chalkmesh.peer")

_OWN_CODES: Final = (CloseCode.REVOKED, "the session was revoked")


class RevocationHost(Protocol):
    """What the peer offers."""

    mesh: Mesh | None
    assets: PeerAssets

    @property
    def replica(self) -> Replica:
        """What the peer holds."""
        ...

    @property
    def relay(self) -> PeerRelay:
        """The way to the relay."""
        ...

    @property
    def session(self) -> SessionId:
        """Our session id."""
        ...

    def emit(self, event: Event) -> None:
        """Tell the application."""
        ...

    def on_stopped(self, code: int, reason: str) -> None:
        """There is no way on."""
        ...


class PeerRevocations:
    """Lives on the event loop."""

    def __init__(self, host: RevocationHost, direct: DirectLinks, inbox: Inbox, roster: Roster) -> None:
        self._host = host
        self._direct = direct
        self._inbox = inbox
        self._roster = roster

    def honour(self, token: str) -> frozenset[SessionId]:
        """A revocation from anywhere: everybody whom it names is dropped now, and all others are told, once.

        Returns whom it puts out; nobody when it is known. Raises TicketError for one that the school did not sign.
        """
        sessions = self._host.replica.revoke_by(token)
        if sessions is None:
            return frozenset()
        data = encode_message(RevocationMessage(token))
        # The one whom it puts out hears it too, before its link goes: an honest client stops by itself.
        self._direct.send(data)
        self._host.relay.send(data)
        for session in sessions:
            self.drop(session)
        revocation = self._host.replica.sessions.revocation(token)
        reason = "" if revocation is None else revocation.reason
        log.info("revoked sessions=%s reason=%s", ",".join(sorted(sessions)), reason)
        self._host.emit(Revoked(tuple(sorted(sessions)), reason))
        if self._host.session in sessions:
            self._host.on_stopped(*_OWN_CODES)
        return sessions

    def brought(self, token: str) -> None:
        """One that somebody else brought. Raises TicketError 4401 for a forged one, to close the way that it came by.

        One of another school or room is passed over: the school's key set may have changed since we got ours.
        """
        try:
            self.honour(token)
        except TicketError as error:
            log.warning("revocation not honoured code=%d reason=%s", error.code, error.reason)
            if error.code is CloseCode.TICKET_REFUSED:
                raise

    def tell_relay(self, known: list[str]) -> None:
        """What the relay does not seem to know: it may have been away when we learned of it."""
        for token in self._host.replica.sessions.revocations:
            if token not in known:
                self._host.relay.send(encode_message(RevocationMessage(token)))

    def drop(self, session: SessionId) -> None:
        """Out of the mesh and out of the room."""
        present = session in self._roster.present
        self._roster.remove(session)
        self._inbox.forget_session(session)
        self._host.assets.forget_link(session)
        self._direct.detach(session)
        if self._host.mesh is not None:
            self._host.mesh.on_absent(session, "revoked")
        if present:
            self._host.emit(Left(session, "revoked"))
