"""What is fuzzed: each target takes a seeded random, and raises where a rule does not hold."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import Any, Final
from urllib.parse import quote

from aiohttp.test_utils import make_mocked_request
from aiortc.sdp import SessionDescription, candidate_from_sdp
from pycrdt import Doc
from yarl import URL

from portal.api_shapes import DaysQuery, PeopleQuery, SpanQuery
from portal.failures import BadRequest
from portal.open_api import read_query
from portal.passkeys import _read
from portal.webhooks import WebhookRefused, check_address, is_public
from signaling.candidates import hide_addresses
from signaling.control import SignalData, decode_client_control, decode_relay_control
from signaling.open_protocol import decode_open_message
from signaling.open_rooms import OpenRoom
from signaling.roomlog import RoomHistory
from tests.fuzz import corpus
from tests.fuzz.stateful import replica
from tests.property.mutate import mutate
from tests.signaling.memory_log import MemoryRoomLog
from tests.vectors.fixtures import SESSION
from tests.vectors.ybytes import number, string
from whiteboard_crdt.board import Board
from whiteboard_crdt.chat import Chat
from whiteboard_crdt.envelope import decode_envelope
from whiteboard_crdt.errors import ProtocolError, TicketError
from whiteboard_crdt.ids import BOARD, CHAT, RoomId, SessionId
from whiteboard_crdt.ink import decode_ink, ink_box
from whiteboard_crdt.keys import fingerprint_text
from whiteboard_crdt.messages import decode_message, encode_message
from whiteboard_crdt.nibbles import MAX_NIBBLED, NibbleReader, NibbleWriter
from whiteboard_crdt.policy import check_update, missing_base
from whiteboard_crdt.presence import parse_presence
from whiteboard_crdt.revocation import read_revocation
from whiteboard_crdt.spec import SNAPSHOT_LIMITS, UPDATE_LIMITS
from whiteboard_crdt.ticket import read_ticket
from whiteboard_crdt.yappend import append_fields
from whiteboard_crdt.yupdate import Scan, UpdateReader, scan_update

__all__ = ["TARGETS", "pick"]

Target = Callable[[random.Random], None]


def update(rnd: random.Random) -> None:
    """P1–P7: a mutated update is refused, or does no harm to the library."""
    chain = rnd.randrange(len(corpus.CHAINS))
    state, ledger, data, author = corpus.base(chain, rnd.randrange(len(corpus.CHAINS[chain])))
    mutated = mutate(data, rnd)
    try:
        scan = scan_update(mutated)
        if missing_base(scan, ledger):
            return
        check_update(scan, CHAT if "messages" in scan.roots else BOARD, author, ledger)
    except ProtocolError:
        return
    doc: Doc[Any] = Doc(client_id=78)
    doc.apply_update(state)
    doc.apply_update(mutated)
    board = Board(doc, SESSION)
    board.pages()
    Chat(doc, SESSION).messages()
    shapes = board.shapes(erased=True)
    if rnd.random() < 0.2:
        for shape in board.shapes():
            board.edit_text(shape.id, "zz\U0001f600")
        board.move([shape.id for shape in shapes], 1, 1)
        again: Doc[Any] = Doc()
        again.apply_update(doc.get_update())
        assert [s.id for s in Board(again, SESSION).shapes()] == [s.id for s in board.shapes()]


def noise(rnd: random.Random) -> None:
    """Bytes of no descent, with small numbers as a Yjs encoder makes them."""
    likely = (0, 1, 2, 0x27, 0x28, 0x84)
    data = bytes(rnd.choice((rnd.randrange(256), rnd.choice(likely))) for _ in range(rnd.randrange(60)))
    for decode in (scan_update, decode_ink, decode_envelope, decode_open_message):
        with suppress(ProtocolError):
            decode(data)
    _nibbles(data)


def _nibbles(data: bytes) -> None:
    """What is read to its end was written in no other way."""
    reader, writer = NibbleReader(data, 0, 2 * len(data)), NibbleWriter()
    for _ in range(2 * len(data) + 1):
        try:
            reader.end()
        except ProtocolError:
            try:
                number = reader.uint()
            except ProtocolError:
                return
            assert 0 <= number <= MAX_NIBBLED
            writer.uint(number)
            continue
        # The empty half at the end may be a 0 as well.
        assert data.startswith(writer.finish())
        return
    raise AssertionError("more numbers than nibbles")


def ink(rnd: random.Random) -> None:
    """Bent blobs: points inside their box, or a ProtocolError."""
    bent = mutate(rnd.choice(corpus.blobs()), rnd)
    with suppress(ProtocolError):
        read = decode_ink(bent)
        assert 1 <= len(read.points) <= 256
        assert all(0 <= x <= read.width and 0 <= y <= read.height for x, y, _, _ in read.points)
        assert ink_box(bent) == (len(read.points), read.width, read.height)


def append(rnd: random.Random) -> None:
    """The quick reader of ordinary updates says what the full one says, and takes nothing that it refuses."""
    content = rnd.choice(
        (b"\x78", b"\x7d\x05", b"\x7d\x81\x00", b"\x77\x01a", b"\x74\x02ab", b"\x75\x01\x78", b"\x7c" + bytes(4))
    )
    count = rnd.randrange(1, 70)
    body = rnd.choice(
        (b"\xa8" + number(count) + content * count, b"\x84" + string("aé" * rnd.randrange(3)), b"\x83" + string("ab"))
    )
    info, rest = body[:1], body[1:]
    owner = number(rnd.choice((1, 2, 200, 2**32 - 1, 2**32))) + number(rnd.choice((0, 4, 5, 130, 2**31)))
    where = owner if info[0] & 0x80 and info != b"\xa8" else b"\x00" + owner + string(rnd.choice(("k", "", "é")))
    kind = b"\x28" if info == b"\xa8" else info
    data = b"\x01\x01" + number(rnd.choice((1, 2, 300))) + number(rnd.choice((0, 5, 128, 2**31 - 2))) + kind + where
    data += rest + b"\x00"
    if rnd.random() < 0.6:
        data = mutate(data, rnd)
    for limits in (UPDATE_LIMITS, SNAPSHOT_LIMITS):
        if append_fields(data, limits) is not None:
            quick, full = scan_update(data, limits), UpdateReader(data, limits).read()
            for name in (field.name for field in fields(Scan) if field.name != "plain"):
                one, other = getattr(quick, name), getattr(full, name)
                assert (list(one) == list(other)) if isinstance(other, list) else (one == other), name


def message(rnd: random.Random) -> None:
    """W6: one error family; what decodes is canonical, so that it is encoded to the same bytes."""
    data = mutate(rnd.choice(corpus.messages()), rnd)
    try:
        decoded = decode_message(data, 262_144)
    except ProtocolError:
        return
    assert encode_message(decoded) == data


def envelope(rnd: random.Random) -> None:
    data = mutate(corpus.messages()[0][1:], rnd)
    try:
        decoded = decode_envelope(data)
    except ProtocolError:
        return
    assert decoded.raw == data


def ticket(rnd: random.Random) -> None:
    """T1: no change of a ticket is honoured."""
    token, room = corpus.token()
    mutated = mutate(token.encode(), rnd).decode("latin-1")
    try:
        read_ticket(mutated, room.jwks)
    except TicketError:
        return
    assert mutated == token


def revocation(rnd: random.Random) -> None:
    """T5: no change of what was signed is honoured."""
    token, room = corpus.revocation()
    mutated = mutate(token.encode(), rnd).decode("latin-1")
    try:
        read_revocation(mutated, room.jwks, room.name)
    except TicketError:
        return
    assert mutated.rpartition(".")[0] == token.rpartition(".")[0]


def control(rnd: random.Random) -> None:
    """Section S: texts, from clients and from the relay, and presence."""
    data = mutate(rnd.choice(corpus.texts()), rnd)
    text = data.decode("utf-8", rnd.choice(("replace", "surrogateescape")))
    for decode in (decode_client_control, decode_relay_control):
        with suppress(ProtocolError):
            decode(text)
    with suppress(ProtocolError):
        parse_presence(data)
    _portal_text(text)


def _portal_text(text: str) -> None:
    """What the portal reads of strangers and programs: addresses of webhooks, queries, what a browser says of a key."""
    for address in (text, f"https://{text}", f"https://[{text}]:8443/"):
        for inside in (False, True):
            with suppress(WebhookRefused):
                check_address(address, inside=inside)
                host = URL(address).host  # as it is asked for later
                literal = host is not None and host.replace(".", "").isdigit()
                assert inside or host is None or not literal or is_public(host)
    request = make_mocked_request("GET", "/?" + quote(text, safe="=&%+", errors="replace"))
    for shape in (PeopleQuery, SpanQuery, DaysQuery):
        with suppress(BadRequest):
            read_query(request, shape)
    _read(text)


def description(rnd: random.Random) -> None:
    """M3, M4: our own reading of a description raises nothing but ProtocolError, and aiortc's ends by itself."""
    sdp = mutate(corpus.SDP.encode(), rnd).decode("utf-8", "replace")
    ours, theirs = SessionId("0" * 16), SessionId("1" * 16)
    with suppress(ProtocolError):
        fingerprint_text(RoomId("r"), ours, theirs, sdp)
    hide_addresses(SignalData(epoch=1, kind="offer", sdp=sdp))
    line = rnd.choice(sdp.splitlines() or [""])
    hide_addresses(SignalData(epoch=1, kind="candidate", candidate=line))
    for read, text in ((SessionDescription.parse, sdp), (candidate_from_sdp, line)):
        # The mesh drops a description over anything that aiortc raises.
        with suppress(Exception):
            read(text)


class _Client:
    """An open room's client that keeps nothing."""

    name = "client"
    open = True
    lagging = False
    close_code = None

    def send(self, frame: bytes) -> None:
        """Nothing."""

    def send_skippable(self, frame: bytes) -> None:
        """Nothing."""

    def send_catch_up(self, message: bytes) -> None:
        """Nothing."""

    def close(self, code: int, reason: str) -> None:
        """Nothing."""


@cache
def _loop() -> asyncio.AbstractEventLoop:
    return asyncio.new_event_loop()


def open_room(rnd: random.Random) -> None:
    """Section O: a conversation of y-protocols with hostile parts; the room's state can be loaded afterwards."""
    _loop().run_until_complete(_converse(rnd))


async def _converse(rnd: random.Random) -> None:
    room = OpenRoom("room", RoomHistory(0, False, (), (), ()), MemoryRoomLog(), "own", lambda: 1_000)
    clients = [_Client(), _Client()]
    for client in clients:
        room.join(client)
    for _ in range(rnd.randrange(1, 6)):
        data = rnd.choice(corpus.open_updates())
        if rnd.random() < 0.7:
            data = mutate(data, rnd)
        kind = rnd.choice((b"\x00\x02", b"\x00\x02", b"\x00\x01", b"\x00\x00", b"\x01", b"\x03", b"\x02\x00"))
        whole = kind + number(len(data)) + data
        if rnd.random() < 0.3:
            whole = mutate(whole, rnd)
        try:
            room.receive(rnd.choice(clients), whole)
        except ProtocolError:
            continue
    again: Doc[Any] = Doc()
    again.apply_update(room._doc.get_update())


TARGETS: Final[dict[str, tuple[int, Target]]] = {
    "update": (30, update),
    "noise": (10, noise),
    "ink": (10, ink),
    "append": (15, append),
    "message": (20, message),
    "envelope": (8, envelope),
    "ticket": (4, ticket),
    "revocation": (3, revocation),
    "control": (12, control),
    "description": (6, description),
    "open_room": (6, open_room),
    "replica": (4, replica),
}
_NAMES: Final = tuple(TARGETS)
_WEIGHTS: Final = tuple(weight for weight, _ in TARGETS.values())


def pick(seed: int, case: int) -> tuple[str, random.Random]:
    """The target of a case, and its random."""
    rnd = random.Random(f"{seed}/{case}")
    return rnd.choices(_NAMES, _WEIGHTS)[0], rnd
