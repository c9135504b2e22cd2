"""Attendance: who came and went, told to the portal at least once and counted there once (by event id)."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import Final

import aiohttp

from signaling.roomlog import RoomLog

__all__ = ["AttendancePost"]

log = logging.getLogger("chalkmesh.relay.attendance")

_BATCH: Final = 200
_TIMEOUT_S: Final = 10.0
_RETRY_FIRST_S: Final = 0.5
_RETRY_LONGEST_S: Final = 30.0


class AttendancePost:
    """Posts the log's outbox to ``{portal}/internal/relay/events`` until the portal confirms; one owned task."""

    def __init__(self, store: RoomLog, portal_url: str, secret_path: Path) -> None:
        self._store = store
        self._url = portal_url.rstrip("/") + "/internal/relay/events"
        self._secret_path = secret_path
        self._work = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin posting, what an earlier run left first."""
        self._work.set()
        self._task = asyncio.get_running_loop().create_task(self._run(), name="attendance")

    def wake(self) -> None:
        """Something new is in the outbox."""
        self._work.set()

    async def stop(self) -> None:
        """Stop posting; what is left stays in the outbox."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))

    async def _run(self) -> None:
        delay_s = _RETRY_FIRST_S
        timeout = aiohttp.ClientTimeout(total=_TIMEOUT_S)
        async with aiohttp.ClientSession(timeout=timeout) as http:
            while True:
                await self._work.wait()
                self._work.clear()
                try:
                    await self._drain(http)
                    delay_s = _RETRY_FIRST_S
                except (aiohttp.ClientError, TimeoutError, OSError) as error:
                    log.warning("portal does not take attendance, retry in %.1f s: %s", delay_s, type(error).__name__)
                    await asyncio.sleep(delay_s)
                    delay_s = min(delay_s * 2, _RETRY_LONGEST_S)
                    self._work.set()

    async def _drain(self, http: aiohttp.ClientSession) -> None:
        while events := await self._store.pending_events(_BATCH):
            body = {
                "events": [
                    {
                        "id": event.id,
                        "room": event.room,
                        "user": event.user,
                        "session": event.session,
                        "kind": event.kind,
                        "at_ms": event.at_ms,
                    }
                    for event in events
                ]
            }
            secret = self._secret_path.read_text("ascii").strip()
            async with http.post(self._url, json=body, headers={"Authorization": f"Bearer {secret}"}) as response:
                response.raise_for_status()
            await self._store.confirm_events([event.id for event in events])
