"""The tables of the lesson room's rules: crisis alerts with who was called, and who waits at a lesson's door.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, Text

from portal.schema import metadata

crisis_alerts = Table(
    "crisis_alerts",
    metadata,
    Column("id", String(64), primary_key=True),  # 32 hex digits, made by the page that pressed
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False),
    Column("session", String(16), nullable=False),
    Column("pressed_by", String(64), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("pressed_ms", BigInteger, nullable=False),  # by the room's clock
    Column("received_ms", BigInteger, nullable=False),
    Column("carried_by", String(64), nullable=False),  # a user's id, or "recorder"
    Column("step", Integer, nullable=False),  # how many were called
    Column("next_call_ms", BigInteger, nullable=True),  # none once somebody has it in hand
    Column("acknowledged_by", String(64), nullable=True),
    Column("acknowledged_ms", BigInteger, nullable=True),
    Column("closed_by", String(64), nullable=True),
    Column("closed_ms", BigInteger, nullable=True),
    Column("note", Text, nullable=True),
    Index("ix_crisis_alerts_school_received_ms", "school", "received_ms"),
    Index("ix_crisis_alerts_next_call_ms", "next_call_ms"),
)

crisis_calls = Table(
    "crisis_calls",
    metadata,
    Column("alert", String(64), ForeignKey("crisis_alerts.id"), primary_key=True),
    Column("step", Integer, primary_key=True),
    Column("user", String(64), nullable=False),
    Column("called_ms", BigInteger, nullable=False),
)

# Students at the door of a lesson whose tutor lets them in one by one.
waiting_students = Table(
    "waiting_students",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), primary_key=True),
    Column("asked_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),  # their page asks again every few seconds
    Column("admitted_ms", BigInteger, nullable=True),
)
