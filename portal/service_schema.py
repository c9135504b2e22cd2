"""The tables of the tutoring service: classes, schedules, staffing, rosters, mails, corrections and erasures.

Days are local dates of the school. Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from portal.schema import metadata

classes = Table(
    "classes",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("grade", String(16), nullable=False),  # "" where grades do not matter
    Column("kind", String(8), nullable=False),  # 1:1 | 1:4
    Column("capacity", Integer, nullable=False),
    Column("teacher_of_record", String(200), nullable=False),  # the school's own teacher, who needs no account
    Column("tutor", String(64), ForeignKey("users.id"), nullable=True, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("closed_ms", BigInteger, nullable=True),
)

enrollments = Table(
    "enrollments",
    metadata,
    Column("class", String(64), ForeignKey("classes.id"), primary_key=True),
    Column("student", String(64), ForeignKey("users.id"), primary_key=True, index=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)

# One weekly hour of a class. The zone is the school's at that time, so that a move of the school moves no past lesson.
series = Table(
    "series",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False, index=True),
    Column("weekday", Integer, nullable=False),  # 0 is Monday
    Column("start_minute", Integer, nullable=False),  # minutes after local midnight, as the clock on the wall shows
    Column("length_min", Integer, nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("from_day", Date, nullable=False),
    Column("until_day", Date, nullable=False),  # the last day on which a lesson may be
    Column("created_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)

holidays = Table(
    "holidays",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("name", String(100), nullable=False),
)

# A student's wish for lessons in a subject, and the clock of ten business days that it starts.
staffing_requests = Table(
    "staffing_requests",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("student", String(64), ForeignKey("users.id"), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("requested_ms", BigInteger, nullable=False),
    Column("due_day", Date, nullable=False),
    Column("class", String(64), ForeignKey("classes.id"), nullable=True, index=True),
    Column("fulfilled_ms", BigInteger, nullable=True),  # placed, staffed and scheduled
    Column("withdrawn_ms", BigInteger, nullable=True),
    UniqueConstraint("student", "subject"),
    Index("ix_staffing_requests_school_due_day", "school", "due_day"),
)

roster_uploads = Table(
    "roster_uploads",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("uploaded_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("uploaded_ms", BigInteger, nullable=False),
    Column("file_name", String(200), nullable=False),
    Column("digest", String(64), nullable=False),  # SHA-256 of the content, in hex
    Column("content", LargeBinary, nullable=True),  # gone once applied or discarded
    Column("plan_digest", String(64), nullable=False),  # of the changes that were shown
    Column("state", String(16), nullable=False),  # faulty | checked | applied | discarded
    Column("counts", Text, nullable=False),  # JSON of figures
    Column("applied_ms", BigInteger, nullable=True),
)

outbox = Table(
    "outbox",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("dedupe_key", String(200), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("about", String(64), nullable=False),  # the student whom it speaks of
    Column("address", String(254), nullable=False),
    Column("subject", String(300), nullable=False),
    Column("body", Text, nullable=False),  # {link} stands where the one-use link goes at the moment of sending
    Column("link", String(64), nullable=True),
    Column("state", String(16), nullable=False),  # queued | sending | sent | unsure | failed
    Column("attempts", Integer, nullable=False),
    Column("detail", String(200), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("next_ms", BigInteger, nullable=False),
    Column("sent_ms", BigInteger, nullable=True),
    Index("ix_outbox_state_next_ms", "state", "next_ms"),
)

# The token itself is not stored: it is an HMAC of the id under a key in DATA/keys.
one_use_links = Table(
    "one_use_links",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("purpose", String(32), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
)

# Rows are only added; the newest of a lesson and student holds.
attendance_corrections = Table(
    "attendance_corrections",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("minutes", Integer, nullable=False),
    Column("measured_minutes", Integer, nullable=False),  # what the events said at that time
    Column("reason", String(500), nullable=False),
    Column("corrected_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_attendance_corrections_lesson_student", "lesson", "student", "at_ms"),
)

erasures = Table(
    "erasures",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("student", String(64), nullable=False),
    Column("erased_by", String(64), nullable=False),
    Column("reason", String(500), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("counts", Text, nullable=False),  # JSON: table → rows removed or emptied
)

# The end of the audit chain. Locking this row is what puts writers of the chain in order.
audit_head = Table(
    "audit_head",
    metadata,
    Column("name", String(16), primary_key=True),
    Column("row", BigInteger, nullable=False),
    Column("hash", String(64), nullable=False),
)
