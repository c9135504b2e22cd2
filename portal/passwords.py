"""argon2id in its own threads, with the same work for an account that does not exist."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

MAX_LENGTH = 1024

# One hash takes 64 MiB and about 90 ms (FACTS); two at a time bound the memory, and a queue of this length is a flood.
_THREADS = 2
_MAX_WAITING = 64


T = TypeVar("T")


class Overloaded(Exception):
    """Too many log-ins wait for their turn; the caller answers 503."""


class Passwords:
    """Hashes and checks passwords. Owns its threads; close it."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="passwords")
        self._waiting = 0
        self._decoy: str | None = None

    async def hash(self, password: str) -> str:
        """The encoded argon2id hash of a password."""
        return await self._run(self._hasher.hash, password)

    async def check(self, password: str, encoded: str | None) -> bool:
        """Whether the password fits. `encoded` None (no such account) costs the same time and is False."""
        if self._decoy is None:
            self._decoy = await self._run(self._hasher.hash, "nobody has this password")
        fits = await self._run(self._verify, encoded or self._decoy, password[:MAX_LENGTH])
        return fits and encoded is not None

    def needs_rehash(self, encoded: str) -> bool:
        """Whether the hash was made with other costs than today's."""
        return self._hasher.check_needs_rehash(encoded)

    def close(self) -> None:
        """Ends the threads; work that waits is dropped."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _verify(self, encoded: str, password: str) -> bool:
        try:
            return self._hasher.verify(encoded, password)
        except (VerifyMismatchError, VerificationError, InvalidHashError):
            return False

    async def _run(self, work: Callable[..., T], *args: str) -> T:
        if self._waiting >= _MAX_WAITING:
            raise Overloaded
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._waiting -= 1
