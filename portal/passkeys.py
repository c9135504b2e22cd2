"""Passkeys of the staff (WebAuthn Level 2): made, named, used and removed.

A challenge is a time and a random number under an HMAC that also covers the purpose and the cookie for which it was
made, so nothing is stored for ceremonies that are never finished. The cookie changes with each success, so that an
answer works once.
"""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.cose import COSEAlgorithmIdentifier
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from portal.account_schema import passkeys
from portal.ids import new_id
from portal.ledger import audit
from portal.schema import users
from portal.second_factor import codes_left, drop_codes_of_nothing, fresh_codes

MOST_PASSKEYS = 10
# What a browser says of a passkey is some 2 KB; the decoder behind it sees no more than this.
_MOST_LETTERS = 8_000
_WITHIN_MS = 5 * 60_000
_ALGORITHMS = [
    COSEAlgorithmIdentifier.ECDSA_SHA_256,
    COSEAlgorithmIdentifier.EDDSA,
    COSEAlgorithmIdentifier.RSASSA_PKCS1_v1_5_SHA_256,
]


class PasskeyRefused(Exception):
    """Not taken; the message is for people."""


@dataclass(frozen=True, slots=True)
class Ceremony:
    """One exchange with an authenticator. `rp_id`: the host's name; `bound`: purpose and cookie; `secret`: our key."""

    rp_id: str
    origin: str
    bound: str
    secret: str

    def challenge(self, now_ms: int) -> bytes:
        """A fresh challenge for it."""
        head = now_ms.to_bytes(8, "big") + secrets.token_bytes(16)
        return head + self._seal(head)

    def expects(self, challenge: bytes, now_ms: int) -> bool:
        """Whether the challenge was made for this within the last minutes."""
        head, seal = challenge[:24], challenge[24:]
        age_ms = now_ms - int.from_bytes(head[:8], "big")
        return hmac.compare_digest(seal, self._seal(head)) and 0 <= age_ms <= _WITHIN_MS

    def _seal(self, head: bytes) -> bytes:
        key = hashlib.sha256(f"passkey challenges {self.secret}".encode()).digest()
        return hmac.new(key, head + f"{self.rp_id} {self.bound}".encode(), hashlib.sha256).digest()


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: str
    name: str
    created_ms: int
    used_ms: int | None


class _Response(msgspec.Struct):
    # The capitals are the standard's.
    client_data: str = msgspec.field(name="clientDataJSON")


class _Said(msgspec.Struct):
    id: str
    response: _Response


class _ClientData(msgspec.Struct):
    challenge: str


async def creation_options(
    connection: AsyncConnection, ceremony: Ceremony, user: str, login: str, name: str, now_ms: int
) -> str:
    """What `navigator.credentials.create` needs, as JSON. Raises PasskeyRefused for somebody who has many."""
    known = await credentials_of(connection, user)
    if len(known) >= MOST_PASSKEYS:
        raise PasskeyRefused(f"You have {MOST_PASSKEYS} passkeys already. Remove one that you no longer use.")
    options = generate_registration_options(
        rp_id=ceremony.rp_id,
        rp_name="Chalkmesh",
        user_id=user.encode(),
        user_name=login,
        user_display_name=name,
        challenge=ceremony.challenge(now_ms),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(known),
        supported_pub_key_algs=_ALGORITHMS,
    )
    return options_to_json(options)


def request_options(ceremony: Ceremony, known: Sequence[str], now_ms: int) -> str:
    """What `navigator.credentials.get` needs, as JSON. `known` empty: whichever the person chooses."""
    options = generate_authentication_options(
        rp_id=ceremony.rp_id,
        challenge=ceremony.challenge(now_ms),
        allow_credentials=_descriptors(known),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


async def add_passkey(
    connection: AsyncConnection, ceremony: Ceremony, user: str, name: str, credential: str, now_ms: int
) -> Sequence[str]:
    """Keeps what the browser made; returns fresh recovery codes where there were none. Raises PasskeyRefused."""
    said, challenge = _read(credential)
    if said is None or not ceremony.expects(challenge, now_ms):
        raise PasskeyRefused("That took too long. Begin once more.")
    try:
        made = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=ceremony.rp_id,
            expected_origin=ceremony.origin,
            require_user_verification=True,
            supported_pub_key_algs=_ALGORITHMS,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError) as error:
        raise PasskeyRefused("The browser's answer cannot be used. Begin once more.") from error
    count = await connection.execute(select(func.count()).select_from(passkeys).where(passkeys.c.user == user))
    if int(count.scalar_one()) >= MOST_PASSKEYS:
        raise PasskeyRefused(f"You have {MOST_PASSKEYS} passkeys already. Remove one that you no longer use.")
    text = bytes_to_base64url(made.credential_id)
    if (await connection.execute(select(passkeys.c.id).where(passkeys.c.credential == text))).first() is not None:
        raise PasskeyRefused("This passkey is known already.")
    passkey = new_id()
    await connection.execute(
        insert(passkeys).values(
            id=passkey,
            user=user,
            credential=text,
            public_key=made.credential_public_key,
            sign_count=made.sign_count,
            name=name,
            created_ms=now_ms,
        )
    )
    await audit(connection, user, "passkey.add", "user", user, now_ms, {"passkey": passkey})
    return await fresh_codes(connection, user) if await codes_left(connection, user) == 0 else ()


async def check_passkey(connection: AsyncConnection, ceremony: Ceremony, credential: str, now_ms: int) -> str | None:
    """Whose passkey signed; None for whatever does not fit: unknown, forged, too late, made for something else."""
    said, challenge = _read(credential)
    if said is None or not ceremony.expects(challenge, now_ms):
        return None
    row = (
        await connection.execute(
            select(passkeys)
            .join(users, users.c.id == passkeys.c.user)
            .where(passkeys.c.credential == said.id, users.c.disabled_ms.is_(None))
            .with_for_update(of=passkeys)
        )
    ).first()
    if row is None:
        return None
    try:
        fits = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=ceremony.rp_id,
            expected_origin=ceremony.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, TypeError, KeyError):
        return None
    await connection.execute(
        update(passkeys).where(passkeys.c.id == row.id).values(sign_count=fits.new_sign_count, used_ms=now_ms)
    )
    return str(row.user)


async def credentials_of(connection: AsyncConnection, user: str) -> tuple[str, ...]:
    """The authenticators' ids of a person's passkeys, in base64url."""
    found = await connection.execute(
        select(passkeys.c.credential).where(passkeys.c.user == user).order_by(passkeys.c.created_ms, passkeys.c.id)
    )
    return tuple(found.scalars())


async def list_passkeys(connection: AsyncConnection, user: str) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    found = await connection.execute(
        select(passkeys).where(passkeys.c.user == user).order_by(passkeys.c.created_ms, passkeys.c.id)
    )
    return [Passkey(row.id, row.name, row.created_ms, row.used_ms) for row in found]


async def rename_passkey(connection: AsyncConnection, user: str, passkey: str, name: str) -> bool:
    """Gives a passkey another name; False when it is none of the person's."""
    done = await connection.execute(
        update(passkeys).where(passkeys.c.id == passkey, passkeys.c.user == user).values(name=name)
    )
    return done.rowcount > 0


async def remove_passkey(connection: AsyncConnection, user: str, passkey: str, now_ms: int) -> bool:
    """Removes one; recovery codes go with the last second factor. False when it is none of the person's."""
    done = await connection.execute(delete(passkeys).where(passkeys.c.id == passkey, passkeys.c.user == user))
    if done.rowcount:
        await audit(connection, user, "passkey.remove", "user", user, now_ms, {"passkey": passkey})
        await drop_codes_of_nothing(connection, user)
    return done.rowcount > 0


async def remove_passkeys(connection: AsyncConnection, actor: str, user: str, now_ms: int) -> None:
    """Removes all of a person's, for whoever lost them."""
    done = await connection.execute(delete(passkeys).where(passkeys.c.user == user))
    if done.rowcount:
        await audit(connection, actor, "passkey.remove_all", "user", user, now_ms, {"count": done.rowcount})


def _descriptors(known: Sequence[str]) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(each)) for each in known]


def _read(credential: str) -> tuple[_Said | None, bytes]:
    """The id and the challenge of what the browser said; None for what is not of that shape."""
    if len(credential) > _MOST_LETTERS:
        return None, b""
    try:
        said = msgspec.json.decode(credential, type=_Said)
        client = msgspec.json.decode(base64url_to_bytes(said.response.client_data), type=_ClientData)
        return said, base64url_to_bytes(client.challenge)
    except (msgspec.DecodeError, ValueError):
        # ValueError: also what is no base64, and text that is no UTF-8.
        return None, b""
