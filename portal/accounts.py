"""People who log in: checking a password, and log-ins that the server keeps and can revoke."""

import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from portal.authorize import Actor, Role
from portal.database import Database
from portal.failed_logins import note_failure
from portal.ids import new_id
from portal.passwords import Passwords
from portal.schema import logins, schools, users
from portal.second_factor import check_code, has_second_factor
from portal.throttle import Throttle
from portal.times import local

_SEEN_EVERY_MS = 60_000
# So long after the password the code may be given.
_CODE_WITHIN_MS = 5 * 60_000

_HOME = schools.alias("home")
# Every request asks this: built once, since building it takes longer than answering it.
_WHOSE_LOGIN = (
    select(
        logins.c.id.label("login"),
        logins.c.csrf,
        logins.c.seen_ms,
        func.coalesce(logins.c.proved_ms, logins.c.created_ms).label("proved_ms"),
        users.c.id.label("user"),
        users.c.name,
        users.c.role,
        users.c.language,
        schools.c.id.label("school"),
        users.c.privacy_training_until,
        schools.c.name.label("school_name"),
        schools.c.time_zone,
        schools.c.demo,
    )
    .join(users, users.c.id == logins.c.user)
    .join(_HOME, _HOME.c.id == users.c.school)
    .join(schools, schools.c.id == func.coalesce(logins.c.at_school, _HOME.c.id))
    .where(
        logins.c.token_hash == bindparam("token_hash"),
        logins.c.revoked_ms.is_(None),
        logins.c.awaits_code.is_not(True),
        logins.c.expires_ms > bindparam("now_ms"),
        logins.c.seen_ms > bindparam("idle_since_ms"),
        users.c.disabled_ms.is_(None),
        # At another school only as the administrator of a district that has it now.
        or_(
            logins.c.at_school.is_(None),
            and_(users.c.role == Role.DISTRICT_ADMIN, _HOME.c.district == schools.c.district),
        ),
    )
)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is logged in, with the school around them."""

    actor: Actor
    name: str
    csrf: str
    school_name: str
    time_zone: str
    demo: bool
    proved_ms: int
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """What a right password gives: the token of the cookie, which may be worth nothing before a code is given."""

    token: str
    awaits_code: bool


@dataclass(frozen=True, slots=True)
class LogIn:
    """One of a person's log-ins that is still good."""

    id: str
    device: str
    created_ms: int
    seen_ms: int


# Whether what was given as the second step is this person's.
SecondStep = Callable[[AsyncConnection, str], Awaitable[bool]]


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
        # A million codes, of which three fit at a time: at this pace one is guessed in a hundred days.
        self._by_code = Throttle(size=5, refill_s=30)

    async def log_in(
        self, login: str, password: str, address: str, old_token: str | None, now_ms: int, *, device: str = ""
    ) -> Granted | None:
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
            async with self._database.write() as connection:
                await note_failure(connection, row.id if row is not None else None, now_ms)
            return None
        self._by_account.succeeded(f"{address} {login}")
        fresh_hash = await self._passwords.hash(password) if self._passwords.needs_rehash(row.password_hash) else None
        async with self._database.write() as connection:
            if fresh_hash is not None:
                await connection.execute(update(users).where(users.c.id == row.id).values(password_hash=fresh_hash))
            return await self.begin(connection, row.id, old_token, now_ms, device=device)

    def passkey_wait_s(self, address: str, now_ms: int) -> float:
        """Seconds until this address may try another passkey; 0 when it may now."""
        return self._by_address.wait_s(address, now_ms)

    async def passkey_failed(self, address: str, now_ms: int) -> None:
        """Counts a passkey that fitted nobody. The throttle bounds how many of them are kept."""
        self._by_address.failed(address, now_ms)
        async with self._database.write() as connection:
            await note_failure(connection, None, now_ms)

    async def begin(
        self,
        connection: AsyncConnection,
        user: str,
        old_token: str | None,
        now_ms: int,
        *,
        device: str = "",
        proved: bool = False,
    ) -> Granted:
        """A fresh log-in for whoever has just shown who they are; any older one of the browser ends.

        `proved`: by more than a password, so that no code is asked for.
        """
        if old_token is not None:
            await _revoke(connection, logins.c.token_hash == hash_token(old_token), now_ms)
        awaits_code = not proved and await has_second_factor(connection, user)
        token = await self._new_login(connection, user, device, now_ms, awaits_code=awaits_code)
        return Granted(token, awaits_code)

    async def give_code(self, token: str, code: str, secret: str, now_ms: int) -> str | None:
        """As `take_step` with a code. Raises TooManyAttempts, by account: codes are short. `secret`: of the factors."""

        async def fits(connection: AsyncConnection, user: str) -> bool:
            return await self.fits_code(connection, user, code, secret, now_ms)

        return await self.take_step(token, fits, now_ms)

    async def take_step(self, token: str, fits: SecondStep, now_ms: int) -> str | None:
        """Turns a log-in that waits for its second step into a good one, under a fresh token; None: it does not fit."""
        async with self._database.write() as connection:
            row = (
                await connection.execute(
                    select(logins.c.user, logins.c.device)
                    .join(users, users.c.id == logins.c.user)
                    .where(
                        logins.c.token_hash == hash_token(token),
                        logins.c.revoked_ms.is_(None),
                        logins.c.awaits_code.is_(True),
                        logins.c.created_ms > now_ms - _CODE_WITHIN_MS,
                        users.c.disabled_ms.is_(None),
                    )
                )
            ).first()
            if row is None:
                return None
            if not await fits(connection, row.user):
                return None
            await _revoke(connection, logins.c.token_hash == hash_token(token), now_ms)
            return await self._new_login(connection, row.user, row.device or "", now_ms, awaits_code=False)

    async def fits_code(self, connection: AsyncConnection, user: str, code: str, secret: str, now_ms: int) -> bool:
        """Whether a code of a person's second factor fits, which uses it up. Raises TooManyAttempts."""
        if (wait_s := self._by_code.wait_s(user, now_ms)) > 0:
            raise TooManyAttempts(wait_s)
        if not await check_code(connection, secret, user, code, now_ms):
            self._by_code.failed(user, now_ms)
            await note_failure(connection, user, now_ms)
            return False
        self._by_code.succeeded(user)
        return True

    async def awaits_code(self, token: str, now_ms: int) -> str | None:
        """Whose log-in the token is that waits for its second step; None when it is none."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(logins.c.user).where(
                    logins.c.token_hash == hash_token(token),
                    logins.c.revoked_ms.is_(None),
                    logins.c.awaits_code.is_(True),
                    logins.c.created_ms > now_ms - _CODE_WITHIN_MS,
                )
            )
            return found.scalar()

    async def list(self, user: str, now_ms: int) -> Sequence[LogIn]:
        """A person's good log-ins, the one that was used last first."""
        async with self._database.read() as connection:
            found = await connection.execute(
                select(logins)
                .where(
                    logins.c.user == user,
                    logins.c.revoked_ms.is_(None),
                    logins.c.awaits_code.is_not(True),
                    logins.c.expires_ms > now_ms,
                    logins.c.seen_ms > now_ms - self._idle_ms,
                )
                .order_by(logins.c.seen_ms.desc(), logins.c.id)
            )
            return [LogIn(row.id, row.device or "", row.created_ms, row.seen_ms) for row in found]

    async def revoke_login(self, user: str, login_id: str, now_ms: int) -> None:
        """Ends one log-in of a person; another's is left as it is."""
        async with self._database.write() as connection:
            await _revoke(connection, (logins.c.id == login_id) & (logins.c.user == user), now_ms)

    async def person(self, token: str, now_ms: int) -> Person | None:
        """Whose log-in the token is, or None when it is unknown, over, idle for too long or revoked."""
        asked = {"token_hash": hash_token(token), "now_ms": now_ms, "idle_since_ms": now_ms - self._idle_ms}
        async with self._database.glance() as connection:
            row = (await connection.execute(_WHOSE_LOGIN, asked)).first()
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
            proved_ms=row.proved_ms,
            language=row.language,
        )

    async def renew(self, login_id: str, now_ms: int) -> str:
        """A fresh token for a log-in whose person has just proved who they are; the old one is worth nothing more.

        Its id and the token of its forms stay: pages in other tabs go on.
        """
        token = secrets.token_urlsafe(32)
        async with self._database.write() as connection:
            await connection.execute(
                update(logins)
                .where(logins.c.id == login_id)
                .values(token_hash=hash_token(token), proved_ms=now_ms, seen_ms=now_ms)
            )
        return token

    async def choose_language(self, user: str, language: str) -> None:
        """In which language a person reads pages and mails from now on."""
        async with self._database.write() as connection:
            await connection.execute(update(users).where(users.c.id == user).values(language=language))

    async def log_out(self, login_id: str, now_ms: int) -> None:
        """Ends one log-in."""
        async with self._database.write() as connection:
            await _revoke(connection, logins.c.id == login_id, now_ms)

    async def revoke_user(self, user: str, now_ms: int) -> None:
        """Ends every log-in of a person, on every device."""
        async with self._database.write() as connection:
            await _revoke(connection, logins.c.user == user, now_ms)

    async def _new_login(
        self, connection: AsyncConnection, user: str, device: str, now_ms: int, *, awaits_code: bool
    ) -> str:
        token = secrets.token_urlsafe(32)
        await connection.execute(
            logins.insert().values(
                id=new_id(),
                user=user,
                token_hash=hash_token(token),
                csrf=secrets.token_urlsafe(32),
                created_ms=now_ms,
                seen_ms=now_ms,
                proved_ms=now_ms,
                expires_ms=now_ms + self._login_ms,
                revoked_ms=None,
                awaits_code=awaits_code,
                device=device[:100],
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
