"""The schools that give a performance together."""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "performance_school",
        sa.Column("performance_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["performance_id"], ["performance.id"], name="fk_performance_school_performance_id"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_performance_school_school_id"),
        sa.PrimaryKeyConstraint("performance_id", "school_id", name="pk_performance_school"),
    )


def downgrade():
    op.drop_table("performance_school")
