"""Counts failed sign-ins, so that many of them within a short time can be told to somebody. Pure."""

from collections import Counter, deque
from dataclasses import dataclass

# More than the argon2id threads let through in the window; beyond it the oldest fall out.
_MOST = 20_000


@dataclass(frozen=True, slots=True)
class Burst:
    """Failures since a moment. `by_user`: of accounts that exist; `unknown`: with names that nobody has."""

    by_user: Counter[str]
    unknown: int


class FailedLogins:
    """Remembers when and at whose account; never a name that was typed, which may be a password."""

    def __init__(self) -> None:
        self._failures: deque[tuple[int, str | None]] = deque(maxlen=_MOST)

    def failed(self, user: str | None, now_ms: int) -> None:
        """Counts one wrong password, code or passkey; `user` None: there is no such account."""
        self._failures.append((now_ms, user))

    def since(self, from_ms: int) -> Burst:
        """What failed after that moment."""
        lately = [user for at_ms, user in self._failures if at_ms > from_ms]
        return Burst(Counter(user for user in lately if user is not None), lately.count(None))
