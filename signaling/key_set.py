"""The school's public ticket keys as the relay sees them: a file of the portal, read again when it changes."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from whiteboard_crdt.errors import SetupError
from whiteboard_crdt.keys import PublicKey, load_jwks
from whiteboard_crdt.ticket import Ticket, read_ticket

__all__ = ["KeySetFile"]

log = logging.getLogger("chalkmesh.relay.keys")

_KEPT_TICKETS: Final = 1_024


class KeySetFile(Mapping[str, PublicKey]):
    """kid → public key. Call `refresh` before admitting anybody; it costs one stat when nothing changed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._keys: dict[str, PublicKey] = {}
        self._stamp: tuple[int, int] | None = None
        self._read: dict[str, Ticket] = {}

    def refresh(self) -> bool:
        """Read the file if it changed; False while there are no keys (the portal has not made them yet).

        A file that became unreadable leaves the keys of before in force, and is logged once.
        """
        try:
            stat = self._path.stat()
            stamp = (stat.st_mtime_ns, stat.st_size)
            if stamp != self._stamp:
                self._stamp = stamp
                self._read.clear()
                self._keys = load_jwks(self._path.read_bytes())
        except FileNotFoundError:
            pass
        except (OSError, SetupError) as error:
            log.error("ticket keys cannot be read: %s", error)
        return bool(self._keys)

    def read_ticket(self, token: str) -> Ticket:
        """`ticket.read_ticket` with these keys. Whoever comes again costs no signature check. Raises TicketError."""
        ticket = self._read.get(token)
        if ticket is None:
            ticket = read_ticket(token, self)
            if len(self._read) >= _KEPT_TICKETS:
                del self._read[next(iter(self._read))]
            self._read[token] = ticket
        return ticket

    def __getitem__(self, kid: str) -> PublicKey:
        return self._keys[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)
