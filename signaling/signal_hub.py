"""Topics of y-webrtc's signaling (rules O5, O6): who hears whom. Nothing is stored, and what is published is not read.

With a password what is published is ciphertext (base64): the server never sees it, nor the password.
"""

from __future__ import annotations

from typing import Final, Literal, Protocol

import msgspec

from signaling.frames import text_frame
from whiteboard_crdt.errors import CloseCode, ProtocolError

__all__ = ["SIGNAL_MESSAGE_BYTES", "SignalClient", "SignalHub"]

SIGNAL_MESSAGE_BYTES: Final = 65_536
_TOPIC_BYTES: Final = 256
_TOPICS_PER_CLIENT: Final = 32
_TOPICS: Final = 4_096


class SignalClient(Protocol):
    """One connection."""

    def send(self, frame: bytes) -> None:
        """Queue a prebuilt frame."""
        ...


class Subscribe(msgspec.Struct, tag_field="type", tag="subscribe", frozen=True):
    """Hear these topics."""

    topics: list[str]


class Unsubscribe(msgspec.Struct, tag_field="type", tag="unsubscribe", frozen=True):
    """Hear them no more."""

    topics: list[str]


class Publish(msgspec.Struct, tag_field="type", tag="publish", frozen=True):
    """Tell everybody on a topic, the publisher included."""

    topic: str
    data: msgspec.Raw


class Ping(msgspec.Struct, tag_field="type", tag="ping", frozen=True):
    """Answered with pong: lib0's socket reconnects after 30 s without a message."""


class _Published(msgspec.Struct, frozen=True):
    type: Literal["publish"]
    topic: str
    data: msgspec.Raw
    clients: int


_decoder: Final[msgspec.json.Decoder[Subscribe | Unsubscribe | Publish | Ping]] = msgspec.json.Decoder(
    Subscribe | Unsubscribe | Publish | Ping
)
_encoder: Final = msgspec.json.Encoder()
_PONG: Final = text_frame(b'{"type":"pong"}')


class SignalHub:
    """All topics of one relay. Lives on the event loop."""

    def __init__(self, clients_per_topic: int) -> None:
        self._clients_per_topic = clients_per_topic
        # In the order in which they came.
        self._topics: dict[str, dict[SignalClient, None]] = {}
        self._subscribed: dict[SignalClient, set[str]] = {}

    @property
    def topics(self) -> int:
        """How many topics have somebody on them."""
        return len(self._topics)

    def leave(self, client: SignalClient) -> None:
        """A connection ended."""
        for topic in self._subscribed.pop(client, ()):
            self._drop(client, topic)

    def receive(self, client: SignalClient, text: str) -> None:
        """One message. Raises ProtocolError when the connection has to be closed."""
        data = text.encode("utf-8", "surrogatepass")
        if len(data) > SIGNAL_MESSAGE_BYTES:
            raise ProtocolError("message too long", CloseCode.OVERSIZED)
        try:
            message = _decoder.decode(data)
        except (msgspec.MsgspecError, RecursionError, ValueError):
            raise ProtocolError("signaling message") from None
        if isinstance(message, Subscribe):
            for topic in message.topics:
                self._subscribe(client, topic)
        elif isinstance(message, Unsubscribe):
            for topic in message.topics:
                if topic in self._subscribed.get(client, ()):
                    self._subscribed[client].discard(topic)
                    self._drop(client, topic)
        elif isinstance(message, Publish):
            self._publish(client, message)
        else:
            client.send(_PONG)

    def _subscribe(self, client: SignalClient, topic: str) -> None:
        mine = self._subscribed.setdefault(client, set())
        if topic in mine:
            return
        if not topic or len(topic.encode()) > _TOPIC_BYTES:
            raise ProtocolError("topic")
        if len(mine) >= _TOPICS_PER_CLIENT:
            raise ProtocolError("too many topics", CloseCode.RATE_LIMITED)
        hearing = self._topics.get(topic, {})
        if len(hearing) >= self._clients_per_topic or (not hearing and len(self._topics) >= _TOPICS):
            raise ProtocolError("the topic is full", CloseCode.TRY_LATER)
        mine.add(topic)
        self._topics.setdefault(topic, hearing)[client] = None

    def _publish(self, client: SignalClient, message: Publish) -> None:
        """Whoever is not on a topic is not heard there: y-webrtc subscribes first."""
        hearing = self._topics.get(message.topic)
        if hearing is None or client not in hearing:
            return
        frame = text_frame(_encoder.encode(_Published("publish", message.topic, message.data, len(hearing))))
        for other in tuple(hearing):
            other.send(frame)

    def _drop(self, client: SignalClient, topic: str) -> None:
        hearing = self._topics[topic]
        del hearing[client]
        if not hearing:
            del self._topics[topic]
