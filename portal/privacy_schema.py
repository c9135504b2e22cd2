"""The tables of a school's privacy duties: access for a time, amendments, access reviews and incidents.

Days are local dates of the school. Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Boolean, Column, Date, ForeignKey, Index, Integer, String, Table, Text

from portal.schema import metadata

# Access to one student's record for somebody of the staff who does not teach them, with a reason and an end.
access_grants = Table(
    "access_grants",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("reason", String(300), nullable=False),
    Column("until_day", Date, nullable=False),  # the last day
    Column("granted_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("granted_ms", BigInteger, nullable=False),
    Column("ended_by", String(64), nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
)

# Somebody holds that a record is inaccurate, misleading, or against the student's privacy (34 CFR 99.20).
amendments = Table(
    "amendments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("part", String(200), nullable=False),  # which part of the record
    Column("words", Text, nullable=False),  # what is wrong, and how it should read
    Column("asked_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("asked_ms", BigInteger, nullable=False),
    Column("due_day", Date, nullable=False),
    Column("granted", Boolean, nullable=True),  # none: not decided yet
    Column("reason", Text, nullable=False),
    Column("decided_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("decided_ms", BigInteger, nullable=True),
    # After a refusal: what stays with the record for as long as that is kept (34 CFR 99.21).
    Column("statement", Text, nullable=False),
    Column("stated_by", String(64), ForeignKey("users.id"), nullable=True),
    Column("stated_ms", BigInteger, nullable=True),
)

access_reviews = Table(
    "access_reviews",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("content", Text, nullable=False),  # JSON of the report as it was signed
    Column("digest", String(64), nullable=False),  # SHA-256 of the content, in hex; also in the audit log
    Column("note", String(500), nullable=False),
    Column("signed_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("signed_ms", BigInteger, nullable=False),
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("records", String(300), nullable=False),  # what kind of records
    Column("students", Integer, nullable=False),  # of how many students, as far as is known
    Column("found_day", Date, nullable=False),
    Column("due_day", Date, nullable=False),  # by which the school must be told
    Column("opened_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("opened_ms", BigInteger, nullable=False),
    Column("told_day", Date, nullable=True),
    Column("closed_by", String(64), nullable=True),
    Column("closed_ms", BigInteger, nullable=True),
)

# Rows are only added: what was done, and where copies were destroyed and who says so.
incident_entries = Table(
    "incident_entries",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("incident", String(64), ForeignKey("incidents.id"), nullable=False),
    Column("kind", String(16), nullable=False),  # note | told | purged | closed
    Column("day", Date, nullable=False),
    Column("who", String(200), nullable=False),  # who was told, or who confirms the destruction
    Column("words", Text, nullable=False),
    Column("entered_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
    Index("ix_incident_entries_incident", "incident", "entered_ms"),
)
