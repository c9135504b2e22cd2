"""The relay's pictures from a participant's side (rules A9–A11): plain HTTP with the token of the welcome."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import aiohttp

from whiteboard_crdt.assets import ASSET_LIMITS, AssetId
from whiteboard_crdt.errors import ChalkmeshError
from whiteboard_crdt.ids import RoomId

__all__ = ["AssetError", "AssetErrorReason", "AssetServer", "RelayAssetServer", "ServerRest", "assets_url"]

AssetErrorReason = Literal[
    "unknown", "unreachable", "too_large", "not_a_picture", "room_full", "not_allowed", "too_many", "refused"
]
_TIMEOUT: Final = aiohttp.ClientTimeout(total=60.0, sock_connect=5.0, sock_read=10.0)
_RANGE: Final = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})")
_REFUSED: Final[dict[str, AssetErrorReason]] = {
    "room_full": "room_full",
    "too_large": "too_large",
    "not_a_picture": "not_a_picture",
    "not_allowed": "not_allowed",
}


class AssetError(ChalkmeshError):
    """A picture that cannot be had, or is not taken; ``reason`` is one word."""

    def __init__(self, reason: AssetErrorReason) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class ServerRest:
    """The bytes of an asset from `offset` to its end."""

    offset: int
    total: int
    data: bytes


class AssetServer(Protocol):
    """Where assets are when no participant can give them."""

    async def fetch(self, asset: AssetId, first: int) -> ServerRest | Literal["missing", "away"]:
        """Everything from byte `first` on. Never raises for what a network does."""
        ...

    async def store(self, asset: AssetId, data: bytes) -> bool:
        """True when it is stored durably, False when that could not be asked. Raises AssetError when refused."""
        ...

    async def close(self) -> None:
        """Let go of connections."""
        ...


def assets_url(relay_url: str, room: RoomId, asset: AssetId) -> str:
    """The HTTP address of an asset, beside the session socket that the ticket names (A9)."""
    base = relay_url.removesuffix("/v1/session").replace("ws", "http", 1)
    quoted = "".join(chr(b) if (chr(b).isalnum() and b < 128) or b in b"-._~" else f"%{b:02X}" for b in room.encode())
    return f"{base}/v1/rooms/{quoted}/assets/{asset}"


class RelayAssetServer:
    """`AssetServer` over HTTP. Until `allow` was called, and after the token's end, the server is "away"."""

    def __init__(self, room: RoomId) -> None:
        self._room = room
        self._relay_url = ""
        self._token = ""
        self._http: aiohttp.ClientSession | None = None

    def allow(self, relay_url: str, token: str) -> None:
        """A welcome or a renewal brought a token."""
        self._relay_url, self._token = relay_url, token

    async def fetch(self, asset: AssetId, first: int) -> ServerRest | Literal["missing", "away"]:
        """A9: with a Range where a beginning is held."""
        if not self._token:
            return "away"
        headers = self._headers()
        if first:
            headers["Range"] = f"bytes={first}-"
        try:
            async with self._session().get(self._url(asset), headers=headers) as answer:
                if answer.status in (404, 416):
                    return "missing"
                if answer.status not in (200, 206):
                    return "away"
                data = await _read(answer)
                if answer.status == 200:
                    return ServerRest(first, len(data), data[first:])
                found = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
                return "away" if found is None else ServerRest(int(found[1]), int(found[3]), data)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return "away"

    async def store(self, asset: AssetId, data: bytes) -> bool:
        """A10."""
        if not self._token:
            return False
        try:
            async with self._session().put(self._url(asset), data=data, headers=self._headers()) as answer:
                if answer.status in (200, 201):
                    return True
                if answer.status in (401, 408, 429) or answer.status >= 500:
                    return False
                code = (await answer.json()).get("error") if answer.content_type == "application/json" else None
                raise AssetError(_REFUSED.get(code, "refused") if isinstance(code, str) else "refused")
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
            return False

    async def close(self) -> None:
        """Close the connections."""
        if self._http is not None:
            await self._http.close()

    def _session(self) -> aiohttp.ClientSession:
        if self._http is None:
            self._http = aiohttp.ClientSession(timeout=_TIMEOUT, auto_decompress=False)
        return self._http

    def _url(self, asset: AssetId) -> str:
        return assets_url(self._relay_url, self._room, asset)

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token}"}


async def _read(answer: aiohttp.ClientResponse) -> bytes:
    """The body, never more than an asset may have. Raises ValueError."""
    parts: list[bytes] = []
    length = 0
    async for part in answer.content.iter_chunked(65_536):
        length += len(part)
        if length > ASSET_LIMITS.asset_bytes:
            raise ValueError("longer than an asset may be")
        parts.append(part)
    return b"".join(parts)
