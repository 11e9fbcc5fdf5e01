"""Cards, class sessions and the devices in them; and responses that were set aside."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade():
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "card",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_class_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("pictures", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("issued_at", moment, nullable=False),
        sa.CheckConstraint("number BETWEEN 1 AND 40", name="ck_card_number"),
        sa.ForeignKeyConstraint(["school_class_id"], ["school_class.id"], name="fk_card_school_class_id"),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_card_participant_id"),
        sa.PrimaryKeyConstraint("id", name="pk_card"),
        sa.UniqueConstraint("token_hash", name="uq_card_token_hash"),
        sa.UniqueConstraint("school_class_id", "number", name="uq_card_school_class_id_number"),
        sa.UniqueConstraint("school_class_id", "participant_id", name="uq_card_school_class_id_participant_id"),
    )
    op.create_index("ix_card_participant_id", "card", ["participant_id"])
    op.create_table(
        "class_session",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("school_class_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("code", sa.String(), nullable=True),
        sa.Column("code_hash", sa.String(), nullable=True),
        sa.Column("opened_at", moment, nullable=False),
        sa.Column("ends_by", moment, nullable=False),
        sa.Column("paused_at", moment, nullable=True),
        sa.Column("ended_at", moment, nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_class_session_study_id"),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name="fk_class_session_wave_id"),
        sa.ForeignKeyConstraint(["school_class_id"], ["school_class.id"], name="fk_class_session_school_class_id"),
        sa.PrimaryKeyConstraint("id", name="pk_class_session"),
        sa.UniqueConstraint("code_hash", name="uq_class_session_code_hash"),
    )
    op.create_index("ix_class_session_study_id", "class_session", ["study_id"])
    op.create_index("ix_class_session_school_class_id", "class_session", ["school_class_id"])
    op.create_table(
        "sitting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_session_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("joined_at", moment, nullable=False),
        sa.Column("closed_at", moment, nullable=True),
        sa.CheckConstraint("how IN ('qr', 'pictures', 'let in')", name="ck_sitting_how"),
        sa.ForeignKeyConstraint(["class_session_id"], ["class_session.id"], name="fk_sitting_class_session_id"),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name="fk_sitting_card_id"),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name="fk_sitting_door_id"),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name="fk_sitting_response_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sitting"),
    )
    op.create_index("ix_sitting_card_id", "sitting", ["card_id"])
    op.create_index("ix_sitting_response_id", "sitting", ["response_id"])
    op.create_table(
        "let_in",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_session_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("made_at", moment, nullable=False),
        sa.ForeignKeyConstraint(["class_session_id"], ["class_session.id"], name="fk_let_in_class_session_id"),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name="fk_let_in_card_id"),
        sa.PrimaryKeyConstraint("id", name="pk_let_in"),
        sa.UniqueConstraint("token_hash", name="uq_let_in_token_hash"),
        sa.UniqueConstraint("code_hash", name="uq_let_in_code_hash"),
        sa.UniqueConstraint("class_session_id", "card_id", name="uq_let_in_class_session_id_card_id"),
    )
    op.create_table(
        "help_given",
        sa.Column("class_session_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["class_session_id"], ["class_session.id"], name="fk_help_given_class_session_id"),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name="fk_help_given_card_id"),
        sa.PrimaryKeyConstraint("class_session_id", "card_id", name="pk_help_given"),
    )
    op.create_table(
        "set_aside",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name="fk_set_aside_response_id"),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name="fk_set_aside_participant_id"),
        sa.PrimaryKeyConstraint("response_id", name="pk_set_aside"),
    )
    op.create_index("ix_set_aside_participant_id", "set_aside", ["participant_id"])


def downgrade():
    for table in ("set_aside", "help_given", "let_in", "sitting", "class_session", "card"):
        op.drop_table(table)
