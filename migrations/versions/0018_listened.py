"""How often Listen was pressed on each screen."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade():
    op.add_column("response", sa.Column("listened", sa.Text(), nullable=False, server_default="{}"))


def downgrade():
    op.drop_column("response", "listened")
