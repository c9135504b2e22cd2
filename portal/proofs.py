"""A fresh proof: whoever is signed in shows once more that it is they who sit there."""

from dataclasses import dataclass

from sqlalchemy import select

from portal.accounts import Accounts, Person, TooManyAttempts
from portal.database import Database
from portal.failed_logins import note_failure
from portal.passkeys import Ceremony, check_passkey, credentials_of
from portal.passwords import Passwords
from portal.schema import users
from portal.second_factor import has_app
from portal.throttle import Throttle


@dataclass(frozen=True, slots=True)
class Ways:
    """By what a person can prove who they are, beside the password. `code`: of the app; `passkeys`: their ids."""

    code: bool
    passkeys: tuple[str, ...]


class Proofs:
    """Checks a password or a code of somebody who is signed in, and renews the log-in. `secret`: of the factors."""

    def __init__(self, database: Database, passwords: Passwords, accounts: Accounts, secret: str) -> None:
        self._database = database
        self._passwords = passwords
        self._accounts = accounts
        self._secret = secret
        # A browser that was left open is no place to guess at; the account itself is not locked.
        self._by_login = Throttle(size=5, refill_s=20)

    async def ways(self, user: str) -> Ways:
        """What to ask this person for."""
        async with self._database.read() as connection:
            return Ways(await has_app(connection, user), await credentials_of(connection, user))

    async def give(self, person: Person, password: str, code: str, now_ms: int) -> str | None:
        """The log-in's fresh token once the password or else the code fits, None when neither does.

        Raises TooManyAttempts, and Overloaded from portal/passwords.py.
        """
        actor = person.actor
        if (wait_s := self._by_login.wait_s(actor.login, now_ms)) > 0:
            raise TooManyAttempts(wait_s)
        fits = await self._fits_password(actor.user, password) if password else False
        if not fits and code:
            async with self._database.write() as connection:
                fits = await self._accounts.fits_code(connection, actor.user, code, self._secret, now_ms)
        if not fits:
            self._by_login.failed(actor.login, now_ms)
            if not code:
                async with self._database.write() as connection:
                    await note_failure(connection, actor.user, now_ms)
            return None
        self._by_login.succeeded(actor.login)
        return await self._accounts.renew(actor.login, now_ms)

    async def give_passkey(self, person: Person, ceremony: Ceremony, credential: str, now_ms: int) -> str | None:
        """The same with what the browser says of a passkey; nobody guesses a signature."""
        async with self._database.write() as connection:
            user = await check_passkey(connection, ceremony, credential, now_ms)
        if user != person.actor.user:
            return None
        return await self._accounts.renew(person.actor.login, now_ms)

    async def _fits_password(self, user: str, password: str) -> bool:
        async with self._database.read() as connection:
            encoded = (await connection.execute(select(users.c.password_hash).where(users.c.id == user))).scalar()
        return await self._passwords.check(password, encoded)
