"""What happens in a room, as notes in the archive: envelopes, who comes and goes, hands, pages, cursors, chat."""

from __future__ import annotations

import time
from typing import Any

from recorder.archive import Archive
from recorder.clock import RoomClock
from recorder.gathering import Gatherer
from signaling.client import Peer
from signaling.events import (
    Connected,
    EnvelopeStamped,
    Event,
    Joined,
    Left,
    LiveReceived,
    Participant,
    PresenceChanged,
    SeenEnvelope,
)
from whiteboard_crdt.ids import CHAT, STAGE, Role, SessionId
from whiteboard_crdt.stage import StageState

__all__ = ["RoomLog"]


class RoomLog:
    """Listens to a peer of mode "log" and takes notes. Never blocks."""

    def __init__(self, peer: Peer, archive: Archive, clock: RoomClock, gatherer: Gatherer) -> None:
        """`gatherer` hears of every envelope: boards name pictures."""
        self._gatherer = gatherer
        self._peer = peer
        self._archive = archive
        self._clock = clock
        self._present: set[SessionId] = set()
        self._presence: dict[SessionId, dict[str, Any]] = {}
        self._messages: set[str] = set()
        self._page = peer.stage.page
        self._state = peer.stage.state
        self._epoch_at: int | None = archive.get("room_epoch_at")
        self.live_since_ms: float | None = None
        """Room time when the stage went live, if that was seen."""
        self.last_news_s = time.monotonic()
        """Monotonic time of the last envelope or welcome."""

    @property
    def live(self) -> bool:
        """Whether the stage says that the lesson has begun and not ended."""
        return self._state is StageState.LIVE

    def note_messages(self) -> None:
        """Bring the projection of the chat up to date with the peer's document (after a preload)."""
        self._chat(self._clock.at(time.monotonic()))

    def on_event(self, event: Event) -> None:
        """An event of the peer."""
        now_s = time.monotonic()
        if isinstance(event, Connected):
            self.last_news_s = now_s
            self._clock.observe(event.room_ms, now_s)
            if self._epoch_at is None:
                self._epoch_at = event.now_ms - event.room_ms
                self._archive.meta("room_epoch_at", self._epoch_at)
        elif isinstance(event, SeenEnvelope):
            self.last_news_s = now_s
            self._envelope(event)
        elif isinstance(event, EnvelopeStamped):
            self._clock.observe(event.room_ms, now_s)
        elif isinstance(event, Joined):
            self._joined(event.participant)
        elif isinstance(event, Left):
            self._left(event.session, event.reason, self._clock.at(now_s))
        elif isinstance(event, PresenceChanged):
            self._presence_changed(event.session, event.presence, self._clock.at(now_s))
        elif isinstance(event, LiveReceived):
            message = event.message
            if self.is_declined(message.session):
                return
            if message.cursor is not None and message.desk is None and self._clock.known:
                self._archive.cursor(message.session, message.page, *message.cursor, self._clock.at(now_s))

    def introduce(self, session: SessionId) -> bool:
        """Make sure that the archive knows a session; False if nobody knows its ticket."""
        known = self._peer.replica.sessions.get(session)
        if known is None:
            return False
        self._archive.session(known.ticket, known.token, max(0.0, self._clock.at(time.monotonic())))
        return True

    def is_declined(self, session: SessionId) -> bool:
        """Whether a session's ticket says that voice, picture and pointer are not kept."""
        known = self._peer.replica.sessions.get(session)
        return known is not None and known.ticket.unrecorded

    def _envelope(self, seen: SeenEnvelope) -> None:
        envelope, now_s = seen.envelope, time.monotonic()
        room_ms = self._clock.at(now_s)
        if seen.via == "logged" and seen.room_ms is not None:
            self._clock.observe(seen.room_ms, now_s)
            room_ms = float(seen.room_ms)
        room_ms = max(0.0, room_ms)
        if not self.introduce(envelope.session):
            # The replica verified it, so it knew the ticket; only a revocation in between takes it away.
            return
        self._archive.envelope(envelope, room_ms)
        self._gatherer.seen(envelope, room_ms)
        if envelope.doc == STAGE:
            self._stage(envelope.session, room_ms)
        elif envelope.doc == CHAT:
            self._chat(room_ms)

    def _stage(self, session: SessionId, room_ms: float) -> None:
        stage = self._peer.stage
        if stage.state is not self._state:
            self._state = stage.state
            if self.live and self.live_since_ms is None:
                self.live_since_ms = room_ms
            self._archive.event("state", session, {"state": self._state.value}, room_ms)
        if stage.page != self._page:
            self._page = stage.page
            self._archive.event("page", session, {"page": self._page}, room_ms)
            pages = self._peer.board.pages()
            number = next((index for index, page in enumerate(pages, 1) if page.id == self._page), 0)
            title = next((page.title for page in pages if page.id == self._page), "") or f"Page {number}"
            self._archive.chapter(title, "page", self._page, room_ms)

    def _chat(self, room_ms: float) -> None:
        for message in self._peer.chat.messages():
            if message.id not in self._messages:
                self._messages.add(message.id)
                self._archive.chat(message.id, message.author, message.text, message.at_ms, room_ms)

    def _joined(self, person: Participant) -> None:
        if person.role is Role.RECORDER or not self.introduce(person.session):
            return
        room_ms = self._clock.at(time.monotonic())
        if person.session not in self._present:
            self._present.add(person.session)
            if self._epoch_at is not None:
                # Who was there before us came when the relay says.
                room_ms = min(room_ms, max(0.0, float(person.joined_ms - self._epoch_at)))
            self._archive.event("join", person.session, {}, room_ms)
        if person.presence is not None:
            self._presence_changed(person.session, person.presence, room_ms)

    def _left(self, session: SessionId, reason: str, room_ms: float) -> None:
        self._presence.pop(session, None)
        if session in self._present:
            self._present.discard(session)
            self._archive.event("leave", session, {"reason": reason}, room_ms)

    def _presence_changed(self, session: SessionId, presence: dict[str, Any], room_ms: float) -> None:
        before = self._presence.get(session, {})
        self._presence[session] = presence
        hand = presence.get("hand") is True
        if hand != (before.get("hand") is True):
            self._archive.event("hand", session, {"up": hand}, room_ms)
        media = {name: presence.get(name) is True for name in ("mic", "cam")}
        # The first statement counts even when all is off: without one a track is taken for what it shows.
        if self.is_declined(session):
            return
        if presence.keys() & media.keys() and media != {name: before.get(name) for name in media}:
            self._archive.event("media", session, dict(media), room_ms)
