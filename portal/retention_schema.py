"""The tables of how long recordings are kept: a school's policy, days of single ones, legal holds, and what is gone.

Times are unix milliseconds (UTC) in columns that end in `_ms`; days are local dates of the school.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table

from portal.schema import metadata

# A school without a row keeps its recordings.
retention_policies = Table(
    "retention_policies",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("days", Integer, nullable=True),  # after the lesson's end; none: for ever
    Column("changed_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

# Recordings that go on a day of their own, whatever the policy says.
recording_expiries = Table(
    "recording_expiries",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("day", Date, nullable=False),  # the first day on which it is no longer there
    Column("changed_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
)

# While one stands, nothing destroys the recording, not even the erasure of a student.
legal_holds = Table(
    "legal_holds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("reason", String(500), nullable=False),
    Column("until_day", Date, nullable=True),  # the last day; none: until it is released
    Column("placed_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("placed_ms", BigInteger, nullable=False),
    Column("released_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("released_ms", BigInteger, nullable=True),
)

# What remains of a recording that was destroyed: what, when, and by which rule. Names nobody.
destructions = Table(
    "destructions",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("basis", String(16), nullable=False),  # policy | own day | erasure
    Column("days", Integer, nullable=True),  # of the policy
    Column("decided_by", String(64), ForeignKey("users.id"), nullable=False),  # who set policy or day, or erased
    Column("asked_ms", BigInteger, nullable=False),
    Column("encrypted", Boolean, nullable=False),  # destroyed with its key, so that copies are unreadable too
    Column("files", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("done_ms", BigInteger, nullable=True),  # none: asked for, and not yet done
    Index("ix_destructions_school_asked_ms", "school", "asked_ms"),
    Index("ix_destructions_done_ms", "done_ms"),
)

# Lessons of which the relay has erased board, chat and pictures.
forgotten_rooms = Table(
    "forgotten_rooms",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("done_ms", BigInteger, nullable=False),
)
