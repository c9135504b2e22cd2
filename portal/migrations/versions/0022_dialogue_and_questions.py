"""The dialogue about a student, and questions to the people who look after the service."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Only adds."""
    op.create_table(
        "dialogue_messages",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["users.id"], name=op.f("fk_dialogue_messages_author")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_dialogue_messages_student")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dialogue_messages")),
    )
    op.create_index("ix_dialogue_messages_student_at_ms", "dialogue_messages", ["student", "at_ms"], unique=False)
    op.create_table(
        "dialogue_looks",
        sa.Column("student", sa.String(length=64), nullable=False),
        sa.Column("reader", sa.String(length=64), nullable=False),
        sa.Column("seen_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["reader"], ["users.id"], name=op.f("fk_dialogue_looks_reader")),
        sa.ForeignKeyConstraint(["student"], ["users.id"], name=op.f("fk_dialogue_looks_student")),
        sa.PrimaryKeyConstraint("student", "reader", name=op.f("pk_dialogue_looks")),
    )
    op.create_table(
        "questions",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("school", sa.String(length=64), nullable=True),
        sa.Column("user", sa.String(length=64), nullable=True),
        sa.Column("lesson", sa.String(length=64), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("address", sa.String(length=254), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_ms", sa.BigInteger(), nullable=False),
        sa.Column("closed_ms", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["school"], ["schools.id"], name=op.f("fk_questions_school")),
        sa.ForeignKeyConstraint(["user"], ["users.id"], name=op.f("fk_questions_user")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_questions")),
    )
    op.create_index("ix_questions_school_created_ms", "questions", ["school", "created_ms"], unique=False)
    op.create_index(op.f("ix_questions_user"), "questions", ["user"], unique=False)
    op.create_table(
        "question_answers",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("question", sa.String(length=64), nullable=False),
        sa.Column("author", sa.String(length=64), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("at_ms", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["author"], ["users.id"], name=op.f("fk_question_answers_author")),
        sa.ForeignKeyConstraint(["question"], ["questions.id"], name=op.f("fk_question_answers_question")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question_answers")),
    )
    op.create_index(op.f("ix_question_answers_question"), "question_answers", ["question"], unique=False)
