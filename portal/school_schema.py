"""The tables of a school's own matters: its district, its start with the service, and links for sending rosters in.

Days are local dates of the school. Times are unix milliseconds (UTC) in columns that end in `_ms`.
"""

from sqlalchemy import BigInteger, Column, Date, ForeignKey, Index, String, Table, Text

from portal.schema import metadata

districts = Table(
    "districts",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
)

# From the contract to the first lesson. The dates that follow from these two are computed (portal/onboarding.py).
onboardings = Table(
    "onboardings",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("contract_day", Date, nullable=False),
    Column("start_day", Date, nullable=False),
    Column("responsible", String(200), nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
)

onboarding_steps = Table(
    "onboarding_steps",
    metadata,
    Column("school", String(64), ForeignKey("schools.id"), primary_key=True),
    Column("step", String(32), primary_key=True),
    Column("day", Date, nullable=False),  # on which it was done
    Column("note", Text, nullable=False),
    Column("done_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("done_ms", BigInteger, nullable=False),
)

# Addresses at which the point of contact sends a roster in without signing in. The token is not stored.
roster_links = Table(
    "roster_links",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("contact", String(64), ForeignKey("users.id"), nullable=False),  # in whose name the file comes
    Column("made_by", String(64), ForeignKey("users.id"), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("used_ms", BigInteger, nullable=True),
    Column("upload", String(64), nullable=True),
    Column("revoked_ms", BigInteger, nullable=True),
    Index("ix_roster_links_school_created_ms", "school", "created_ms"),
)

# Secret addresses of calendars. The token is not stored; whoever has one sees lessons' times and titles, no names.
calendar_feeds = Table(
    "calendar_feeds",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=True),
    Column("revoked_ms", BigInteger, nullable=True),
)
