"""Who did what, and who may see what."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SQLITE_RULES = (
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'a line of the audit is not changed'); END
    """,
    """
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'a line of the audit is not removed'); END
    """,
)

POSTGRESQL_RULES = (
    """
    CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a line of the audit is not changed')
    """,
    """
    CREATE TRIGGER audit_is_not_removed BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a line of the audit is not removed')
    """,
    """
    CREATE TRIGGER audit_is_not_emptied BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION chorus_refuses('the audit is not emptied')
    """,
)


def upgrade():
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("what", sa.String(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("about", sa.String(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_audit_study_id"),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
    )
    op.create_index("ix_audit_study_id", "audit", ["study_id", "id"])
    op.create_table(
        "access",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["account.id"], name="fk_access_account_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name="fk_access_study_id"),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name="fk_access_school_id"),
        sa.PrimaryKeyConstraint("id", name="pk_access"),
    )
    op.create_index("ix_access_account_id", "access", ["account_id"])
    # Whoever had a role before had it in every study.
    op.execute(
        "INSERT INTO access (account_id, role) SELECT account_role.account_id, role.name "
        "FROM account_role JOIN role ON role.id = account_role.role_id"
    )
    for rule in SQLITE_RULES if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_RULES:
        op.execute(rule)


def downgrade():
    op.drop_table("access")
    op.drop_table("audit")
