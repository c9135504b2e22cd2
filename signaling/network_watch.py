"""Whether the machine moved to another network: sockets bound to an address that it lost are dead and do not say so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

import aioice.ice

__all__ = ["NetworkWatch"]

_EVERY_S: Final = 0.5  # a look takes 0.26 ms
_NONE: Final[frozenset[str]] = frozenset()


class NetworkWatch:
    """Compares the addresses of the machine, about twice a second."""

    def __init__(self, addresses: Callable[[], frozenset[str]] | None = None) -> None:
        self._addresses = _MACHINE if addresses is None else addresses
        self._known = self._addresses()
        self._looked_s = 0.0

    def look(self, now_s: float) -> tuple[frozenset[str], frozenset[str]]:
        """The addresses that went and those that came since the last look. To be called as often as one likes."""
        if now_s - self._looked_s < _EVERY_S:
            return _NONE, _NONE
        self._looked_s = now_s
        before, self._known = self._known, self._addresses()
        return before - self._known, self._known - before


class _Machine:
    """Asked once for all peers of a process: a hundred bots look twice a second each."""

    def __init__(self) -> None:
        self._looked_s = float("-inf")
        self._found: frozenset[str] = _NONE

    def __call__(self) -> frozenset[str]:
        now_s = time.monotonic()
        if now_s - self._looked_s >= _EVERY_S / 2:
            self._looked_s = now_s
            # By its full name at each call: tests replace it, since it leaves the loopback out.
            self._found = frozenset(aioice.ice.get_host_addresses(True, True))
        return self._found


_MACHINE: Final = _Machine()
