"""Who is kept from the board for now (P10), and whose desk all may read (D4): what the staff said on the stage."""

from __future__ import annotations

from typing import Any

from pycrdt import Doc

from whiteboard_crdt.ids import DocKind, DocRef, UserId
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.stage import Stage
from whiteboard_crdt.ticket import Ticket

__all__ = ["Holds"]


class Holds:
    """What a replica has read of its stage document. To be read again whenever that has changed."""

    def __init__(self) -> None:
        self._since_ms: dict[UserId, int] = {}
        self.shown_desk: UserId | None = None

    @property
    def users(self) -> frozenset[UserId]:
        """Who is held."""
        return frozenset(self._since_ms)

    def read(self, stage: Doc[Any], now_ms: int) -> bool:
        """Takes over what the stage says; True if somebody was let go."""
        view = Stage(stage)
        held = view.held
        freed = not self._since_ms.keys() <= held
        self._since_ms = {user: self._since_ms.get(user, now_ms) for user in held}
        self.shown_desk = view.shown_desk
        return freed

    def keeps_out(self, ticket: Ticket, doc: DocRef, now_ms: int) -> bool:
        """Whether an envelope of that session has to wait. What was under way when the hold came still counts."""
        since_ms = self._since_ms.get(ticket.user)
        if since_ms is None or doc.kind is not DocKind.BOARD or ticket.staff:
            return False
        return now_ms - since_ms >= LIMITS.hold_grace_ms
