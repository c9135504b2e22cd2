"""A school of one room for lab runs: its ticket key lies in a folder that all participants of the run can read."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from signaling.client import Grant, Peer
from signaling.mesh import MeshOptions
from signaling.peer_tickets import IceServer
from whiteboard_crdt.ids import Capability, ClientId, Role, RoomId, SessionId, UserId
from whiteboard_crdt.keys import SessionKey, dump_jwks, load_jwks
from whiteboard_crdt.ticket import Ticket, issue_ticket

__all__ = ["LabSchool"]

_KID: Final = "lab"
_ROOM: Final = RoomId("lab")
_LIFETIME_MS: Final = 300_000


@dataclass(frozen=True, slots=True)
class LabSchool:
    """The ticket key, where the relay is, and the TURN server's secret."""

    private: ec.EllipticCurvePrivateKey
    relay_url: str
    turn_secret: str
    room: RoomId = _ROOM
    kid: str = _KID

    @classmethod
    def create(cls, folder: Path, relay_url: str, turn_secret: str = "") -> LabSchool:
        """Make a school and what its relay reads: `folder` is the relay's --data too."""
        private = ec.generate_private_key(ec.SECP256R1())
        keys = folder / "keys"
        keys.mkdir(parents=True)
        (keys / "ticket.pub.json").write_bytes(dump_jwks({_KID: private.public_key()}))
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        _write(folder, pem.decode(), relay_url, turn_secret, _ROOM, _KID)
        return cls(private, relay_url, turn_secret)

    @staticmethod
    def of_portal(folder: Path, data: Path, relay_url: str, room: str) -> None:
        """For a lesson of a portal whose data is in `data`: participants make their tickets with the portal's key."""
        (kid, *_) = load_jwks((data / "keys" / "ticket.pub.json").read_bytes())
        folder.mkdir(parents=True, exist_ok=True)
        _write(folder, (data / "keys" / "ticket.pem").read_text(), relay_url, "", room, kid)

    @classmethod
    def load(cls, folder: Path) -> LabSchool:
        """The school that `create` made."""
        read = json.loads((folder / "school.json").read_text())
        private: Any = serialization.load_pem_private_key(read["pem"].encode(), password=None)
        return cls(private, read["relay_url"], read["turn_secret"], RoomId(read["room"]), read["kid"])

    def peer(self, user: str, turn_urls: list[str], mesh: MeshOptions | None) -> Peer:
        """A peer with a session of its own, for a user whose name begins with its role."""
        key, client = SessionKey.generate(), ClientId(secrets.randbelow(2**32 - 1) + 1)
        session = SessionId(secrets.token_hex(8))
        role = Role.TUTOR if user.startswith("tutor") else Role.STUDENT

        async def tickets(_session: SessionId | None) -> Grant:
            now_ms = time.time_ns() // 1_000_000
            ticket = Ticket(
                room=self.room, user=UserId(user), name=user, role=role, caps=frozenset(Capability), session=session,
                client=client, key=key.public, issued_ms=now_ms, expires_ms=now_ms + _LIFETIME_MS,
            )  # fmt: skip
            return Grant(issue_ticket(ticket, self.private, self.kid), self.relay_url, self._ice(turn_urls, session))

        return Peer(self.room, tickets, {self.kid: self.private.public_key()}, key=key, client_id=client, mesh=mesh)

    def _ice(self, urls: list[str], session: SessionId) -> tuple[IceServer, ...]:
        """As portal/turn.py makes them; loadtests do not import the portal."""
        if not urls:
            return ()
        username = f"{int(time.time()) + 3_600}:{session}"
        digest = hmac.new(self.turn_secret.encode(), username.encode(), hashlib.sha1).digest()
        return (IceServer(tuple(urls), username, base64.b64encode(digest).decode()),)


def _write(folder: Path, pem: str, relay_url: str, turn_secret: str, room: str, kid: str) -> None:
    written = {"pem": pem, "relay_url": relay_url, "turn_secret": turn_secret, "room": room, "kid": kid}
    (folder / "school.json").write_text(json.dumps(written))
