"""Pacing guides of classes, in versions."""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "pacing_guides",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("class", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("made_ms", sa.BigInteger(), nullable=False),
        sa.Column("replaced_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["class"], ["classes.id"], name=op.f("fk_pacing_guides_class")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_pacing_guides_made_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pacing_guides")),
    )
    op.create_index("ix_pacing_guides_class_version", "pacing_guides", ["class", "version"], unique=True)
    op.create_table(
        "pacing_weeks",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("guide", sa.String(length=64), nullable=False),
        sa.Column("week", sa.Date(), nullable=False),
        sa.Column("topic", sa.String(length=200), nullable=False),
        sa.Column("goal", sa.String(length=300), nullable=False),
        sa.Column("material", sa.String(length=200), nullable=False),
        sa.Column("covered_day", sa.Date(), nullable=True),
        sa.Column("covered_by", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["covered_by"], ["users.id"], name=op.f("fk_pacing_weeks_covered_by")),
        sa.ForeignKeyConstraint(["guide"], ["pacing_guides.id"], name=op.f("fk_pacing_weeks_guide")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pacing_weeks")),
    )
    op.create_index("ix_pacing_weeks_guide_week", "pacing_weeks", ["guide", "week"], unique=True)
