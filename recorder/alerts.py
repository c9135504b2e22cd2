"""Carries crisis alerts from the room to the portal (protocol rule C4): it opens none, and learns nothing of them."""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from typing import Final, Protocol

from recorder.portal_client import PortalAway, PortalClient
from whiteboard_crdt.errors import ProtocolError
from whiteboard_crdt.keys import decode_base64url, encode_base64url
from whiteboard_crdt.messages import AlertMessage

__all__ = ["AlertCourier"]

log = logging.getLogger("chalkmesh.recorder")

# An honest room has one or two; over this, what comes is passed over, since its page repeats it.
_MOST: Final = 16


class Room(Protocol):
    """The way back to whoever pressed."""

    def tell_alert(self, message: AlertMessage) -> None:
        """Hand the portal's receipt to the staff of the room."""
        ...


class AlertCourier:
    """Of one lesson. Owns a task for each alert that is under way; `close` ends them."""

    def __init__(self, lesson: str, portal: PortalClient, room: Room) -> None:
        self._lesson = lesson
        self._portal = portal
        self._room = room
        self._tasks: dict[bytes, asyncio.Task[None]] = {}
        # By id: a page repeats an alert until it has the receipt.
        self._receipts: OrderedDict[bytes, bytes] = OrderedDict()

    def brought(self, message: AlertMessage) -> None:
        """An ALERT came; receipts are for others."""
        if message.receipt:
            return
        if message.id in self._receipts:
            self._room.tell_alert(AlertMessage(message.id, self._receipts[message.id], receipt=True))
        elif message.id not in self._tasks and len(self._tasks) < _MOST:
            task = asyncio.create_task(self._carry(message), name="alert")
            self._tasks[message.id] = task
            task.add_done_callback(lambda _: self._tasks.pop(message.id, None))

    async def close(self) -> None:
        """Ends what is under way."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, message: AlertMessage) -> None:
        try:
            answer = await self._portal.alert(self._lesson, message.id.hex(), encode_base64url(message.content))
            receipt = decode_base64url(answer.receipt)
        except (PortalAway, ProtocolError) as error:
            log.warning("alert not carried lesson=%s alert=%s: %s", self._lesson, message.id.hex(), error)
            return
        log.info("alert carried lesson=%s alert=%s", self._lesson, message.id.hex())
        self._receipts[message.id] = receipt
        while len(self._receipts) > _MOST:
            self._receipts.popitem(last=False)
        self._room.tell_alert(AlertMessage(message.id, receipt, receipt=True))
