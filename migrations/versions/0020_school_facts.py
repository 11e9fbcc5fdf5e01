"""What the list of schools says of each school."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("school", sa.Column("facts", sa.Text(), nullable=False, server_default="{}"))


def downgrade():
    op.drop_column("school", "facts")
