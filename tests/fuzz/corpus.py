"""Good messages, texts and descriptions to start from."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from pycrdt import Doc

from signaling.control import FrozenNotice, Hello, Renew, RevokedNotice, SignalData, SignalIn, Welcome, encode_control
from tests.property.test_hostile import CHAINS
from tests.vectors.fixtures import OTHER_CLIENT, OTHER_SESSION, SESSION, ticket
from tests.vectors.strokes import blob_of_version_1
from tests.whiteboard_crdt.room import NOW_MS, Room
from tests.whiteboard_crdt.vectors import load
from whiteboard_crdt.ids import BOARD, CHAT, DocRef, UserId
from whiteboard_crdt.ink import InkPoint, encode_ink
from whiteboard_crdt.messages import (
    AckEntry,
    AckMessage,
    AlertMessage,
    EnvelopeMessage,
    HaveMessage,
    Head,
    LiveMessage,
    LoggedMessage,
    PingMessage,
    PresenceMessage,
    RefusedMessage,
    RevocationMessage,
    SnapshotHead,
    SnapshotMessage,
    SyncedMessage,
    TicketMessage,
    WantMessage,
    encode_message,
)
from whiteboard_crdt.policy import Ledger
from whiteboard_crdt.presence import LiveInk
from whiteboard_crdt.spec import SNAPSHOT_LIMITS
from whiteboard_crdt.ticket import Ticket
from whiteboard_crdt.yupdate import scan_update

SDP: Final = """v=0\r
o=- 4611731400430051336 2 IN IP4 127.0.0.1\r
s=-\r
t=0 0\r
a=group:BUNDLE 0 1\r
a=msid-semantic: WMS *\r
m=audio 9 UDP/TLS/RTP/SAVPF 111 63 0\r
c=IN IP4 0.0.0.0\r
a=rtcp:9 IN IP4 0.0.0.0\r
a=candidate:1 1 udp 2130706431 127.0.0.1 50000 typ host\r
a=ice-ufrag:abcd\r
a=ice-pwd:abcdefghijklmnopqrstuvwx\r
a=fingerprint:sha-256 AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89:AB:CD:EF:01:23:45:67:89\r
a=setup:actpass\r
a=mid:0\r
a=sendrecv\r
a=rtcp-mux\r
a=rtpmap:111 opus/48000/2\r
a=fmtp:111 minptime=10;useinbandfec=1\r
a=rtpmap:63 red/48000/2\r
a=fmtp:63 111/111\r
a=ssrc:1001 cname:xyz\r
m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r
c=IN IP4 0.0.0.0\r
a=mid:1\r
a=sctp-port:5000\r
a=max-message-size:262144\r
"""


@cache
def messages() -> tuple[bytes, ...]:
    """One of each binary message (section B)."""
    room = Room()
    anna = room.join("anna")
    envelope = anna.draw()
    session = anna.session
    desk = DocRef.desk("anna")
    ink = LiveInk(3, 0, "red", 40, 0, tuple((i * 3, -i, 100) for i in range(20)))
    return tuple(
        encode_message(message)
        for message in (
            EnvelopeMessage(envelope),
            AckMessage((AckEntry(BOARD, session, 3), AckEntry(desk, session, 1))),
            HaveMessage((Head(BOARD, session, 4, b"h" * 16), Head(desk, session, 4, b"h" * 16)), True),
            WantMessage(BOARD, session, 3, 9),
            SnapshotMessage(BOARD, (SnapshotHead(session, 1, b"h" * 16),), anna.replica.doc(BOARD).get_update()),
            PresenceMessage(session, 7, b'{"hand":true,"view":{"x":1.5,"y":-2,"zoom":1}}'),
            LiveMessage(session, 9, "main", (10, -20), ink, True),
            LiveMessage(session, 10, "main", (57, -19), ink, False, UserId("anna")),
            PingMessage(2**60),
            TicketMessage(anna.token),
            RevocationMessage(room.revocation(session)),
            AlertMessage(bytes(16), bytes(80)),
            AlertMessage(bytes(16), bytes(16), receipt=True),
            SyncedMessage((BOARD, CHAT, desk)),
            LoggedMessage(1234, envelope),
            RefusedMessage(BOARD, session, 4, 4412, "a reason"),
        )
    )


@cache
def blobs() -> tuple[bytes, ...]:
    """Ink blobs, and one as they were written before."""
    points = [InkPoint(i * 1.7, (i * 37 % 101) * 0.9, i * 7 % 256, i * 9) for i in range(60)]
    plain = [InkPoint(x, y) for x, y, _, _ in points]
    return encode_ink(points).blob, encode_ink(plain[:5]).blob, blob_of_version_1(points)


@cache
def token() -> tuple[str, Room]:
    """A genuine ticket and its room."""
    room = Room()
    return room.join("anna").token, room


@cache
def revocation() -> tuple[str, Room]:
    """A genuine revocation and its room."""
    room = Room()
    return room.revocation(room.join("anna").session), room


@cache
def texts() -> tuple[bytes, ...]:
    """Control objects and presence states (JSON)."""
    data = SignalData(epoch=3, kind="offer", sdp=SDP, fp="AAAA", mids={"0": "audio"})
    controls = (
        Hello(ticket="a.b.c", proof="AAAA", agent="browser", have=""),
        SignalIn(to="0" * 16, data=data),
        Renew(ticket="a.b.c"),
        RevokedNotice(token="a.b.c", sessions=["0" * 16], reason="removed"),
        FrozenNotice(sessions=["0" * 16]),
        Welcome(room="r", session="0" * 16, now_ms=1, room_ms=2, agent="python", participants=[], sessions=["t"]),
    )
    view = {"x": 1, "y": 2.5, "zoom": 1}
    presence: dict[str, Any] = {"page": "main", "hand": True, "view": view, "__proto__": {"a": [1]}}
    return (*(encode_control(control) for control in controls), json.dumps(presence).encode())


@cache
def base(chain: int, length: int) -> tuple[bytes, Ledger, bytes, Ticket]:
    """A document's state, its ledger, the update that followed, and who wrote that."""
    doc: Doc[Any] = Doc(client_id=77)
    ledger = Ledger()
    for _, data in CHAINS[chain][:length]:
        doc.apply_update(bytes.fromhex(data))
        ledger.note(scan_update(bytes.fromhex(data), SNAPSHOT_LIMITS))
    session, data = CHAINS[chain][length]
    author = ticket() if session == SESSION else ticket(session=OTHER_SESSION, client=OTHER_CLIENT)
    return doc.get_update(), ledger, bytes.fromhex(data), author


@cache
def open_updates() -> tuple[bytes, ...]:
    """Updates of any Yjs application."""
    return tuple(bytes.fromhex(data) for name, data in load("yjs_source.json").items() if len(data) < 4_000)


__all__ = ["CHAINS", "NOW_MS", "SDP", "base", "messages", "open_updates", "texts", "token"]
