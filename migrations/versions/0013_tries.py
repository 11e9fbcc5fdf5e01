"""Tries at typed codes are counted from the first of ten minutes on, and deleted by age."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("sign_in_attempt", sa.Column("since", sa.DateTime(timezone=True), nullable=True))
    op.create_index("ix_sign_in_attempt_last_at", "sign_in_attempt", ["last_at"])


def downgrade():
    op.drop_index("ix_sign_in_attempt_last_at", "sign_in_attempt")
    op.drop_column("sign_in_attempt", "since")
