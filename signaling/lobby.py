"""The relay's rooms: loaded from the log when somebody comes, dropped from memory when nobody is there any more."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from collections import Counter
from typing import Final

from signaling.asset_store import AssetStore
from signaling.asset_tokens import AssetTokens
from signaling.attendance import AttendancePost
from signaling.fanout import Pace
from signaling.key_set import KeySetFile
from signaling.member import Member
from signaling.open_rooms import OPEN_PREFIX, OpenRoom
from signaling.panic import die, is_panic
from signaling.room import Room
from signaling.roomlog import LogOverflow, RoomHistory, RoomLog
from signaling.settings import RelaySettings
from signaling.socket_writer import SocketWriter
from signaling.steady_clock import SteadyClock, host_ms
from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.ids import RoomId

__all__ = ["Lobby", "wall_ms"]

log = logging.getLogger("chalkmesh.relay")

_TICK_S: Final = 0.1
_PRESENT_EVERY_S: Final = 10.0
_KEEP_ALIVE_S: Final = 12.0


_CLOCK: Final = SteadyClock()


def wall_ms() -> int:
    """Unix milliseconds, without the jumps of the host's clock."""
    return _CLOCK.now_ms()


class Lobby:
    """All rooms of one relay, their timer, and what the internal API asks of them."""

    def __init__(
        self, settings: RelaySettings, store: RoomLog, keys: KeySetFile, attendance: AttendancePost | None
    ) -> None:
        self.settings = settings
        self.keys = keys
        self.store = store
        self.sockets: set[SocketWriter] = set()
        self.asset_tokens = AssetTokens()
        self.assets = AssetStore(settings.assets)
        self.pace = Pace()
        self._attendance = attendance
        self._rooms: dict[RoomId, asyncio.Task[Room]] = {}
        self._open_rooms: dict[str, asyncio.Task[OpenRoom]] = {}
        # Entered but not joined yet: such a room is not to be dropped.
        self._entering: dict[str, int] = {}
        self._forgetting: set[RoomId] = set()
        self._idle_since_s: dict[str, float] = {}
        self._timer: asyncio.Task[None] | None = None
        self._present_s = self._kept_alive_s = time.monotonic()

    def start(self) -> None:
        """Start the timer of all rooms."""
        self._timer = asyncio.get_running_loop().create_task(self._tick_for_ever(), name="rooms")

    async def stop(self) -> None:
        """Close every socket with 4501; their handlers end by themselves."""
        if self._timer is not None:
            self._timer.cancel()
            await asyncio.wait((self._timer,))
        for socket in tuple(self.sockets):
            socket.close(CloseCode.RESTARTING, "the relay restarts")
        for room in self._loaded():
            room.checkpoint(leaving=True)
        for open_room in self._loaded_open():
            open_room.flush()

    # Rooms

    async def enter(self, room: RoomId) -> Room:
        """The room, loaded when it is not; call `entered` after joining or failing to. Raises ProtocolError."""
        if room.startswith(OPEN_PREFIX):
            raise ProtocolError("not a lesson's room", CloseCode.TICKET_FOREIGN)
        if room in self._forgetting:
            raise ProtocolError("the room is being erased", CloseCode.TRY_LATER)
        self._entering[room] = self._entering.get(room, 0) + 1
        task = self._rooms.get(room)
        if task is None:
            task = self._rooms[room] = asyncio.get_running_loop().create_task(self._load(room))
        try:
            return await asyncio.shield(task)
        except BaseException:
            self.entered(room)
            raise

    def entered(self, room: str) -> None:
        """An `enter` is over."""
        self._entering[room] -= 1
        if not self._entering[room]:
            del self._entering[room]

    async def enter_open(self, name: str) -> OpenRoom:
        """An open room, loaded when it is not; call `entered` with its log name after joining."""
        key = OPEN_PREFIX + name
        self._entering[key] = self._entering.get(key, 0) + 1
        task = self._open_rooms.get(name)
        if task is None:
            task = self._open_rooms[name] = asyncio.get_running_loop().create_task(self._load_open(name))
        try:
            return await asyncio.shield(task)
        except BaseException:
            self.entered(key)
            raise

    async def _load(self, room: RoomId) -> Room:
        try:
            history = await self.store.open_room(room, wall_ms())
            loaded = self._room(room, history)
            if not await loaded.restore(history) and history.snapshots:
                history = await self.store.open_room(room, wall_ms(), whole=True)
                loaded = self._room(room, history)
                await loaded.restore(history)
        except LogOverflow as error:
            del self._rooms[room]
            raise ProtocolError(str(error), CloseCode.TRY_LATER) from error
        except sqlite3.DatabaseError as error:
            del self._rooms[room]
            raise ProtocolError("the room cannot be read", CloseCode.TRY_LATER) from error
        except BaseException as error:
            if is_panic(error):
                die("restoring a room")
            del self._rooms[room]
            raise
        return loaded

    def _room(self, room: RoomId, history: RoomHistory) -> Room:
        return Room(
            room,
            history,
            self.store,
            self.keys,
            self.settings,
            wall_ms,
            time.monotonic,
            self._attendance,
            asset_tokens=self.asset_tokens,
            host_ms=host_ms,
            pace=self.pace,
        )

    async def _load_open(self, name: str) -> OpenRoom:
        try:
            history = await self.store.open_room(OPEN_PREFIX + name, wall_ms())
            return OpenRoom(name, history, self.store, self.settings.deletes, wall_ms, pace=self.pace)
        except LogOverflow as error:
            del self._open_rooms[name]
            raise ProtocolError("the room log does not keep up", CloseCode.TRY_LATER) from error
        except BaseException:
            del self._open_rooms[name]
            raise

    def _loaded(self) -> list[Room]:
        return [
            task.result()
            for task in self._rooms.values()
            if task.done() and not task.cancelled() and not task.exception()
        ]

    def _loaded_open(self) -> list[OpenRoom]:
        tasks = self._open_rooms.values()
        return [task.result() for task in tasks if task.done() and not task.cancelled() and not task.exception()]

    # What the portal asks

    async def revoke(self, room: RoomId, token: str) -> list[str]:
        """Put out of a room whom a revocation names (T5, S8); told to all at once, durable on return.

        Returns the sessions that were not out before. Raises TicketError for a token that the school did not sign, or
        not for this room.
        """
        self.keys.refresh()
        loaded = await self.enter(room)
        try:
            revoked, stored = loaded.revoke_by(token)
            await asyncio.gather(*stored)
        finally:
            self.entered(room)
        return sorted(revoked)

    async def close_room(self, room: RoomId) -> None:
        """Close a room for good; durable on return."""
        loaded = await self.enter(room)
        try:
            await self.store.close_room(room, wall_ms())
            loaded.close()
        finally:
            self.entered(room)

    async def forget_room(self, room: RoomId) -> bool:
        """Erase a closed room, its pictures too; durable on return. False while it is open or somebody is in it.

        Raises LogOverflow and OSError; then it is to be asked for again.
        """
        if room.startswith(OPEN_PREFIX) or room in self._forgetting or self._in_use(room):
            return False
        self._forgetting.add(room)
        try:
            # Without a checkpoint: nothing of it is to be written any more.
            self._rooms.pop(room, None)
            self._idle_since_s.pop(room, None)
            if not await self.store.forget_room(room, wall_ms()):
                return False
            await asyncio.to_thread(self.assets.forget, room)
        finally:
            self._forgetting.discard(room)
        return True

    def _in_use(self, room: RoomId) -> bool:
        task = self._rooms.get(room)
        if task is None:
            return room in self._entering
        if room in self._entering or not task.done() or task.cancelled() or task.exception():
            return True
        return bool(task.result().members) or not task.result().settled

    def present(self, room: str) -> int:
        """How many are in a room now."""
        task = self._rooms.get(RoomId(room))
        return len(task.result().members) if task is not None and task.done() and not task.exception() else 0

    # What metrics ask

    def figures(self) -> dict[str, float]:
        """Rooms, sockets and what they hold (`signaling.relay_metrics`)."""
        rooms = self._loaded()
        return {
            "rooms": len(rooms),
            "open_rooms": len(self._loaded_open()),
            "sockets": len(self.sockets),
            "in_memory_bytes": sum(room.in_memory_bytes for room in rooms),
        }

    def occupied(self) -> list[tuple[str, list[Member]]]:
        """The rooms of lessons in which somebody is, each with who that is."""
        return [(str(room.room), list(room.members.values())) for room in self._loaded() if room.members]

    def roles(self) -> Counter[str]:
        """How many are present, by role."""
        return Counter(member.ticket.role.value for room in self._loaded() for member in room.members.values())

    # The timer

    async def _tick_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            try:
                self._tick(time.monotonic())
            except LogOverflow:
                log.warning("the room log does not keep up")
            except Exception:
                # The one timer of all rooms must outlive a fault in one of them.
                log.exception("fault in the rooms' timer")
            except BaseException as error:
                if is_panic(error):
                    die("rooms' timer")
                raise

    def _tick(self, now_s: float) -> None:
        rooms = self._loaded()
        for room in rooms:
            room.tick(now_s)
        if now_s - self._kept_alive_s >= _KEEP_ALIVE_S:
            self._kept_alive_s = now_s
            for open_room in self._loaded_open():
                open_room.keep_alive()
        if self._attendance is not None and now_s - self._present_s >= _PRESENT_EVERY_S:
            self._present_s = now_s
            present = [(str(room.room), str(session)) for room in rooms for session in room.members]
            if present:
                self.store.still_present(present, wall_ms())
        self._drop_idle(now_s)

    def _drop_idle(self, now_s: float) -> None:
        busy = {str(room.room): bool(room.members) or not room.settled for room in self._loaded()}
        busy |= {OPEN_PREFIX + room.name: bool(room.clients) or not room.settled for room in self._loaded_open()}
        for key, in_use in busy.items():
            if in_use or key in self._entering:
                self._idle_since_s.pop(key, None)
            elif now_s - self._idle_since_s.setdefault(key, now_s) >= self.settings.room_idle_s:
                del self._idle_since_s[key]
                log.info("room left memory room=%s", key)
                if key.startswith(OPEN_PREFIX):
                    del self._open_rooms[key.removeprefix(OPEN_PREFIX)]
                else:
                    self._rooms[RoomId(key)].result().checkpoint(leaving=True)
                    del self._rooms[RoomId(key)]
