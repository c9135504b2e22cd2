"""The tables of account safety: authenticator apps, passkeys, and recovery codes.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, LargeBinary, String, Table

from portal.schema import metadata

# Secrets of authenticator apps, encrypted under a key in DATA/keys: the database alone opens no account.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user", String(64), ForeignKey("users.id"), primary_key=True),
    Column("secret", LargeBinary, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("confirmed_ms", BigInteger, nullable=True),  # from then on it is asked for
    Column("last_step", BigInteger, nullable=False),  # of the code that was used last: none works twice
)

# Public keys only: whoever has the database alone signs in nowhere.
passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("credential", String(1400), nullable=False, unique=True),  # the authenticator's id of it, in base64url
    Column("public_key", LargeBinary, nullable=False),  # as COSE has it
    Column("sign_count", BigInteger, nullable=False),
    Column("name", String(100), nullable=False),  # what its owner calls it
    Column("created_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("used_ms", BigInteger, nullable=True),
)
