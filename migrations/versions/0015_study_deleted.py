"""A study knows when its data were deleted: publishing asks it, and need not know who deletes."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("study", sa.Column("deleted_at", sa.DateTime(timezone=True), nullable=True))
    op.execute("UPDATE study SET deleted_at = (SELECT at FROM deletion WHERE deletion.study_id = study.id)")


def downgrade():
    op.drop_column("study", "deleted_at")
