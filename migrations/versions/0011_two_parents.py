"""Which parent decided, and how a no and a yes that disagree were resolved."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade():
    # Written out: Alembic would make the table anew on SQLite, and the ledger only grows.
    op.execute("ALTER TABLE decision ADD COLUMN parent VARCHAR")
    op.execute(
        "ALTER TABLE decision ADD COLUMN resolved VARCHAR CONSTRAINT ck_decision_resolved "
        "CHECK (resolved IN ('changed mind', 'agreed', 'one decides'))"
    )


def downgrade():
    op.execute("ALTER TABLE decision DROP COLUMN resolved")
    op.execute("ALTER TABLE decision DROP COLUMN parent")
