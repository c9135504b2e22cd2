"""The JSON control objects of the session socket (protocol section S), checked in shape on arrival.

Both ends use this module: the relay decodes `ClientControl`, a peer decodes `RelayControl`.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec

from whiteboard_crdt.errors import CloseCode, ProtocolError
from whiteboard_crdt.keys import NONCE_BYTES, decode_base64url
from whiteboard_crdt.spec import LIMITS

__all__ = [
    "SIGNAL_BYTES", "AssetGrant", "Challenge", "ClientControl", "EquivocationNotice", "FrozenNotice", "Hello",
    "JoinedNotice", "LeftNotice", "PresentEntry", "RelayControl", "Renew", "Renewed", "RevokedNotice", "RoomNotice",
    "SignalData", "SignalIn", "SignalOut", "Unknown",
    "Welcome", "decode_client_control", "decode_relay_control", "encode_control", "parse_nonce",
]  # fmt: skip

SIGNAL_BYTES = 32_768


class _Control(msgspec.Struct, tag_field="t", frozen=True, kw_only=True):
    """Unknown members are passed over, so that a later version may add some."""


class Hello(_Control, tag="hello", frozen=True, kw_only=True):
    """S2. `have` is base64url of a HAVE message, or empty."""

    ticket: str
    proof: str
    agent: Literal["browser", "python"]
    mode: Literal["live", "log"] = "live"
    have: str = ""


class SignalData(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What two participants tell each other to connect (M3). Fixed fields only: nothing else is passed on."""

    epoch: Annotated[int, msgspec.Meta(ge=0, le=2**31)]
    kind: Literal["offer", "answer", "candidate", "hello"]
    sdp: str | None = None
    mids: dict[str, Literal["audio", "video"]] | None = None
    fp: str | None = None
    candidate: str | None = None
    mid: str | None = None
    line: int | None = None


class SignalIn(_Control, tag="signal", frozen=True, kw_only=True):
    """S6, from a client."""

    to: str
    data: SignalData


class Renew(_Control, tag="renew", frozen=True, kw_only=True):
    """S7."""

    ticket: str


class Challenge(_Control, tag="challenge", frozen=True, kw_only=True):
    """S1."""

    nonce: str


class PresentEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One present participant, in `Welcome`."""

    ticket: str
    agent: str
    joined_ms: int
    presence: dict[str, Any] | None = None  # an application's own object


class AssetGrant(msgspec.Struct, frozen=True, kw_only=True):
    """A9: a bearer token for the pictures of the room, and when it ends (unix ms)."""

    token: str
    expires_ms: int


class Welcome(_Control, tag="welcome", frozen=True, kw_only=True):
    """S3. `revocations`: tokens (T5); `frozen`: whom the relay itself has put out (E5)."""

    room: str
    session: str
    now_ms: int
    room_ms: int
    agent: str
    participants: list[PresentEntry]
    sessions: list[str]
    revocations: list[str] = []
    frozen: list[str] = []
    assets: AssetGrant | None = None


class JoinedNotice(_Control, tag="joined", frozen=True, kw_only=True):
    """S5."""

    ticket: str
    agent: str
    joined_ms: int


class LeftNotice(_Control, tag="left", frozen=True, kw_only=True):
    """S5. `reason`: left, gone, revoked."""

    session: str
    reason: str


class SignalOut(_Control, tag="signal", frozen=True, kw_only=True):
    """S6, to a client; the key on the wire is `from`."""

    sender: str = msgspec.field(name="from")
    data: SignalData


class Renewed(_Control, tag="renewed", frozen=True, kw_only=True):
    """S7."""

    expires_ms: int
    assets: AssetGrant | None = None


class RevokedNotice(_Control, tag="revoked", frozen=True, kw_only=True):
    """S8. The token (T5) alone counts; `sessions` and `reason` are what the relay made of it."""

    token: str
    sessions: list[str] = []
    reason: str = ""


class FrozenNotice(_Control, tag="frozen", frozen=True, kw_only=True):
    """E5: the relay has put these out on its own account."""

    sessions: list[str]


class RoomNotice(_Control, tag="room", frozen=True, kw_only=True):
    """S12."""

    state: Literal["open", "closed"]


class EquivocationNotice(_Control, tag="equivocation", frozen=True, kw_only=True):
    """E5: staff are told that a session has two histories and is frozen."""

    session: str


class Unknown(msgspec.Struct, frozen=True):
    """A control object of a later protocol version, passed over by clients."""

    kind: str


class _Tag(msgspec.Struct, frozen=True):
    """Only the tag of any control object: how a client tells an unknown one from a wrong one."""

    t: str


ClientControl = Hello | SignalIn | Renew
RelayControl = (
    Challenge
    | Welcome
    | JoinedNotice
    | LeftNotice
    | SignalOut
    | Renewed
    | RevokedNotice
    | FrozenNotice
    | RoomNotice
    | EquivocationNotice
)

_client: msgspec.json.Decoder[ClientControl] = msgspec.json.Decoder(ClientControl)
_relay: msgspec.json.Decoder[RelayControl] = msgspec.json.Decoder(RelayControl)
_tag = msgspec.json.Decoder(_Tag)
_encoder = msgspec.json.Encoder()
_RELAY_TAGS = frozenset(
    {"challenge", "welcome", "joined", "left", "signal", "renewed", "revoked", "frozen", "room", "equivocation"}
)


def decode_client_control(text: str) -> ClientControl:
    """What a client said. Raises ProtocolError 4400 or 4407; the reason never quotes the input."""
    data = text.encode("utf-8", "surrogatepass")
    if len(data) > LIMITS.text_message_bytes:
        raise ProtocolError("text message too long", CloseCode.OVERSIZED)
    try:
        message = _client.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise ProtocolError("control message") from None
    if isinstance(message, SignalIn) and len(data) > SIGNAL_BYTES:
        raise ProtocolError("signal too long", CloseCode.OVERSIZED)
    return message


def decode_relay_control(text: str) -> RelayControl | Unknown:
    """What the relay said. Raises ProtocolError; a tag of a later version is `Unknown` and no error."""
    data = text.encode("utf-8", "surrogatepass")
    try:
        kind = _tag.decode(data).t
        if kind not in _RELAY_TAGS:
            return Unknown(kind)
        return _relay.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError):
        raise ProtocolError("control message of the relay") from None


def encode_control(message: ClientControl | RelayControl) -> bytes:
    """UTF-8 JSON of a control object."""
    return _encoder.encode(message)


def parse_nonce(text: str) -> bytes:
    """The 32 bytes of a challenge (S1). Raises ProtocolError."""
    nonce = decode_base64url(text)
    if len(nonce) != NONCE_BYTES:
        raise ProtocolError("nonce of a challenge")
    return nonce
