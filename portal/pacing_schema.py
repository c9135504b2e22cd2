"""The tables of pacing guides: what a class plans for each week, in versions. They hold nothing about a student.

Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, Integer, String, Table

from portal.schema import metadata

# One version each; what replaces it is a version of its own, and it stays readable.
pacing_guides = Table(
    "pacing_guides",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("class", String(64), ForeignKey("classes.id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("file_name", String(200), nullable=False),  # empty: entered on the page
    Column("made_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("made_ms", BigInteger, nullable=False),
    Column("replaced_ms", BigInteger, nullable=True),  # none: it is the one that holds
    Index("ix_pacing_guides_class_version", "class", "version", unique=True),
)

pacing_weeks = Table(
    "pacing_weeks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("guide", String(64), ForeignKey("pacing_guides.id"), nullable=False),
    Column("week", Date, nullable=False),  # its Monday
    Column("topic", String(200), nullable=False),
    Column("goal", String(300), nullable=False),
    # By title, so that it leads to the newest version of the material.
    Column("material", String(200), nullable=False),
    Column("covered_day", Date, nullable=True),
    Column("covered_by", String(64), ForeignKey("users.id"), nullable=True),
    Index("ix_pacing_weeks_guide_week", "guide", "week", unique=True),
)
