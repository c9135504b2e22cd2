"""The tables of what students learn: grade books, goals, weekly updates, guardians, and the hours that were bought.

Days are local dates of the school. Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from portal.schema import metadata

# Which guardian may see which student's progress.
guardians = Table(
    "guardians",
    metadata,
    Column("guardian", String(64), ForeignKey("users.id"), primary_key=True),
    Column("student", String(64), ForeignKey("users.id"), primary_key=True, index=True),
    Column("since_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)

goals = Table(
    "goals",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("subject", String(100), nullable=False),
    Column("words", String(500), nullable=False),
    Column("target_day", Date, nullable=True),
    Column("set_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("set_ms", BigInteger, nullable=False),
    Column("reached_ms", BigInteger, nullable=True),
)

grade_categories = Table(
    "grade_categories",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False),
    Column("name", String(100), nullable=False),
    Column("weight", Integer, nullable=False),  # in relation to the others of the class
    Column("created_ms", BigInteger, nullable=False),
    UniqueConstraint("class", "name"),
)

assignments = Table(
    "assignments",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False, index=True),
    Column("category", String(64), ForeignKey("grade_categories.id"), nullable=False),
    Column("title", String(200), nullable=False),
    Column("most_points", Integer, nullable=False),
    Column("day", Date, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("removed_ms", BigInteger, nullable=True),
)

# Rows are only added; the newest of an assignment and student holds.
scores = Table(
    "scores",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("assignment", String(64), ForeignKey("assignments.id"), nullable=False),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("state", String(16), nullable=False),  # scored | missing | excused
    Column("points", Float, nullable=True),  # of what is scored; what is missing has none, which is not 0
    Column("comment", String(500), nullable=False),
    Column("entered_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Index("ix_scores_assignment_student", "assignment", "student", "at_ms"),
)

# What a tutor writes about a week. It is mailed once and does not change afterwards.
weekly_updates = Table(
    "weekly_updates",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("student", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False),
    Column("monday", Date, nullable=False),
    Column("words", Text, nullable=False),
    Column("written_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("written_ms", BigInteger, nullable=False),
    UniqueConstraint("class", "student", "monday", name="uq_weekly_updates_class_student_monday"),
)

# Minutes of students' lessons that a school has bought.
hours_contracts = Table(
    "hours_contracts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("title", String(200), nullable=False),
    Column("subject", String(100), nullable=False),  # "": every subject without a contract of its own
    Column("minutes", BigInteger, nullable=False),
    Column("from_day", Date, nullable=False),
    Column("until_day", Date, nullable=False),
    Column("no_show", String(16), nullable=False),  # used | free: whether the planned minutes of a no-show are used up
    Column("entered_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger, nullable=True),
)
