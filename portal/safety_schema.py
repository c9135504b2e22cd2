"""The tables of warnings, what the portal itself found unusual in its logs, and of failed sign-ins.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table

from portal.schema import metadata, row_number

warnings = Table(
    "warnings",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # portal/safety.py: Kind
    Column("subject", String(64), nullable=False),  # the id of whom it is about, the row of the log, or ""
    Column("figure", Integer, nullable=False),  # how many, or which row
    Column("opened_ms", BigInteger, nullable=False),
    Column("last_ms", BigInteger, nullable=False),
    Column("answered_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("answered_ms", BigInteger, nullable=True),
    Column("note", String(500), nullable=False),
    Index("ix_warnings_school_opened_ms", "school", "opened_ms"),
)

# Gone after an hour or so: they are only counted.
failed_logins = Table(
    "failed_logins",
    metadata,
    row_number(),
    Column("user", String(64), ForeignKey("users.id"), nullable=True),  # none: nobody has the name that was given
    Column("at_ms", BigInteger, nullable=False, index=True),
)
