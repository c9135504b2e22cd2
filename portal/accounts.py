"""People who log in: checking a password, and log-ins that the server keeps and can revoke."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.database import Database
from portal.ids import new_id
from portal.passwords import Passwords
from portal.schema import logins, schools, users
from portal.throttle import Throttle
from portal.times import local

_SEEN_EVERY_MS = 60_000


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is logged in, with the school around them."""

    actor: Actor
    name: str
    csrf: str
    school_name: str
    time_zone: str
    demo: bool


class TooManyAttempts(Exception):
    """Wait before the next attempt. The account itself is not locked."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(f"wait {wait_s:.0f} s")
        self.wait_s = wait_s


class Accounts:
    """Log-in, log-out and the question whose cookie this is."""

    def __init__(self, database: Database, passwords: Passwords, *, login_ms: int, idle_ms: int) -> None:
        self._database = database
        self._passwords = passwords
        self._login_ms = login_ms
        self._idle_ms = idle_ms
        # A class behind one address mistypes too: the address may fail far more often than one account from it.
        self._by_account = Throttle(size=6, refill_s=10)
        self._by_address = Throttle(size=60, refill_s=5)

    async def log_in(self, login: str, password: str, address: str, old_token: str | None, now_ms: int) -> str | None:
        """A fresh cookie token, or None when name and password do not fit; any older log-in of the browser ends.

        Raises TooManyAttempts. What is unknown, disabled or mistyped gets one and the same answer in the same time.
        """
        login = fold_login(login)
        keys = ((self._by_account, f"{address} {login}"), (self._by_address, address))
        wait_s = max(throttle.wait_s(key, now_ms) for throttle, key in keys)
        if wait_s > 0:
            raise TooManyAttempts(wait_s)
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(users.c.id, users.c.password_hash).where(
                        users.c.login == login, users.c.disabled_ms.is_(None)
                    )
                )
            ).first()
        if not await self._passwords.check(password, row.password_hash if row else None) or row is None:
            for throttle, key in keys:
                throttle.failed(key, now_ms)
            return None
        self._by_account.succeeded(f"{address} {login}")
        fresh_hash = await self._passwords.hash(password) if self._passwords.needs_rehash(row.password_hash) else None
        async with self._database.write() as connection:
            if fresh_hash is not None:
                await connection.execute(update(users).where(users.c.id == row.id).values(password_hash=fresh_hash))
            if old_token is not None:
                await _revoke(connection, logins.c.token_hash == hash_token(old_token), now_ms)
            return await self._new_login(connection, row.id, now_ms)

    async def person(self, token: str, now_ms: int) -> Person | None:
        """Whose log-in the token is, or None when it is unknown, over, idle for too long or revoked."""
        async with self._database.read() as connection:
            row = (
                await connection.execute(
                    select(
                        logins.c.id.label("login"),
                        logins.c.csrf,
                        logins.c.seen_ms,
                        users.c.id.label("user"),
                        users.c.name,
                        users.c.role,
                        users.c.school,
                        users.c.privacy_training_until,
                        schools.c.name.label("school_name"),
                        schools.c.time_zone,
                        schools.c.demo,
                    )
                    .join(users, users.c.id == logins.c.user)
                    .join(schools, schools.c.id == users.c.school)
                    .where(
                        logins.c.token_hash == hash_token(token),
                        logins.c.revoked_ms.is_(None),
                        logins.c.expires_ms > now_ms,
                        logins.c.seen_ms > now_ms - self._idle_ms,
                        users.c.disabled_ms.is_(None),
                    )
                )
            ).first()
        if row is None:
            return None
        if now_ms - row.seen_ms > _SEEN_EVERY_MS:
            async with self._database.write() as connection:
                await connection.execute(update(logins).where(logins.c.id == row.login).values(seen_ms=now_ms))
        return Person(
            actor=Actor(
                row.user,
                row.school,
                Role(row.role),
                row.login,
                lapsed=_lapsed(row.privacy_training_until, row.time_zone, now_ms),
            ),
            name=row.name,
            csrf=row.csrf,
            school_name=row.school_name,
            time_zone=row.time_zone,
            demo=row.demo,
        )

    async def log_out(self, login_id: str, now_ms: int) -> None:
        """Ends one log-in."""
        async with self._database.write() as connection:
            await _revoke(connection, logins.c.id == login_id, now_ms)

    async def revoke_user(self, user: str, now_ms: int) -> None:
        """Ends every log-in of a person, on every device."""
        async with self._database.write() as connection:
            await _revoke(connection, logins.c.user == user, now_ms)

    async def _new_login(self, connection: AsyncConnection, user: str, now_ms: int) -> str:
        token = secrets.token_urlsafe(32)
        await connection.execute(
            logins.insert().values(
                id=new_id(),
                user=user,
                token_hash=hash_token(token),
                csrf=secrets.token_urlsafe(32),
                created_ms=now_ms,
                seen_ms=now_ms,
                expires_ms=now_ms + self._login_ms,
                revoked_ms=None,
            )
        )
        return token


def fold_login(login: str) -> str:
    """A log-in name as it is stored and compared: no outer blanks, no letter case."""
    return login.strip().casefold()[:200]


def hash_token(token: str) -> str:
    """What the database keeps of a cookie: SHA-256 in hex. The token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode("utf-8", errors="replace")).hexdigest()


def _lapsed(until: date | None, time_zone: str, now_ms: int) -> bool:
    # No date: the school has not begun to keep them, or a student, who needs none. The staff page shows who has none.
    return until is not None and until < local(now_ms, time_zone).date()


async def _revoke(connection: AsyncConnection, where: ColumnElement[bool], now_ms: int) -> None:
    await connection.execute(update(logins).where(where, logins.c.revoked_ms.is_(None)).values(revoked_ms=now_ms))
