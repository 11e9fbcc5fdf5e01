"""The sessions of those who came by a coordinator's link, so that signing out ends them on the server."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "link_session",
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("link_id", sa.Integer(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["link_id"], ["coordinator_link.id"], name="fk_link_session_link_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key_hash", name="pk_link_session"),
    )
    op.create_index("ix_link_session_link_id", "link_session", ["link_id"])


def downgrade():
    op.drop_table("link_session")
