"""Which child of a parent a response is about, and the household whose rows belong together."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade():
    # Written out: Alembic would make the table anew on SQLite, and answers hang on it.
    for column in (
        "household_id VARCHAR CONSTRAINT fk_response_household_id REFERENCES response (id)",
        "child INTEGER DEFAULT '1' NOT NULL",
        "child_id INTEGER CONSTRAINT fk_response_child_id REFERENCES participant (id)",
        "child_by VARCHAR CONSTRAINT ck_response_child_by CHECK (child_by IN ('roster', 'typed'))",
        "parent_id INTEGER CONSTRAINT fk_response_parent_id REFERENCES participant (id)",
    ):
        op.execute(f"ALTER TABLE response ADD COLUMN {column}")
    op.create_index("uq_response_household_id_child", "response", ["household_id", "child"], unique=True)
    op.create_index("ix_response_child_id", "response", ["child_id"])
    op.create_index("ix_response_parent_id", "response", ["parent_id"])


def downgrade():
    op.drop_index("ix_response_parent_id", "response")
    op.drop_index("ix_response_child_id", "response")
    op.drop_index("uq_response_household_id_child", "response")
    for column in ("parent_id", "child_by", "child_id", "child", "household_id"):
        op.execute(f"ALTER TABLE response DROP COLUMN {column}")
