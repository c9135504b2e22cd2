"""References of failures: what a person reads out, and whoever runs the service finds in the log. Pure.

Eight letters that nobody takes for one another, in two groups. Twin of `web/src/net/reference.ts`.
"""

import re
import secrets

_LETTERS = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
_REFERENCE = re.compile(f"[{_LETTERS}]{{4}}-[{_LETTERS}]{{4}}")


def new_reference() -> str:
    """Such as `7K3M-Q2XD`. Of 39 bits: two of a school's are the same once in a lifetime, and nothing opens by one."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def read_reference(text: str) -> str | None:
    """What somebody brings along, as it was made; None for anything else."""
    folded = text.strip().upper()
    return folded if _REFERENCE.fullmatch(folded) else None
