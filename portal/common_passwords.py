"""Passwords that anybody who guesses tries first. Pure."""

from zxcvbn.frequency_lists import FREQUENCY_LISTS

# The most frequent ones of published breaches, in small letters.
_BREACHED = frozenset(FREQUENCY_LISTS["passwords"])
_LEAST_DIFFERENT = 5


def is_common(password: str) -> bool:
    """Whether it is among the most frequent of known breaches, in any capitals, or repeats a few characters."""
    folded = password.casefold()
    return folded in _BREACHED or len(set(folded)) < _LEAST_DIFFERENT
