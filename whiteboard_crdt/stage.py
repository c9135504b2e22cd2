"""The stage document: what the staff of a lesson set for everyone. A small, tolerant view."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pycrdt import Doc, Map

from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.ids import DESK_USER_BYTES, MAIN_PAGE, PageId, SessionId, UserId, parse_session
from whiteboard_crdt.spec import THINGS

__all__ = ["Spot", "Stage", "StageState"]


_HELD: Final = "held/"
_DESK: Final = "desk"
_STAR: Final = "star"
_SPOT: Final = "spot"
_SIDES: Final = ("x", "y", "w", "h")


class StageState(StrEnum):
    """How far the lesson is."""

    WAITING = "waiting"
    LIVE = "live"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Spot:
    """A part of a page that everybody is to look at, board px."""

    page: PageId
    x: float
    y: float
    w: float
    h: float


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

    @property
    def spot(self) -> Spot | None:
        """Where everybody is to look; None where they like."""
        value = self._stage.get(_SPOT)
        if not isinstance(value, dict):
            return None
        page = value.get("page")
        numbers = [float(each) for name in _SIDES if isinstance(each := value.get(name), int | float)]
        if not isinstance(page, str) or not page or len(numbers) < len(_SIDES):
            return None
        x, y, w, h = numbers
        near = all(abs(each) <= THINGS.farthest for each in numbers)
        return Spot(PageId(page), x, y, w, h) if near and min(w, h) > 0 else None

    def show_spot(self, spot: Spot | None) -> None:
        """Makes everybody look at a part of a page, or nowhere any more."""
        if self.spot != spot:
            plain = {"page": spot.page, **{name: float(getattr(spot, name)) for name in _SIDES}} if spot else ""
            with self._doc.transaction():
                self._stage[_SPOT] = plain

    @property
    def star(self) -> UserId | None:
        """Whom everybody sees large."""
        return self._user(_STAR)

    def show_star(self, user: UserId | None) -> None:
        """Shows a person large to everybody, or nobody any more."""
        self._set_user(_STAR, user)

    @property
    def held(self) -> frozenset[UserId]:
        """Everybody who only watches for now (P10)."""
        held = {key.removeprefix(_HELD): value for key, value in self._stage.items() if key.startswith(_HELD)}
        return frozenset(UserId(user) for user, value in held.items() if value is True)

    @property
    def shown_desk(self) -> UserId | None:
        """Whose desk is shown to everybody (D4)."""
        return self._user(_DESK)

    def show_desk(self, user: UserId | None) -> None:
        """Shows a desk to everybody in the room, or none any more."""
        self._set_user(_DESK, user)

    def _user(self, key: str) -> UserId | None:
        value = self._stage.get(key)
        if not isinstance(value, str) or not 1 <= len(value.encode("utf-8", "surrogatepass")) <= DESK_USER_BYTES:
            return None
        return UserId(value)

    def _set_user(self, key: str, user: UserId | None) -> None:
        if self._user(key) != user:
            with self._doc.transaction():
                self._stage[key] = user or ""

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
