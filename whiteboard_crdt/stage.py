"""The stage document: what the staff of a lesson set for everyone. A small, tolerant view."""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from pycrdt import Doc, Map

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import MAIN_PAGE, PageId, SessionId, UserId, parse_session

__all__ = ["Stage", "StageState"]


_HELD: Final = "held/"


class StageState(StrEnum):
    """How far the lesson is."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


class Stage:
    """Reads and writes the root map `stage`."""

    def __init__(self, doc: Doc[Any]) -> None:
        self._doc = doc
        self._stage: Map[Any] = doc.get("stage", type=Map)

    @property
    def state(self) -> StageState:
        """State of the lesson; `waiting` until set."""
        value = self._stage.get("state")
        return StageState(value) if value in tuple(StageState) else StageState.WAITING

    @property
    def page(self) -> PageId:
        """The tutor's page."""
        value = self._stage.get("page")
        return PageId(value) if isinstance(value, str) and value else MAIN_PAGE

    @property
    def started_ms(self) -> int | None:
        """When the lesson went live, by the room's clock."""
        value = self._stage.get("started_ms")
        return int(value) if isinstance(value, float) and 0 <= value < 2**53 else None

    @property
    def lead(self) -> SessionId | None:
        """Whose view everybody follows; None when everybody looks where they like."""
        value = self._stage.get("lead")
        try:
            return parse_session(value) if isinstance(value, str) else None
        except ProtocolError:
            return None

    def is_held(self, user: UserId) -> bool:
        """Whether somebody only watches for now."""
        return self._stage.get(f"{_HELD}{user}") is True

    def hold(self, user: UserId, held: bool) -> None:
        """Lets somebody only watch, or draw again; it holds on every page, and after they come back."""
        if self.is_held(user) != held:
            with self._doc.transaction():
                self._stage[f"{_HELD}{user}"] = held

    def set_lead(self, session: SessionId | None) -> None:
        """Makes everybody follow a session's view, or nobody's."""
        if self.lead != session:
            with self._doc.transaction():
                self._stage["lead"] = session or ""

    def set(
        self, *, state: StageState | None = None, page: PageId | None = None, started_ms: int | None = None
    ) -> None:
        """Sets what is given, in one transaction; what already stands is not written again."""
        with self._doc.transaction():
            if state is not None and self._stage.get("state") != state.value:
                self._stage["state"] = state.value
            if page is not None and self._stage.get("page") != page:
                self._stage["page"] = page
            if started_ms is not None and self.started_ms != started_ms:
                self._stage["started_ms"] = float(started_ms)
