"""Rosters, classes, schedules, staffing, mails, attendance corrections, erasures, and the audit log as a hash chain."""

import sqlalchemy as sa
from alembic import op

from portal.chain import GENESIS, AuditRow, link

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_PEOPLE = (
    ("given_name", sa.String(length=100)),
    ("family_name", sa.String(length=100)),
    ("external_id", sa.String(length=200)),
    ("email", sa.String(length=254)),
    ("grade", sa.String(length=16)),
    ("credentials", sa.String(length=300)),
    ("credentials_until", sa.Date()),
    ("background_check_until", sa.Date()),
    ("privacy_training_until", sa.Date()),
    ("erased_ms", sa.BigInteger()),
)


def upgrade() -> None:
    """Only adds: SQLite then keeps every row where it is, and no table is copied."""
    for name, kind in _PEOPLE:
        op.add_column("users", sa.Column(name, kind, nullable=True))
    op.create_index("ix_users_school_external_id", "users", ["school", "external_id"], unique=True)
    op.add_column("lessons", sa.Column("class", sa.String(length=64), nullable=True))
    op.add_column("lessons", sa.Column("series", sa.String(length=64), nullable=True))
    op.add_column("lessons", sa.Column("day", sa.Date(), nullable=True))
    op.create_index("ix_lessons_class", "lessons", ["class"], unique=False)
    op.create_index("ix_lessons_series_day", "lessons", ["series", "day"], unique=True)
    op.add_column("audit_log", sa.Column("hash", sa.String(length=64), nullable=True))
    _make_tables()
    _chain_old_rows()


def _chain_old_rows() -> None:
    connection = op.get_bind()
    log = sa.table("audit_log", *(sa.column(n) for n in "id at_ms actor action object_kind object detail hash".split()))
    before, last = GENESIS, 0
    for row in connection.execute(sa.select(log).order_by(log.c.id)).all():
        before = link(before, AuditRow(**row._mapping))
        last = row.id
        connection.execute(sa.update(log).where(log.c.id == row.id).values(hash=before))
    head = sa.table("audit_head", sa.column("name"), sa.column("row"), sa.column("hash"))
    connection.execute(sa.insert(head).values(name="audit", row=last, hash=before))


def _make_tables() -> None:
    op.create_table(
        "audit_head",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("row", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_audit_head")),
    )
    op.create_table(
        "erasures",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("erased_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_erasures_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
    )
    op.create_index(op.f("ix_erasures_school"), "erasures", ["school"], unique=False)
    op.create_table(
        "holidays",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_holidays_school")),
        sa.PrimaryKeyConstraint("school", "day", name=op.f("pk_holidays")),
    )
    op.create_table(
        "attendance_corrections",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("measured_minutes", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("corrected_by", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["corrected_by"], ["users.id"], name=op.f("fk_attendance_corrections_corrected_by")),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_attendance_corrections_lesson")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_attendance_corrections_student")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attendance_corrections")),
    )
    op.create_index(
        "ix_attendance_corrections_lesson_student",
        "attendance_corrections",
        ["lesson", "student", "at_ms"],
        unique=False,
    )
    op.create_index(op.f("ix_attendance_corrections_student"), "attendance_corrections", ["student"], unique=False)
    op.create_table(
        "classes",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("grade", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("teacher_of_record", sa.String(length=200), nullable=False),
        sa.Column("tutor", sa.String(length=64), nullable=True),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_classes_school")),
        sa.ForeignKeyConstraint(["tutor"], ["users.id"], name=op.f("fk_classes_tutor")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classes")),
    )
    op.create_index(op.f("ix_classes_school"), "classes", ["school"], unique=False)
    op.create_index(op.f("ix_classes_tutor"), "classes", ["tutor"], unique=False)
    op.create_table(
        "one_use_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_one_use_links_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_one_use_links")),
    )
    op.create_index(op.f("ix_one_use_links_user"), "one_use_links", ["user"], unique=False)
    op.create_table(
        "outbox",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("dedupe_key", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("link", sa.String(length=64), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("detail", sa.String(length=200), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("next_ms", sa.BigInteger(), nullable=False),
        sa.Column("sent_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_outbox_school")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_outbox_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("dedupe_key", name=op.f("uq_outbox_dedupe_key")),
    )
    op.create_index(op.f("ix_outbox_school"), "outbox", ["school"], unique=False)
    op.create_index("ix_outbox_state_next_ms", "outbox", ["state", "next_ms"], unique=False)
    op.create_index(op.f("ix_outbox_user"), "outbox", ["user"], unique=False)
    op.create_table(
        "roster_uploads",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("uploaded_by", sa.String(length=64), nullable=False),
        sa.Column("uploaded_ms", sa.BigInteger(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("plan_digest", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("applied_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_roster_uploads_school")),
        sa.ForeignKeyConstraint(["uploaded_by"], ["users.id"], name=op.f("fk_roster_uploads_uploaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_uploads")),
    )
    op.create_index(op.f("ix_roster_uploads_school"), "roster_uploads", ["school"], unique=False)
    op.create_table(
        "enrollments",
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_enrollments_class")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_enrollments_student")),
        sa.PrimaryKeyConstraint("class", "student", name=op.f("pk_enrollments")),
    )
    op.create_index(op.f("ix_enrollments_student"), "enrollments", ["student"], unique=False)
    op.create_table(
        "series",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("weekday", sa.Integer(), nullable=False),
        sa.Column("start_minute", sa.Integer(), nullable=False),
        sa.Column("length_min", sa.Integer(), nullable=False),
        sa.Column("time_zone", sa.String(length=64), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_series_class")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index(op.f("ix_series_class"), "series", ["class"], unique=False)
    op.create_table(
        "staffing_requests",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("requested_ms", sa.BigInteger(), nullable=False),
        sa.Column("due_day", sa.Date(), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=True),
        sa.Column("fulfilled_ms", sa.BigInteger(), nullable=True),
        sa.Column("withdrawn_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_staffing_requests_class")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_staffing_requests_school")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_staffing_requests_student")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staffing_requests")),
        sa.UniqueConstraint("student", "subject", name=op.f("uq_staffing_requests_student")),
    )
    op.create_index(op.f("ix_staffing_requests_class"), "staffing_requests", ["class"], unique=False)
    op.create_index("ix_staffing_requests_school_due_day", "staffing_requests", ["school", "due_day"], unique=False)
