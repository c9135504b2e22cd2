"""Long answers (to a join, HAVE, WANT), a slice in each turn of the loop: at once they hold everybody up for 5 ms."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from signaling.member import Member
from whiteboard_crdt.errors import CloseCode

__all__ = ["Answers"]

log = logging.getLogger("chalkmesh.relay.room")

_SLICE_BYTES: Final = 4_096
_Answer = tuple[Iterator[bytes], bool]


class Answers:
    """One room's. What waits is bounded by the rates of HAVE and WANT (B5), and it is made only when it is sent.

    Live messages overtake a long answer: whoever gets one too early parks it (E6), and gets the rest a moment later.
    """

    def __init__(self) -> None:
        self._waiting: dict[Member, deque[_Answer]] = {}

    def begin(self, member: Member, messages: Iterable[bytes], *, all_of_it: bool = False) -> None:
        """Send messages, the first slice at once, after those that were begun before.

        To a client that lags nothing more is sent, unless it must have `all_of_it`: the rest can be asked for again.
        """
        queue = self._waiting.get(member)
        if queue is None:
            self._waiting[member] = deque(((iter(messages), all_of_it),))
            self._go_on(member)
        else:
            queue.append((iter(messages), all_of_it))

    def forget(self, member: Member) -> None:
        """A member left."""
        self._waiting.pop(member, None)

    def _go_on(self, member: Member) -> None:
        queue = self._waiting.get(member)
        if queue is None:
            return
        try:
            size_bytes = 0
            while queue and size_bytes < _SLICE_BYTES:
                messages, all_of_it = queue[0]
                message = None if member.socket.lagging and not all_of_it else next(messages, None)
                if message is None:
                    queue.popleft()
                else:
                    member.socket.send_catch_up(message)
                    size_bytes += len(message)
        except Exception:
            # The edge of what the loop calls: the log that is read here may be damaged.
            log.exception("fault in an answer session=%s", member.session)
            member.socket.close(CloseCode.TRY_LATER, "fault of the relay")
        if queue and member.socket.open:
            asyncio.get_running_loop().call_soon(self._go_on, member)
        else:
            del self._waiting[member]
