"""Who is asked: links between parents and pupils, who left, linkage by keyed hash."""

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    pass


def downgrade():
    pass
