"""Presence in a room: the newest state of each participant, told at most thirty times a second, kept for newcomers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from signaling.fanout import Fanout
from signaling.frames import binary_frame
from signaling.member import Member
from whiteboard_crdt.ids import SessionId
from whiteboard_crdt.messages import PresenceMessage, encode_message
from whiteboard_crdt.presence import parse_presence

__all__ = ["KeptPresence", "Presences"]

_SPACING_S: Final = 0.033


@dataclass(slots=True)
class KeptPresence:
    """The newest presence of a session. ``state`` is its JSON object, whose members belong to the applications."""

    message: PresenceMessage
    state: dict[str, Any]
    told_s: float
    waiting: bool = False


class Presences:
    """Never stored; of several changes within a moment only the last is told."""

    def __init__(self, members: Mapping[SessionId, Member], fanout: Fanout[Member]) -> None:
        self._members = members
        self._fanout = fanout
        self._kept: dict[SessionId, KeptPresence] = {}

    def states(self) -> Mapping[SessionId, KeptPresence]:
        """What a newcomer is told."""
        return self._kept

    def publish(self, message: PresenceMessage, now_s: float) -> None:
        """A participant's new presence; an old version is dropped. Raises ProtocolError when it is no JSON object."""
        state = parse_presence(message.state)
        before = self._kept.get(message.session)
        if before is not None and message.version <= before.message.version:
            return
        told_s = before.told_s if before is not None else now_s - _SPACING_S
        kept = self._kept[message.session] = KeptPresence(message, state, told_s, waiting=True)
        if now_s - told_s >= _SPACING_S:
            self._tell(kept, now_s)

    def flush(self, now_s: float) -> None:
        """Tell what was held back."""
        for kept in self._kept.values():
            if kept.waiting and now_s - kept.told_s >= _SPACING_S:
                self._tell(kept, now_s)

    def forget(self, session: SessionId) -> None:
        """A participant left."""
        self._kept.pop(session, None)

    def _tell(self, kept: KeptPresence, now_s: float) -> None:
        kept.told_s = now_s
        kept.waiting = False
        own = self._members.get(kept.message.session)
        self._fanout.put_relaxed(binary_frame(encode_message(kept.message)), but=() if own is None else (own,))
