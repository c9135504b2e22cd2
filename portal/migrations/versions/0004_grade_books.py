"""Guardians, goals, grade books, weekly updates, and the hours that a school has bought."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "goals",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("words", sa.String(length=500), nullable=False),
        sa.Column("target_day", sa.Date(), nullable=True),
        sa.Column("set_by", sa.String(length=64), nullable=False),
        sa.Column("set_ms", sa.BigInteger(), nullable=False),
        sa.Column("reached_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["set_by"], ["users.id"], name=op.f("fk_goals_set_by")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_goals_student")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_goals")),
    )
    op.create_index(op.f("ix_goals_student"), "goals", ["student"], unique=False)
    op.create_table(
        "guardians",
        sa.Column("guardian", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("since_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["guardian"], ["users.id"], name=op.f("fk_guardians_guardian")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_guardians_student")),
        sa.PrimaryKeyConstraint("guardian", "student", name=op.f("pk_guardians")),
    )
    op.create_index(op.f("ix_guardians_student"), "guardians", ["student"], unique=False)
    op.create_table(
        "hours_contracts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=100), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("from_day", sa.Date(), nullable=False),
        sa.Column("until_day", sa.Date(), nullable=False),
        sa.Column("no_show", sa.String(length=16), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("entered_ms", sa.BigInteger(), nullable=False),
        sa.Column("ended_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_hours_contracts_entered_by")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_hours_contracts_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hours_contracts")),
    )
    op.create_index(op.f("ix_hours_contracts_school"), "hours_contracts", ["school"], unique=False)
    op.create_table(
        "grade_categories",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_grade_categories_class")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_grade_categories")),
        sa.UniqueConstraint("class", "name", name=op.f("uq_grade_categories_class")),
    )
    op.create_table(
        "weekly_updates",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("monday", sa.Date(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("written_by", sa.String(length=64), nullable=False),
        sa.Column("written_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_weekly_updates_class")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_weekly_updates_student")),
        sa.ForeignKeyConstraint(["written_by"], ["users.id"], name=op.f("fk_weekly_updates_written_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_weekly_updates")),
        sa.UniqueConstraint("class", "student", "monday", name="uq_weekly_updates_class_student_monday"),
    )
    op.create_index(op.f("ix_weekly_updates_student"), "weekly_updates", ["student"], unique=False)
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("category", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("most_points", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("removed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["category"], ["grade_categories.id"], name=op.f("fk_assignments_category")),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_assignments_class")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    op.create_index(op.f("ix_assignments_class"), "assignments", ["class"], unique=False)
    op.create_table(
        "scores",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("assignment", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("points", sa.Float(), nullable=True),
        sa.Column("comment", sa.String(length=500), nullable=False),
        sa.Column("entered_by", sa.String(length=64), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["assignment"], ["assignments.id"], name=op.f("fk_scores_assignment")),
        sa.ForeignKeyConstraint(["entered_by"], ["users.id"], name=op.f("fk_scores_entered_by")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_scores_student")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scores")),
    )
    op.create_index("ix_scores_assignment_student", "scores", ["assignment", "student", "at_ms"], unique=False)
    op.create_index(op.f("ix_scores_student"), "scores", ["student"], unique=False)
