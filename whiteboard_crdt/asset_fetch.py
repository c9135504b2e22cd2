"""Getting assets from peers and, where they cannot, from the server (protocol rules A6, A7): a pure state machine.

Each source sends in order from where it is asked, so what is held of an asset is always its beginning: another source
goes on where the one before left off. Bytes are believed only when the whole has the right hash, which whoever drives
this computes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, Literal

from whiteboard_crdt.assets import ASSET_LIMITS, AskMessage, AssetId, ChunkMessage, NoneMessage
from whiteboard_crdt.ids import SessionId

__all__ = ["Action", "Ask", "AskServer", "AssetFetcher", "Check", "Failed", "FailedReason", "Fetched"]

FailedReason = Literal["unknown", "unreachable"]
_SERVER: Final = "server"


@dataclass(frozen=True, slots=True)
class Ask:
    """Send this to a peer."""

    peer: SessionId
    message: AskMessage


@dataclass(frozen=True, slots=True)
class AskServer:
    """Ask the server for everything from byte `first` on; answer with one of the `server_…` methods."""

    asset: AssetId
    first: int


@dataclass(frozen=True, slots=True)
class Check:
    """Compare the hash of the bytes with the id; answer with `checked`."""

    asset: AssetId
    data: bytes


@dataclass(frozen=True, slots=True)
class Fetched:
    """It is here, and its hash is right."""

    asset: AssetId
    data: bytes


@dataclass(frozen=True, slots=True)
class Failed:
    """Given up: nobody has it, or (``unreachable``) the server could not be asked."""

    asset: AssetId
    reason: FailedReason


Action = Ask | AskServer | Check | Fetched | Failed
_State = Literal["waiting", "peer", "server", "checking", "paused"]


@dataclass(slots=True, eq=False)
class _Fetch:
    asset: AssetId
    state: _State = "waiting"
    data: bytearray = field(default_factory=bytearray)
    total: int | None = None
    asked: int = 0
    peer: SessionId | None = None
    # Who was asked in this round without (further) success.
    tried: set[SessionId] = field(default_factory=set)
    # Whose bytes alone made a wrong whole.
    blamed: set[SessionId] = field(default_factory=set)
    contributors: set[str] = field(default_factory=set)
    # After a wrong whole of several sources: each is asked for all of it, so that the liar shows.
    alone: bool = False
    heard_ms: int = 0
    mark_ms: int = 0
    mark_bytes: int = 0
    round: int = 0
    round_bytes: int = 0
    wake_ms: int = 0

    def clear(self) -> None:
        self.data = bytearray()
        self.total = None
        self.contributors.clear()


class AssetFetcher:
    """All assets that one participant wants. Times are ms of any monotonic clock, handed in.

    After each call, `take_actions` gives what is to be done.
    """

    def __init__(self) -> None:
        self._fetches: dict[AssetId, _Fetch] = {}
        self._peers: dict[SessionId, None] = {}
        self._actions: list[Action] = []

    @property
    def wanted(self) -> Iterable[AssetId]:
        """What is not here yet."""
        return self._fetches.keys()

    def take_actions(self) -> list[Action]:
        """What to do, in order; each is given once."""
        actions, self._actions = self._actions, []
        return actions

    def want(self, asset: AssetId, now_ms: int) -> bool:
        """Begin to get an asset; False when too many are wanted already (A6)."""
        if asset in self._fetches:
            return True
        if len(self._fetches) >= ASSET_LIMITS.wanted:
            return False
        self._fetches[asset] = _Fetch(asset)
        self._start(now_ms)
        return True

    def forget(self, asset: AssetId, now_ms: int) -> None:
        """Nobody waits for it any more."""
        if self._fetches.pop(asset, None) is not None:
            self._start(now_ms)

    def peer_up(self, peer: SessionId, now_ms: int) -> None:
        """A direct link is there: what waits for a source asks it."""
        self._peers[peer] = None
        for fetch in self._fetches.values():
            fetch.tried.discard(peer)
            if fetch.state == "paused" and peer not in fetch.blamed:
                fetch.state = "waiting"
        self._start(now_ms)

    def peer_down(self, peer: SessionId, now_ms: int) -> None:
        """A direct link is gone: another source goes on."""
        self._peers.pop(peer, None)
        for fetch in tuple(self._fetches.values()):
            if fetch.state == "peer" and fetch.peer == peer:
                self._next_source(fetch, now_ms)

    def receive(self, peer: SessionId, message: ChunkMessage | NoneMessage, now_ms: int) -> None:
        """What a peer answers. Anything that was not asked of it is passed over."""
        fetch = self._fetches.get(message.asset)
        if fetch is None or fetch.state != "peer" or fetch.peer != peer:
            return
        if isinstance(message, NoneMessage):
            fetch.tried.add(peer)
            self._next_source(fetch, now_ms)
        elif fetch.total is not None and message.total != fetch.total:
            # One of two sources lies about the length: from here on each has to bring the whole.
            fetch.alone = True
            fetch.tried.add(peer)
            self._next_source(fetch, now_ms)
        elif message.offset == len(fetch.data):
            fetch.total = message.total
            fetch.heard_ms = now_ms
            self._append(fetch, message.data, peer)

    def server_rest(self, asset: AssetId, offset: int, total: int, data: bytes, now_ms: int) -> None:
        """The server answered `AskServer` with the bytes from `offset` to the end."""
        fetch = self._fetches.get(asset)
        if fetch is None or fetch.state != "server":
            return
        short = offset + len(data) != total
        if short or total > ASSET_LIMITS.asset_bytes or offset != len(fetch.data) or not total:
            self.server_missing(asset, now_ms)
        elif fetch.total is not None and fetch.total != total:
            fetch.clear()
            fetch.alone = True
            self._actions.append(AskServer(asset, 0))
        else:
            fetch.total = total
            if not data:
                self._check(fetch)
            else:
                self._append(fetch, data, _SERVER)

    def server_missing(self, asset: AssetId, now_ms: int) -> None:
        """The server does not have it (yet)."""
        self._round_over(asset, "unknown", now_ms)

    def server_away(self, asset: AssetId, now_ms: int) -> None:
        """The server could not be asked."""
        self._round_over(asset, "unreachable", now_ms)

    def checked(self, asset: AssetId, good: bool, now_ms: int) -> None:
        """The answer to `Check`."""
        fetch = self._fetches.get(asset)
        if fetch is None or fetch.state != "checking":
            return
        if good:
            del self._fetches[asset]
            self._actions.append(Fetched(asset, bytes(fetch.data)))
            self._start(now_ms)
            return
        if len(fetch.contributors) == 1:
            (liar,) = fetch.contributors
            if liar == _SERVER:
                fetch.clear()
                self._round_over(asset, "unknown", now_ms)
                return
            fetch.blamed.add(SessionId(liar))
        else:
            fetch.tried.clear()
        fetch.alone = True
        self._next_source(fetch, now_ms)

    def tick(self, now_ms: int) -> None:
        """Stalls and pauses: several times a second while anything is wanted."""
        for fetch in tuple(self._fetches.values()):
            if fetch.state == "paused" and now_ms >= fetch.wake_ms:
                fetch.state = "waiting"
            elif fetch.state == "peer" and self._stalls(fetch, now_ms) and fetch.peer is not None:
                fetch.tried.add(fetch.peer)
                self._next_source(fetch, now_ms)
        self._start(now_ms)

    # Inside

    def _start(self, now_ms: int) -> None:
        """Give the free places to those that wait, in the order in which they were wanted."""
        active = sum(fetch.state in ("peer", "server", "checking") for fetch in self._fetches.values())
        for fetch in tuple(self._fetches.values()):
            if active >= ASSET_LIMITS.parallel:
                return
            if fetch.state == "waiting":
                active += 1
                self._next_source(fetch, now_ms)

    def _next_source(self, fetch: _Fetch, now_ms: int) -> None:
        if fetch.alone:
            fetch.clear()
        candidates = [peer for peer in self._peers if peer not in fetch.tried and peer not in fetch.blamed]
        if not candidates:
            fetch.state, fetch.peer = "server", None
            self._actions.append(AskServer(fetch.asset, len(fetch.data)))
            return
        busy = [other.peer for other in self._fetches.values() if other.state == "peer" and other is not fetch]
        fetch.state, fetch.peer = "peer", min(candidates, key=busy.count)
        fetch.asked = len(fetch.data)
        fetch.heard_ms = fetch.mark_ms = now_ms
        fetch.mark_bytes = len(fetch.data)
        self._ask(fetch)

    def _ask(self, fetch: _Fetch) -> None:
        """Ask ahead: a window at a time, the next one when half of the last is here (A3)."""
        end = ASSET_LIMITS.asset_bytes if fetch.total is None else fetch.total
        if fetch.peer is None or fetch.asked >= end or fetch.asked - len(fetch.data) > ASSET_LIMITS.window_bytes // 2:
            return
        count = min(ASSET_LIMITS.window_bytes, end - fetch.asked)
        self._actions.append(Ask(fetch.peer, AskMessage(fetch.asset, fetch.asked, count)))
        fetch.asked += count

    def _append(self, fetch: _Fetch, data: bytes, source: str) -> None:
        fetch.data += data
        fetch.contributors.add(source)
        if len(fetch.data) == fetch.total:
            self._check(fetch)
        elif source != _SERVER:
            self._ask(fetch)

    def _check(self, fetch: _Fetch) -> None:
        fetch.state, fetch.peer = "checking", None
        self._actions.append(Check(fetch.asset, bytes(fetch.data)))

    def _stalls(self, fetch: _Fetch, now_ms: int) -> bool:
        if now_ms - fetch.heard_ms >= ASSET_LIMITS.stall_ms:
            return True
        if now_ms - fetch.mark_ms < ASSET_LIMITS.slow_ms:
            return False
        slow = len(fetch.data) - fetch.mark_bytes < ASSET_LIMITS.slow_bytes
        fetch.mark_ms, fetch.mark_bytes = now_ms, len(fetch.data)
        return slow

    def _round_over(self, asset: AssetId, reason: FailedReason, now_ms: int) -> None:
        fetch = self._fetches.get(asset)
        if fetch is None or fetch.state not in ("server", "checking"):
            return
        fetch.round = 1 if len(fetch.data) > fetch.round_bytes else fetch.round + 1
        fetch.round_bytes = len(fetch.data)
        fetch.tried.clear()
        if fetch.round >= ASSET_LIMITS.rounds:
            del self._fetches[asset]
            self._actions.append(Failed(asset, reason))
        else:
            pause_ms = min(ASSET_LIMITS.pause_longest_ms, ASSET_LIMITS.pause_first_ms * 2 ** (fetch.round - 1))
            fetch.state, fetch.wake_ms = "paused", now_ms + pause_ms
        self._start(now_ms)
