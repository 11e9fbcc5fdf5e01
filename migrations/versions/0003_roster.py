"""Who is asked: schools' time zones, links between parents and pupils, who left, linkage by keyed hash."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("school", sa.Column("time_zone", sa.String(), nullable=True))
    op.add_column("membership", sa.Column("left_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("membership", sa.Column("left_why", sa.String(), nullable=True))
    op.create_table(
        "kinship",
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.Column("pupil_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["participant.id"], name=op.f("fk_kinship_parent_id")),
        sa.ForeignKeyConstraint(["pupil_id"], ["participant.id"], name=op.f("fk_kinship_pupil_id")),
        sa.PrimaryKeyConstraint("parent_id", "pupil_id", name=op.f("pk_kinship")),
    )
    op.create_index(op.f("ix_kinship_pupil_id"), "kinship", ["pupil_id"], unique=False)
    op.create_table(
        "linkage",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_linkage_participant_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_linkage_study_id")),
        sa.PrimaryKeyConstraint("participant_id", name=op.f("pk_linkage")),
        sa.UniqueConstraint("study_id", "hash", name=op.f("uq_linkage_study_id_hash")),
    )
    # What somebody uploaded and has not confirmed yet: checked, without identifiers, and gone after an hour.
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wave", sa.String(), nullable=True),
        sa.Column("correct", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("lists", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_upload_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )


def downgrade():
    op.drop_table("upload")
    op.drop_table("linkage")
    op.drop_index(op.f("ix_kinship_pupil_id"), table_name="kinship")
    op.drop_table("kinship")
    op.drop_column("membership", "left_why")
    op.drop_column("membership", "left_at")
    op.drop_column("school", "time_zone")
