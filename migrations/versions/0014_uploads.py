"""Files that wait to be confirmed are sealed, and of any kind: lists, decisions, answers, reasons, a study's folder."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


# Nothing in this table lives longer than an hour: it is made anew, and whoever was in between chooses the file again.
def upgrade():
    op.drop_table("upload")
    op.create_table(
        "upload",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_upload_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
    )


def downgrade():
    op.drop_table("upload")
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
