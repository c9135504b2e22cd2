"""Tables of what lets other programs in, and of what tells them that something happened."""

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from portal.schema import metadata

# Of the token only SHA-256 is stored; it is shown once.
programs = Table(
    "programs",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("name", String(100), nullable=False),
    Column("scopes", Text, nullable=False),  # words with blanks between them
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("made_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
)

# A webhook follows the audit log from a row on. Its signing secret is an HMAC of its id under a key in DATA/keys.
webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("url", String(500), nullable=False),
    Column("events", Text, nullable=False),  # words with blanks between them
    Column("made_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("told_row", BigInteger, nullable=False),  # of the audit log: all until here is told, or not for it
    Column("attempts", Integer, nullable=False),  # at the next one
    Column("next_ms", BigInteger, nullable=False),  # not before this
    Column("told_ms", BigInteger, nullable=True),
    Column("detail", String(200), nullable=False),  # why the last attempt failed
    Column("paused_ms", BigInteger, nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
)
