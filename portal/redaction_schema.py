"""The table of what was left out of recordings, and of the copies that were made without it.

Times are unix milliseconds (UTC) in columns that end in `_ms`. The id is also the name of the copy's folder among the
recordings, and of its key.
"""

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, String, Table, Text

from portal.schema import metadata

redactions = Table(
    "redactions",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("audience", String(8), nullable=False),  # shown: in the recording's place | copy: a film to hand on
    Column("without", Text, nullable=False),  # JSON: ["voice:<user>", …], all that is left out of this copy
    Column("reason", String(500), nullable=False),
    Column("destroys_original", Boolean, nullable=False),  # once the copy is complete
    Column("asked_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("state", String(8), nullable=False),  # asked | done | failed | ended
    Column("progress", Float, nullable=False),  # 0 to 1
    Column("detail", String(500), nullable=False),  # of a failure; "" otherwise
    Column("done_ms", BigInteger, nullable=True),
    Column("ended_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("ended_ms", BigInteger, nullable=True),  # taken back, or another one took its place: its files go
    Column("gone_ms", BigInteger, nullable=True),  # its files are gone
    Index("ix_redactions_state_asked_ms", "state", "asked_ms"),
)

# Of which lessons the original is gone, so that what is left out cannot be put back.
lost_originals = Table(
    "lost_originals",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("redaction", String(64), ForeignKey("redactions.id"), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("gone_ms", BigInteger, nullable=True),
)
