"""Performances, and the links of those who came to them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "performance",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_performance_study_id"),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name="fk_performance_wave_id"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_performance_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_performance"),
        sa.UniqueConstraint("study_id", "code", name="uq_performance_study_id_code"),
    )
    # Written out: Alembic would make the table anew on SQLite, and answers hang on it.
    op.execute(
        "ALTER TABLE door ADD COLUMN performance_id INTEGER "
        "CONSTRAINT fk_door_performance_id REFERENCES performance (id)"
    )


def downgrade():
    op.execute("ALTER TABLE door DROP COLUMN performance_id")
    op.drop_table("performance")
