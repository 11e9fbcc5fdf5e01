"""Papers as they were printed, and as two people keyed them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "paper",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("printed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_paper_study_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_paper_wave_id")),
        sa.ForeignKeyConstraint(["sha256"], ["definition.sha256"], name=op.f("fk_paper_sha256")),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_paper_door_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_paper_participant_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_paper_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_paper")),
        sa.UniqueConstraint("door_id", "number", name=op.f("uq_paper_door_id_number")),
    )
    op.create_index(op.f("ix_paper_participant_id"), "paper", ["participant_id"])
    op.create_index(op.f("ix_paper_response_id"), "paper", ["response_id"])
    op.create_index("ix_paper_study_id", "paper", ["study_id", "wave_id", "questionnaire"])
    op.create_table(
        "keying",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sa.Integer(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("assent", sa.Boolean(), nullable=True),
        sa.Column("filled_on", sa.Date(), nullable=True),
        sa.Column("keyed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.CheckConstraint("turn IN (1, 2)", name=op.f("ck_keying_turn")),
        sa.ForeignKeyConstraint(["paper_id"], ["paper.id"], name=op.f("fk_keying_paper_id")),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name=op.f("fk_keying_account_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_keying_response_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keying")),
        sa.UniqueConstraint("paper_id", "turn", name=op.f("uq_keying_paper_id_turn")),
        sa.UniqueConstraint("paper_id", "account_id", name=op.f("uq_keying_paper_id_account_id")),
    )
    op.create_index(op.f("ix_keying_response_id"), "keying", ["response_id"])


def downgrade():
    op.drop_table("keying")
    op.drop_table("paper")
