"""Reasons why somebody did not take part."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "reason",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.CheckConstraint(
            "reason IN ('absent', 'refused', 'excused', 'left', 'other')", name=op.f("ck_reason_reason")
        ),
        sa.ForeignKeyConstraint(
            ["participant_id"], ["participant.id"], name=op.f("fk_reason_participant_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_reason_wave_id")),
        sa.PrimaryKeyConstraint("participant_id", "wave_id", "questionnaire", name=op.f("pk_reason")),
    )
    op.create_index(op.f("ix_reason_wave_id"), "reason", ["wave_id"], unique=False)


def downgrade():
    op.drop_index(op.f("ix_reason_wave_id"), table_name="reason")
    op.drop_table("reason")
