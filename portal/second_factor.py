"""The second factor of an account: an authenticator app or a passkey, and recovery codes for when they are lost."""

import hashlib
import secrets
from collections.abc import Sequence

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.account_schema import passkeys, recovery_codes, second_factors
from portal.ledger import audit
from portal.totp import SECRET_BYTES, fitting_step

RECOVERY_CODES = 10
_NONCE_BYTES = 12
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
_CODE_LETTERS = 12


async def has_app(connection: AsyncConnection, user: str) -> bool:
    """Whether this person has an authenticator app."""
    found = await connection.execute(
        select(second_factors.c.user).where(second_factors.c.user == user, second_factors.c.confirmed_ms.is_not(None))
    )
    return found.first() is not None


async def has_second_factor(connection: AsyncConnection, user: str) -> bool:
    """Whether more than the password is asked for when this person signs in."""
    return user in await who_has_second_factor(connection, [user])


async def who_has_second_factor(connection: AsyncConnection, people: Sequence[str]) -> frozenset[str]:
    """Those of the people who are asked for more than the password."""
    apps = await connection.execute(
        select(second_factors.c.user).where(
            second_factors.c.user.in_(people), second_factors.c.confirmed_ms.is_not(None)
        )
    )
    keys = await connection.execute(select(passkeys.c.user).where(passkeys.c.user.in_(people)))
    return frozenset(apps.scalars()) | frozenset(keys.scalars())


async def codes_left(connection: AsyncConnection, user: str) -> int:
    """How many recovery codes have not been used."""
    found = await connection.execute(
        select(func.count())
        .select_from(recovery_codes)
        .where(recovery_codes.c.user == user, recovery_codes.c.used_ms.is_(None))
    )
    return int(found.scalar_one())


async def begin(connection: AsyncConnection, link_secret: str, user: str, now_ms: int) -> bytes:
    """The secret for the person's app: the one that waits to be confirmed, or a fresh one."""
    row = (await connection.execute(select(second_factors).where(second_factors.c.user == user))).first()
    if row is not None and row.confirmed_ms is None:
        return _open(link_secret, user, row.secret)
    secret = secrets.token_bytes(SECRET_BYTES)
    await connection.execute(
        insert(second_factors).values(
            user=user, secret=_close(link_secret, user, secret), created_ms=now_ms, last_step=0
        )
    )
    return secret


async def confirm(connection: AsyncConnection, link_secret: str, user: str, code: str, now_ms: int) -> Sequence[str]:
    """Puts the factor to work once the app shows a right code; returns the recovery codes, none when it does not."""
    row = (
        await connection.execute(
            select(second_factors).where(second_factors.c.user == user, second_factors.c.confirmed_ms.is_(None))
        )
    ).first()
    step = None if row is None else fitting_step(_open(link_secret, user, row.secret), _plain(code), now_ms, 0)
    if step is None:
        return ()
    await connection.execute(
        update(second_factors).where(second_factors.c.user == user).values(confirmed_ms=now_ms, last_step=step)
    )
    codes = await fresh_codes(connection, user)
    await audit(connection, user, "second_factor.confirm", "user", user, now_ms)
    return codes


async def fresh_codes(connection: AsyncConnection, user: str) -> Sequence[str]:
    """Ten recovery codes in place of those that there were."""
    codes = ["".join(secrets.choice(_LETTERS) for _ in range(_CODE_LETTERS)) for _ in range(RECOVERY_CODES)]
    await connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))
    await connection.execute(insert(recovery_codes), [{"code_hash": _hash(user, each), "user": user} for each in codes])
    return [f"{each[:4]}-{each[4:8]}-{each[8:]}" for each in codes]


async def check_code(connection: AsyncConnection, link_secret: str, user: str, code: str, now_ms: int) -> bool:
    """Whether a code of the app or a recovery code fits; either works once."""
    row = (
        await connection.execute(
            select(second_factors)
            .where(second_factors.c.user == user, second_factors.c.confirmed_ms.is_not(None))
            .with_for_update()
        )
    ).first()
    plain = _plain(code)
    step = None
    if row is not None:
        step = fitting_step(_open(link_secret, user, row.secret), plain, now_ms, row.last_step)
    if step is not None:
        await connection.execute(update(second_factors).where(second_factors.c.user == user).values(last_step=step))
        return True
    used = await connection.execute(
        update(recovery_codes)
        .where(recovery_codes.c.code_hash == _hash(user, plain), recovery_codes.c.used_ms.is_(None))
        .values(used_ms=now_ms)
    )
    if used.rowcount:
        await audit(connection, user, "second_factor.recover", "user", user, now_ms)
    return used.rowcount > 0


async def remove(connection: AsyncConnection, actor: str, user: str, now_ms: int) -> None:
    """Takes the app off an account; recovery codes stay while there is a passkey."""
    done = await connection.execute(delete(second_factors).where(second_factors.c.user == user))
    if done.rowcount:
        await audit(connection, actor, "second_factor.remove", "user", user, now_ms)
    await drop_codes_of_nothing(connection, user)


async def drop_codes_of_nothing(connection: AsyncConnection, user: str) -> None:
    """Recovery codes go with the last of what they stand in for."""
    if not await has_second_factor(connection, user):
        await connection.execute(delete(recovery_codes).where(recovery_codes.c.user == user))


def _plain(code: str) -> str:
    return "".join(code.casefold().replace("-", "").split())[:64]


def _hash(user: str, code: str) -> str:
    # 58 random bits: no salt and no slow hash are needed against who has only the database for some years.
    return hashlib.sha256(f"recovery {user} {code}".encode()).hexdigest()


def _close(link_secret: str, user: str, secret: bytes) -> bytes:
    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(_key(link_secret)).encrypt(nonce, secret, user.encode())


def _open(link_secret: str, user: str, closed: bytes) -> bytes:
    return AESGCM(_key(link_secret)).decrypt(closed[:_NONCE_BYTES], closed[_NONCE_BYTES:], user.encode())


def _key(link_secret: str) -> bytes:
    return hashlib.sha256(f"second factors {link_secret}".encode()).digest()
