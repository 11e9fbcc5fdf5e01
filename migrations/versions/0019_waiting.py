"""How many answers still wait on a child's device, and how the options lay on the pages of a response."""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("response", sa.Column("layout", sa.String(), nullable=True))
    op.add_column("response", sa.Column("waiting", sa.Integer(), nullable=False, server_default="0"))


def downgrade():
    op.drop_column("response", "waiting")
    op.drop_column("response", "layout")
