"""The recorder's side of the portal's internal API: what to record, tickets, and how it goes."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeAlias, TypedDict, TypeVar

import aiohttp
import msgspec

from signaling.whole_body import read_whole
from whiteboard_crdt.errors import ChalkmeshError, ProtocolError

__all__ = [
    "AlertAnswer",
    "Feed",
    "PortalAway",
    "PortalClient",
    "RecordingStatus",
    "TicketAnswer",
    "WantedLesson",
    "Ways",
]

RecordingStatus: TypeAlias = Literal["joined", "recording", "sealed", "rendering", "rendered", "failed"]
_ANSWER_BYTES = 4 << 20
_TIMEOUT_S = 10.0
Answer = TypeVar("Answer", bound=msgspec.Struct)


class PortalAway(ChalkmeshError):
    """The portal did not answer, or not as it should; try again later. Its text holds no content of the answer."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.unknown_lesson = status == 404


class WantedLesson(msgspec.Struct, frozen=True):
    """A lesson that needs a recorder. `state`: open, live or ended."""

    lesson: str
    room: str
    title: str
    state: str
    school: str


class Feed(msgspec.Struct, frozen=True):
    """All lessons that need a recorder, and the version of this list."""

    version: int
    lessons: list[WantedLesson]


class TurnEntry(msgspec.Struct, frozen=True):
    """One entry of `ice_servers`: TURN servers with credentials of one session."""

    urls: tuple[str, ...]
    username: str = ""
    credential: str = ""


class TicketAnswer(msgspec.Struct, frozen=True):
    """A ticket of role `recorder`, where the relay is, and the school's TURN servers."""

    ticket: str
    relay_url: str
    ice_servers: tuple[TurnEntry, ...] = ()


class Ways(TypedDict):
    """How a room's edits reach the recorder: direct links that are up, and edits that came first by either way."""

    links: int
    relay: int
    mesh: int


class AlertAnswer(msgspec.Struct, frozen=True):
    """The portal has an alert; `receipt` (base64url) is for whoever pressed."""

    receipt: str


class PortalClient:
    """Use as a context. Every call raises PortalAway when the portal cannot be asked."""

    def __init__(self, portal_url: str, secret: Path) -> None:
        self._url = portal_url.rstrip("/")
        self._secret = secret
        self._http: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=_TIMEOUT_S))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._http is not None:
            await self._http.close()

    async def wanted(self, since: int, wait_s: float) -> Feed:
        """The lessons that need a recorder; waits up to `wait_s` for a version other than `since`."""
        query = {"since": str(since), "wait_s": f"{wait_s:g}"}
        return await self._ask("GET", "/internal/recordings", Feed, query=query, timeout_s=wait_s + _TIMEOUT_S)

    async def ticket(self, lesson: str, key: str, client: int) -> TicketAnswer:
        """A ticket for a new session with that key (base64url) and client id."""
        path = f"/internal/recordings/{lesson}/ticket"
        return await self._ask("POST", path, TicketAnswer, body={"key": key, "client": client})

    async def renew(self, lesson: str, session: str) -> TicketAnswer:
        """A fresh ticket for a session that `ticket` gave."""
        return await self._ask("POST", f"/internal/recordings/{lesson}/renew", TicketAnswer, body={"session": session})

    async def alert(self, lesson: str, alert: str, sealed: str) -> AlertAnswer:
        """Brings a crisis alert for somebody who cannot: its id (hex), and what is sealed (base64url)."""
        body: dict[str, object] = {"id": alert, "sealed": sealed}
        return await self._ask("POST", f"/internal/lessons/{lesson}/alerts", AlertAnswer, body=body)

    async def status(
        self,
        lesson: str,
        state: RecordingStatus,
        *,
        detail: str = "",
        duration_ms: int | None = None,
        progress: float | None = None,
        ways: Ways | None = None,
    ) -> None:
        """How it goes; also the heartbeat."""
        body: dict[str, object] = {
            "state": state,
            "detail": detail[:500],
            "duration_ms": duration_ms,
            "progress": progress,
            "ways": ways,
        }
        await self._ask("POST", f"/internal/recordings/{lesson}/status", msgspec.Struct, body=body)

    async def _ask(
        self,
        method: str,
        path: str,
        kind: type[Answer],
        *,
        query: dict[str, str] | None = None,
        body: dict[str, object] | None = None,
        timeout_s: float = _TIMEOUT_S,
    ) -> Answer:
        assert self._http is not None, "used as a context"
        try:
            # Read at each call: the portal makes it at its first start, perhaps after ours.
            secret = self._secret.read_text("ascii").strip()
            headers = {"Authorization": f"Bearer {secret}"}
            timeout = aiohttp.ClientTimeout(total=timeout_s)
            async with self._http.request(
                method, self._url + path, params=query, json=body, headers=headers, timeout=timeout
            ) as answer:
                content = await read_whole(answer.content, _ANSWER_BYTES)
                if answer.status != 200:
                    raise PortalAway(f"the portal answered {answer.status}", answer.status)
                return msgspec.json.decode(content, type=kind)
        except (
            aiohttp.ClientError,
            TimeoutError,
            OSError,
            UnicodeDecodeError,
            ProtocolError,
            msgspec.MsgspecError,
        ) as error:
            raise PortalAway(f"the portal could not be asked: {type(error).__name__}") from error
