"""Districts, onboarding checklists, and links for sending rosters in."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "districts",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_districts")),
    )
    op.create_table(
        "onboardings",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("contract_day", sa.Date(), nullable=False),
        sa.Column("start_day", sa.Date(), nullable=False),
        sa.Column("responsible", sa.String(length=200), nullable=False),
        sa.Column("entered_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_onboardings_school")),
        sa.PrimaryKeyConstraint("school", name=op.f("pk_onboardings")),
    )
    op.create_table(
        "onboarding_steps",
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("step", sa.String(length=32), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("done_by", sa.String(length=64), nullable=False),
        sa.Column("done_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["done_by"], ["users.id"], name=op.f("fk_onboarding_steps_done_by")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_onboarding_steps_school")),
        sa.PrimaryKeyConstraint("school", "step", name=op.f("pk_onboarding_steps")),
    )
    op.create_table(
        "roster_links",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=64), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.Column("used_ms", sa.BigInteger(), nullable=True),
        sa.Column("upload", sa.String(length=64), nullable=True),
        sa.Column("revoked_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["contact"], ["users.id"], name=op.f("fk_roster_links_contact")),
        sa.ForeignKeyConstraint(["made_by"], ["users.id"], name=op.f("fk_roster_links_made_by")),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_roster_links_school")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roster_links")),
    )
    op.create_index("ix_roster_links_school_created_ms", "roster_links", ["school", "created_ms"], unique=False)
    op.add_column("logins", sa.Column("at_school", sa.String(length=64), nullable=True))
    op.add_column("schools", sa.Column("district", sa.String(length=64), nullable=True))
    op.create_index(op.f("ix_schools_district"), "schools", ["district"], unique=False)
