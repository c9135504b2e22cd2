"""A bare session socket that does only what a test tells it: for everything that a good client never does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import aiohttp
import msgspec
from pycrdt import Doc, Map

from signaling.control import Hello, encode_control, parse_nonce
from tests.signaling.school import Person
from whiteboard_crdt.envelope import FIRST_PREV, Envelope, envelope_hash, seal
from whiteboard_crdt.ids import BOARD, DocRef
from whiteboard_crdt.keys import SessionKey, encode_base64url, hello_text
from whiteboard_crdt.messages import EnvelopeMessage, HaveMessage, Message, decode_message, encode_message

M = TypeVar("M")
WAIT_S = 5.0


class RawClient:
    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.controls: list[dict[str, Any]] = []  # JSON, looked at by tests
        self.messages: list[Message] = []

    async def nonce(self) -> bytes:
        challenge = await self.control("challenge")
        return parse_nonce(challenge["nonce"])

    async def hello(
        self,
        person: Person,
        *,
        token: str | None = None,
        key: SessionKey | None = None,
        mode: Any = "live",
        have: HaveMessage | None = None,
        nonce: bytes | None = None,
    ) -> None:
        token = person.token if token is None else token
        challenge = await self.nonce()
        proof = (key or person.key).sign(hello_text(nonce or challenge, token))
        hello = Hello(
            ticket=token,
            proof=encode_base64url(proof),
            agent="python",
            mode=mode,
            have=encode_base64url(encode_message(have)) if have is not None else "",
        )
        await self.socket.send_str(encode_control(hello).decode())

    async def join(self, person: Person, **options: Any) -> dict[str, Any]:
        await self.hello(person, **options)
        return await self.control("welcome")

    async def send(self, message: Message) -> None:
        await self.socket.send_bytes(encode_message(message))

    async def next(self) -> Message | dict[str, Any]:
        """The next message. Raises Closed."""
        async with asyncio.timeout(WAIT_S):
            message = await self.socket.receive()
        if message.type is aiohttp.WSMsgType.TEXT:
            control: dict[str, Any] = msgspec.json.decode(message.data)
            self.controls.append(control)
            return control
        if message.type is aiohttp.WSMsgType.BINARY:
            decoded = decode_message(message.data, 2**30)
            self.messages.append(decoded)
            return decoded
        raise Closed(self.socket.close_code or 0)

    async def control(self, kind: str) -> dict[str, Any]:
        """The next control object of a kind; others are passed over."""
        while True:
            message = await self.next()
            if isinstance(message, dict) and message["t"] == kind:
                return message

    async def message(self, kind: type[M], wanted: Callable[[M], bool] = lambda _: True) -> M:
        """The next binary message of a type; others are passed over."""
        while True:
            message = await self.next()
            if isinstance(message, kind) and wanted(message):
                return message

    async def close_code(self) -> int:
        """Read until the relay closes."""
        while True:
            try:
                await self.next()
            except Closed as closed:
                return closed.code


class Closed(Exception):
    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


@asynccontextmanager
async def raw_client(url: str, protocol: str = "chalkmesh.v1") -> AsyncIterator[RawClient]:
    async with (
        aiohttp.ClientSession() as http,
        http.ws_connect(url, protocols=(protocol,), max_msg_size=0) as socket,
    ):
        yield RawClient(socket)


class Scribe:
    """Writes a stream by hand, so that a test can bend each part of it."""

    def __init__(self, person: Person, doc: DocRef = BOARD) -> None:
        self.person = person
        self.ref = doc
        self.doc: Doc[Any] = Doc(client_id=person.ticket.client)
        self.seq = 0
        self.prev = FIRST_PREV

    def update(self, key: str | None = None, value: object = 1.0, root: str = "shapes") -> bytes:
        before = self.doc.get_state()
        shapes = self.doc.get(root, type=Map)
        shapes[key or f"{self.person.session}-{self.seq + 1}"] = value
        return self.doc.get_update(before)

    def seal(self, update: bytes, *, key: SessionKey | None = None) -> Envelope:
        """The next envelope of the stream."""
        ticket = self.person.ticket
        sign = (key or self.person.key).sign
        envelope = seal(ticket.room, self.ref, ticket.session, self.seq + 1, self.prev, 1, update, sign)
        self.seq += 1
        self.prev = envelope_hash(ticket.room, envelope.body)
        return envelope

    def write(self) -> EnvelopeMessage:
        """A good envelope."""
        return EnvelopeMessage(self.seal(self.update()))
