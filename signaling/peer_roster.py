"""Who else is in the room, as a peer knows it from the relay's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from signaling.events import Participant
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.ticket import Ticket

__all__ = ["Roster"]


class Roster:
    """The present others. Presence states are an application's own objects."""

    def __init__(self, own: SessionId) -> None:
        self._own = own
        self._present: dict[SessionId, Participant] = {}
        self._versions: dict[SessionId, int] = {}

    @property
    def present(self) -> Mapping[SessionId, Participant]:
        """By session."""
        return self._present

    def add(
        self, ticket: Ticket, agent: str, joined_ms: int, presence: dict[str, Any] | None = None
    ) -> Participant | None:
        """Somebody is present; None for ourselves."""
        if ticket.session == self._own:
            return None
        participant = self._present[ticket.session] = Participant(ticket.session, ticket, agent, joined_ms, presence)
        return participant

    def remove(self, session: SessionId) -> None:
        """Somebody is not present any more."""
        self._present.pop(session, None)
        self._versions.pop(session, None)

    def clear(self) -> Mapping[SessionId, Participant]:
        """Forget all, before a welcome names them anew; returns who was there."""
        before, self._present = self._present, {}
        return before

    def note_presence(self, session: SessionId, version: int, state: dict[str, Any]) -> bool:
        """Newer presence of somebody; False for an old or repeated one (it comes by two ways)."""
        if session == self._own or version <= self._versions.get(session, -1):
            return False
        self._versions[session] = version
        known = self._present.get(session)
        if known is not None:
            self._present[session] = replace(known, presence=state)
        return True
