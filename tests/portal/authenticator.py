"""A security key in software: answers a page's options as a browser with an authenticator would (WebAuthn Level 2)."""

import hashlib
import html
import json
import re
import secrets
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from whiteboard_crdt.keys import encode_base64url

_PRESENT, _VERIFIED, _ATTESTED = 0x01, 0x04, 0x40


def options_of(page: str) -> dict[str, Any]:
    """The options that a page's button carries."""
    found = re.search(r'data-options="([^"]*)"', page)
    assert found is not None, page
    options: dict[str, Any] = json.loads(html.unescape(found[1]))
    return options


@dataclass
class Authenticator:
    """Holds one key. `origin`: what the browser would write down; `verifies`: whether it asks for finger or PIN."""

    origin: str
    verifies: bool = True
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    count: int = 0
    user: str = ""

    def create(self, options: dict[str, Any], **changed: object) -> str:
        """What `navigator.credentials.create` gives. `changed`: parts of the client data that are put otherwise."""
        self.user = options["user"]["id"]
        numbers = self.key.public_key().public_numbers()
        cose = cbor2.dumps({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + cose
        data = self._data(options["rp"]["id"], _ATTESTED) + attested
        return self._said(
            "webauthn.create",
            options,
            changed,
            attestationObject=encode_base64url(cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})),
            transports=["internal"],
        )

    def get(self, options: dict[str, Any], **changed: object) -> str:
        """What `navigator.credentials.get` gives."""
        self.count += 1
        data = self._data(options["rpId"], 0)
        client = self._client("webauthn.get", options, changed)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(SHA256()))
        return self._said(
            "webauthn.get",
            options,
            changed,
            authenticatorData=encode_base64url(data),
            signature=encode_base64url(signature),
            userHandle=self.user,
        )

    def _data(self, rp_id: str, flags: int) -> bytes:
        flags |= _PRESENT | (_VERIFIED if self.verifies else 0)
        return hashlib.sha256(rp_id.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any], changed: dict[str, object]) -> bytes:
        facts = {"type": kind, "challenge": options["challenge"], "origin": self.origin, "crossOrigin": False}
        return json.dumps({**facts, **changed}).encode()

    def _said(self, kind: str, options: dict[str, Any], changed: dict[str, object], **response: object) -> str:
        client = encode_base64url(self._client(kind, options, changed))
        name = encode_base64url(self.id)
        return json.dumps(
            {
                "id": name,
                "rawId": name,
                "type": "public-key",
                "response": {"clientDataJSON": client, **response},
                "clientExtensionResults": {},
                "authenticatorAttachment": "platform",
            }
        )
