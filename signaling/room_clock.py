"""Session time of a room: milliseconds since its start, never stepping back, also across restarts of the relay."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["RoomClock"]


class RoomClock:
    """Runs by the monotonic clock; the wall clock only says, once, how long ago the room began."""

    def __init__(
        self, started_ms: int, last_room_ms: int, wall_ms: Callable[[], int], monotonic_s: Callable[[], float]
    ) -> None:
        """``last_room_ms``: of the newest record; a wall clock that was set back does not undercut it."""
        self._monotonic_s = monotonic_s
        self._began_s = monotonic_s()
        self._offset_ms = max(wall_ms() - started_ms, last_room_ms, 0)

    def now_ms(self) -> int:
        """Milliseconds since the room's start."""
        return self._offset_ms + int((self._monotonic_s() - self._began_s) * 1000)
