"""Crisis alerts, the waiting room, and what a school wants of its lesson rooms."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "crisis_alerts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("session", sa.String(length=16), nullable=False),
        sa.Column("pressed_by", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("pressed_ms", sa.BigInteger(), nullable=False),
        sa.Column("received_ms", sa.BigInteger(), nullable=False),
        sa.Column("carried_by", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("next_call_ms", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=64), nullable=True),
        sa.Column("acknowledged_ms", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=64), nullable=True),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_crisis_alerts_lesson")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_crisis_alerts_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_crisis_alerts")),
    )
    op.create_index("ix_crisis_alerts_school_received_ms", "crisis_alerts", ["school", "received_ms"], unique=False)
    op.create_index("ix_crisis_alerts_next_call_ms", "crisis_alerts", ["next_call_ms"], unique=False)
    op.create_table(
        "crisis_calls",
        sa.Column("alert", sa.String(length=64), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("called_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["crisis_alerts.id"], name=op.f("fk_crisis_calls_alert")),
        sa.PrimaryKeyConstraint("alert", "step", name=op.f("pk_crisis_calls")),
    )
    op.create_table(
        "waiting_students",
        sa.Column("lesson", sa.String(length=64), nullable=False),
        sa.Column("user", sa.String(length=64), nullable=False),
        sa.Column("asked_ms", sa.BigInteger(), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.Column("admitted_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["lesson"], ["lessons.id"], name=op.f("fk_waiting_students_lesson")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_waiting_students_user")),
        sa.PrimaryKeyConstraint("lesson", "user", name=op.f("pk_waiting_students")),
    )
    op.add_column("schools", sa.Column("desks", sa.Boolean(), nullable=True))
    op.add_column("schools", sa.Column("waiting_room", sa.Boolean(), nullable=True))
