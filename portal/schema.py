"""The tables of the portal. All times are unix milliseconds (UTC) in columns that end in `_ms`."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def row_number() -> Column[int]:
    """A column `id` whose numbers the database gives, always rising."""
    # SQLite numbers rows by itself only in a column that is exactly INTEGER PRIMARY KEY.
    return Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)


schools = Table(
    "schools",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("name", String(200), nullable=False),
    Column("time_zone", String(64), nullable=False),
    Column("recording", String(16), nullable=False),  # required | off
    Column("notice", Text, nullable=False),
    Column("ice_policy", String(8), nullable=False),  # all | relay
    Column("demo", Boolean, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    # No foreign key: SQLite cannot add a column that has one.
    Column("district", String(64), nullable=True, index=True),
    # What the school wants of its lesson rooms; none is no.
    Column("desks", Boolean, nullable=True),
    Column("waiting_room", Boolean, nullable=True),
)

users = Table(
    "users",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False, index=True),
    Column("login", String(200), nullable=False, unique=True),  # case-folded
    Column("name", String(200), nullable=False),
    Column("role", String(32), nullable=False),
    Column("password_hash", String(200), nullable=True),
    Column("disabled_ms", BigInteger, nullable=True),
    Column("created_ms", BigInteger, nullable=False),
    Column("given_name", String(100), nullable=True),
    Column("family_name", String(100), nullable=True),
    Column("external_id", String(200), nullable=True),  # the school's own, from its roster
    Column("email", String(254), nullable=True),
    Column("grade", String(16), nullable=True),
    # Of tutors: what they may teach by, and until when. Of all staff: the training in student privacy.
    Column("credentials", String(300), nullable=True),
    Column("credentials_until", Date, nullable=True),
    Column("background_check_until", Date, nullable=True),
    Column("privacy_training_until", Date, nullable=True),
    Column("erased_ms", BigInteger, nullable=True),
    Column("language", String(8), nullable=True),  # of pages and mails; none: as the browser says, and English in mails
    Column("recording_consent", String(16), nullable=True),  # of students: given | declined; none: given
    Index("ix_users_school_external_id", "school", "external_id", unique=True),
)

# Log-ins of browsers ("session" is the word for a participant's key in a room).
logins = Table(
    "logins",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), nullable=False, index=True),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("csrf", String(64), nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("seen_ms", BigInteger, nullable=False),
    Column("expires_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger, nullable=True),
    # At which school of the district its administrator is now; elsewhere one is at one's own.
    Column("at_school", String(64), nullable=True),
    # The password fitted, and the code of the second factor has not been asked for yet: nobody's log-in until then.
    Column("awaits_code", Boolean, nullable=True),
    Column("device", String(100), nullable=True),  # browser and system in a few words, for the list of one's log-ins
    Column("proved_ms", BigInteger, nullable=True),  # when password, code or passkey was given last; none: at its start
)

lessons = Table(
    "lessons",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("school", String(64), ForeignKey("schools.id"), nullable=False),
    Column("room", String(64), nullable=False, unique=True),
    Column("title", String(200), nullable=False),
    Column("subject", String(100), nullable=False),
    Column("starts_ms", BigInteger, nullable=False),
    Column("ends_ms", BigInteger, nullable=False),
    Column("state", String(16), nullable=False),  # scheduled | open | live | ended
    Column("recording", String(16), nullable=False),  # required | off, as the school had it
    Column("demo", Boolean, nullable=False),  # a room where bots draw and the network may be broken on purpose
    Column("opened_ms", BigInteger, nullable=True),
    Column("live_ms", BigInteger, nullable=True),
    Column("ended_ms", BigInteger, nullable=True),
    Column("room_closed_ms", BigInteger, nullable=True),  # when the relay confirmed it
    # Of a lesson that a weekly schedule made. No foreign keys: SQLite cannot add a column that has one.
    Column("class", String(64), nullable=True, index=True),
    Column("series", String(64), nullable=True),
    Column("day", Date, nullable=True),  # the local day, so that no day of a series is made twice
    # Of a lesson that was put right by hand: who teaches it in place of the class's tutor, for which one it makes up.
    Column("substitute", String(64), nullable=True),
    Column("makes_up", String(64), nullable=True),
    Column("cancelled_ms", BigInteger, nullable=True),
    Index("ix_lessons_series_day", "series", "day", unique=True),
    Index("ix_lessons_school_starts_ms", "school", "starts_ms"),
    Index("ix_lessons_state", "state"),
)

lesson_members = Table(
    "lesson_members",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), primary_key=True, index=True),
    Column("part", String(16), nullable=False),  # tutor | student
)

# Every ticket ever issued: whose key and client id stand behind which session of which room.
room_sessions = Table(
    "room_sessions",
    metadata,
    Column("session", String(16), primary_key=True),
    Column("lesson", String(64), ForeignKey("lessons.id"), nullable=False, index=True),
    Column("room", String(64), nullable=False),
    Column("user", String(64), nullable=False),  # a user's id, or "recorder"
    Column("role", String(32), nullable=False),
    Column("key", LargeBinary, nullable=False),
    Column("client", BigInteger, nullable=False),
    Column("colour", Integer, nullable=True),  # the person's number in the room; none for the recorder
    Column("issued_ms", BigInteger, nullable=False),
    Column("renewed_ms", BigInteger, nullable=False),
    Column("revoked_ms", BigInteger, nullable=True),
    Column("unrecorded", Boolean, nullable=True),  # the recording of the person was declined when the session began
    UniqueConstraint("room", "client"),
)

notices = Table(
    "notices",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("user", String(64), ForeignKey("users.id"), primary_key=True),
    Column("text_hash", String(64), nullable=False),  # SHA-256 of the words that were shown
    Column("acknowledged_ms", BigInteger, nullable=False),
)

recordings = Table(
    "recordings",
    metadata,
    Column("lesson", String(64), ForeignKey("lessons.id"), primary_key=True),
    Column("state", String(16), nullable=False),  # joined | recording | sealed | rendering | rendered | failed
    Column("detail", String(500), nullable=False),
    Column("progress", Float, nullable=True),  # 0..1 of the rendering
    Column("duration_ms", BigInteger, nullable=True),
    Column("heartbeat_ms", BigInteger, nullable=False),
    Column("sealed_ms", BigInteger, nullable=True),
    Column("rendered_ms", BigInteger, nullable=True),
)

relay_events = Table(
    "relay_events",
    metadata,
    Column("id", String(100), primary_key=True),
    Column("room", String(64), nullable=False, index=True),
    Column("user", String(64), nullable=False),
    Column("session", String(16), nullable=False),
    Column("kind", String(16), nullable=False),  # join | leave
    Column("at_ms", BigInteger, nullable=False),
    Column("received_ms", BigInteger, nullable=False),
)

disclosure_log = Table(
    "disclosure_log",
    metadata,
    row_number(),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("login", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object", String(64), nullable=False),
    Column("student", String(64), nullable=False, index=True),
    Column("reason", String(200), nullable=False),
    Index("ix_disclosure_log_login_object", "login", "object", "action"),
    Index("ix_disclosure_log_at_ms", "at_ms"),
)

audit_log = Table(
    "audit_log",
    metadata,
    row_number(),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", String(64), nullable=False),
    Column("action", String(64), nullable=False),
    Column("object_kind", String(32), nullable=False),
    Column("object", String(64), nullable=False),
    Column("detail", Text, nullable=False),  # JSON of ids and figures
    # SHA-256 (hex) over the row before and this one; portal/chain.py says how.
    Column("hash", String(64), nullable=True),
)

# Numbers that must go on rising over restarts: the version of the feed that recorders follow.
counters = Table(
    "counters",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", BigInteger, nullable=False),
)
