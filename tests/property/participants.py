"""Participants of both languages behind one face: the Python core here, and the browser's core in a Node process."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

from tests.whiteboard_crdt.room import ALL_CAPS, NOW_MS, STROKE, Peer, Room
from whiteboard_crdt.events import Equivocation, Event, Refused
from whiteboard_crdt.ids import Role
from whiteboard_crdt.keys import SessionKey, decode_base64url, dump_jwks, encode_base64url
from whiteboard_crdt.messages import (
    EnvelopeMessage,
    HaveMessage,
    TicketMessage,
    WantMessage,
    decode_message,
    encode_message,
)
from whiteboard_crdt.shape import ShapeType
from whiteboard_crdt.spec import LIMITS
from whiteboard_crdt.store import MemoryStore
from whiteboard_crdt.ticket import Ticket
from whiteboard_crdt.undo import Value

EDITS: Final = (
    "stroke",
    "stroke",
    "text",
    "thing",
    "look",
    "edit",
    "edit",
    "move",
    "erase",
    "undo",
    "undo",
    "redo",
    "page",
    "chat",
)
_WEB: Final = Path(__file__).parents[2] / "portal" / "web"


class Participant(ABC):
    """Speaks messages of section B as bytes. Raises AssertionError for what honest participants never see."""

    language: str

    @abstractmethod
    def edit(self, what: str, pick: int, word: str, now_ms: int) -> None: ...

    @abstractmethod
    def flush(self, now_ms: int) -> list[bytes]:
        """ENVELOPEs of what was edited."""

    @abstractmethod
    def receive(self, data: bytes, now_ms: int) -> list[bytes]:
        """Takes a message; the answers to it."""

    @abstractmethod
    def have(self) -> bytes: ...

    @abstractmethod
    def wants(self, now_ms: int) -> list[bytes]: ...

    @abstractmethod
    def expire(self, now_ms: int) -> None: ...

    @abstractmethod
    def restart(self, now_ms: int) -> None:
        """A new session of the same user, on the envelopes that the old one had kept."""

    @abstractmethod
    def content(self) -> dict[str, Any]:
        """What it shows, in a form that both languages write alike."""


class PythonParticipant(Participant):
    language = "python"

    def __init__(self, room: Room, user: str) -> None:
        self._room = room
        self._peer: Peer = room.join(user, Role.TUTOR, introduced=False)

    def edit(self, what: str, pick: int, word: str, now_ms: int) -> None:
        board = self._peer.board
        shapes = [shape.id for shape in board.shapes(erased=True)]
        texts = [shape for shape in board.shapes() if shape.type is ShapeType.TEXT]
        if what == "stroke":
            board.add_stroke("main", STROKE, ShapeType.DRAW, "red", 4, now_ms)
        elif what == "text":
            board.add_text("main", 1, 1, word, "blue", 24, now_ms)
        elif what == "thing":
            box: dict[str, Value | bytes] = {
                "x": 1,
                "y": 1,
                "w": 40 + pick % 90,
                "h": 30,
                "form": "ellipse",
                "text": word,
            }
            board.add_thing("main", ShapeType.GEO, box, ("blue", 4), now_ms)
            way: dict[str, Value | bytes] = {"x": 5, "y": 5, "dx": 300, "dy": pick % 70}
            bond: dict[str, Value | bytes] = {"start": shapes[pick % len(shapes)]} if shapes else {}
            board.add_thing("main", ShapeType.ARROW, way | bond, ("red", 2), now_ms)
        elif what == "look" and shapes:
            look = ("rotation", 0.5) if pick % 2 else ("w", 20 + pick % 50)
            board.set_fields([shapes[pick % len(shapes)]], {look[0]: look[1]})
        elif what == "edit" and texts:
            chosen = texts[pick % len(texts)]
            at = pick % (len(chosen.text) + 1)
            board.edit_text(chosen.id, chosen.text[:at] + word + chosen.text[at + pick % 3 :])
        elif what == "move" and shapes:
            board.move([shape for i, shape in enumerate(shapes) if pick >> i % 8 & 1], pick % 9, 1)
        elif what == "erase" and shapes:
            board.erase([shapes[pick % len(shapes)]])
        elif what == "undo":
            board.undo()
        elif what == "redo":
            board.redo()
        elif what == "page":
            board.add_page("p")
        elif what == "chat":
            self._peer.chat.post(word or "hello", now_ms)

    def flush(self, now_ms: int) -> list[bytes]:
        return [encode_message(EnvelopeMessage(one)) for one in self._peer.replica.flush_local(now_ms)]

    def receive(self, data: bytes, now_ms: int) -> list[bytes]:
        replica = self._peer.replica
        message = decode_message(data, LIMITS.channel_message_bytes)
        out: list[bytes] = []
        if isinstance(message, EnvelopeMessage):
            _check(replica.receive(message.envelope, now_ms=now_ms))
        elif isinstance(message, TicketMessage):
            _check(replica.admit_ticket(message.token)[1])
        elif isinstance(message, HaveMessage):
            assert not replica.mismatches(message.heads)
            if message.reply:
                out.append(encode_message(HaveMessage(tuple(replica.heads()))))
            tokens, envelopes = replica.missing_for(message.heads)
            out += [encode_message(TicketMessage(token)) for token in tokens]
            out += [encode_message(EnvelopeMessage(envelope)) for envelope in envelopes]
        elif isinstance(message, WantMessage):
            stream = replica.store.range(message.doc, message.session, message.first, message.last)
            out += [encode_message(EnvelopeMessage(envelope)) for envelope in stream]
        return out

    def have(self) -> bytes:
        return encode_message(HaveMessage(tuple(self._peer.replica.heads()), reply=True))

    def wants(self, now_ms: int) -> list[bytes]:
        return [encode_message(want) for want in self._peer.replica.wants(now_ms)]

    def expire(self, now_ms: int) -> None:
        self._peer.replica.expire(now_ms)

    def restart(self, now_ms: int) -> None:
        old = self._peer
        store = old.replica.store
        assert isinstance(store, MemoryStore)
        fresh = self._room.join(old.ticket.user, Role.TUTOR, introduced=False)
        for known in old.replica.sessions:
            fresh.replica.admit_ticket(known.token)
        for envelope in store.all():
            _check(fresh.replica.receive(envelope, now_ms=now_ms))
        self._peer = fresh

    def content(self) -> dict[str, Any]:
        peer = self._peer
        shapes = [
            [
                s.id, s.type.value, s.page, s.index, s.x, s.y, s.colour, s.size, s.created_ms, s.erased,
                encode_base64url(s.ink) if s.ink else s.text, s.rotation, s.w, s.h,
                *[math.floor(px * 1000 + 0.5) for px in s.ends or ()],
            ]
            for s in peer.board.shapes(erased=True)
        ]  # fmt: skip
        messages = [[m.id, m.author, m.text, m.at_ms] for m in peer.chat.messages()]
        return {"shapes": shapes, "pages": [[p.id, p.index, p.title] for p in peer.board.pages()], "messages": messages}


class BrowserParticipant(Participant):
    """The TypeScript core, built once by `build_core`, in a process of its own. Close it."""

    language = "typescript"

    def __init__(self, room: Room, user: str, module: Path) -> None:
        self._room = room
        self._user = user
        node = shutil.which("node")
        assert node is not None, "Node.js is needed"
        self._process = subprocess.Popen(
            [node, str(module)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._begin(NOW_MS)

    def close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait(10)

    def _ask(self, what: str, **question: Any) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"do": what, **question}) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the process ended"
        answer: dict[str, Any] = json.loads(line)
        assert not answer.get("bad"), answer["bad"]
        return answer

    def _begin(self, now_ms: int) -> None:
        number = len(self._room.tokens) + 1
        jwks = json.loads(dump_jwks(self._room.jwks))
        point = self._ask("begin", room=self._room.name, client=1000 + number, jwks=jwks)["point"]
        # Only the point of this key is wanted, so another's stands in for it.
        claims = self._room.ticket(number, SessionKey.generate(), self._user, Role.TUTOR, ALL_CAPS)
        names = ("room", "user", "name", "role", "caps", "session", "client", "issued_ms", "expires_ms")
        mine = Ticket(**{name: getattr(claims, name) for name in names}, key=decode_base64url(point))
        token = self._room.issue(mine)
        self._room.tokens.append(token)
        self._ask("own", token=token, nowMs=now_ms)

    def edit(self, what: str, pick: int, word: str, now_ms: int) -> None:
        self._ask(what, pick=pick, word=word, nowMs=now_ms)

    def flush(self, now_ms: int) -> list[bytes]:
        return [b"\x01" + decode_base64url(one) for one in self._ask("flush", nowMs=now_ms)["envelopes"]]

    def receive(self, data: bytes, now_ms: int) -> list[bytes]:
        return self._out("receive", data=[encode_base64url(data)], nowMs=now_ms)

    def have(self) -> bytes:
        (have,) = self._out("have")
        return have

    def wants(self, now_ms: int) -> list[bytes]:
        return self._out("wants", nowMs=now_ms)

    def expire(self, now_ms: int) -> None:
        self._ask("expire", nowMs=now_ms)

    def restart(self, now_ms: int) -> None:
        kept = self._ask("kept")
        self._begin(now_ms)
        for token in kept["tokens"]:
            self.receive(encode_message(TicketMessage(token)), now_ms)
        self._ask("load", data=kept["envelopes"], nowMs=now_ms)

    def content(self) -> dict[str, Any]:
        return self._ask("content")

    def _out(self, what: str, **question: Any) -> list[bytes]:
        return [decode_base64url(one) for one in self._ask(what, **question)["out"]]


def build_core(folder: Path) -> Path:
    """The browser's core as one module for Node."""
    node = shutil.which("node")
    assert node is not None, "Node.js is needed"
    subprocess.run([node, "tests/support/buildCore.mjs", str(folder)], cwd=_WEB, check=True, timeout=120)
    return folder / "coreDriver.mjs"


def _check(events: Sequence[Event]) -> None:
    assert not [event for event in events if isinstance(event, Refused | Equivocation)], events


__all__ = ["EDITS", "BrowserParticipant", "Participant", "PythonParticipant", "build_core"]
