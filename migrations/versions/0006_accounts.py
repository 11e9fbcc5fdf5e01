"""Invitations, second factors, slowing down, coordinators' links; grants are all there is of roles."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def new():
    return [
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("totp_secret", sa.String(), nullable=True),
        sa.Column("totp_pending", sa.String(), nullable=True),
        sa.Column("totp_step", sa.Integer(), nullable=True),
        sa.Column("organisation", sa.String(), nullable=True),
    ]


def old():
    return [
        sa.Column("username", sa.String(), nullable=True),
        sa.Column("last_login_at", sa.DateTime(), nullable=True),
        sa.Column("current_login_at", sa.DateTime(), nullable=True),
        sa.Column("last_login_ip", sa.String(), nullable=True),
        sa.Column("current_login_ip", sa.String(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.Column("tf_primary_method", sa.String(), nullable=True),
        sa.Column("tf_totp_secret", sa.String(), nullable=True),
        sa.Column("tf_phone_number", sa.String(), nullable=True),
        sa.Column("mf_recovery_codes", sa.Text(), nullable=False, server_default="[]"),
    ]


KEPT = ["id", "email", "password", "active", "fs_uniquifier"]


def change_account(columns):
    """Let the table of accounts have these columns beside those it keeps.

    SQLite cannot drop a column that is unique, so the table is made anew there. The old one takes the grants along when
    it goes, so they are put back. (Renaming instead would make SQLite read every trigger there is.)
    """
    accounts = sa.table("account", *(sa.column(name) for name in KEPT), sa.column("confirmed_at", sa.DateTime()))
    access = sa.table("access", *(sa.column(name) for name in ("id", "account_id", "role", "study_id", "school_id")))
    held = [[dict(row) for row in op.get_bind().execute(sa.select(table)).mappings()] for table in (accounts, access)]
    op.drop_table("account")
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        *columns,
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_account_fs_uniquifier")),
        *(sa.UniqueConstraint(one.name, name=f"uq_account_{one.name}") for one in columns if one.name == "username"),
    )
    for table, rows in zip((accounts, access), held, strict=True):
        if rows:
            op.execute(sa.delete(table))
            op.bulk_insert(table, rows)


def upgrade():
    # What a role opened is in the grants since 0002.
    op.drop_table("account_role")
    op.drop_table("role")
    if op.get_bind().dialect.name == "sqlite":
        change_account(new())
    else:
        for column in old():
            op.drop_column("account", column.name)
        for column in new():
            op.add_column("account", column)
    op.create_table(
        "invitation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(), nullable=True),
        sa.Column("study_id", sa.Integer(), nullable=True),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_invitation_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_invitation_study_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_invitation_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_email"), "invitation", ["email"])
    op.create_table(
        "coordinator_link",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_coordinator_link_study_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_coordinator_link_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coordinator_link")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_coordinator_link_token_hash")),
    )
    op.create_index(op.f("ix_coordinator_link_study_id"), "coordinator_link", ["study_id"])
    op.create_table(
        "recovery_code",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_recovery_code_account_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", "hash", name=op.f("pk_recovery_code")),
    )
    op.create_table(
        "sign_in_attempt",
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("wait_until", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_sign_in_attempt")),
    )


def downgrade():
    op.drop_table("sign_in_attempt")
    op.drop_table("recovery_code")
    op.drop_table("coordinator_link")
    op.drop_table("invitation")
    if op.get_bind().dialect.name == "sqlite":
        change_account(old())
    else:
        for column in new():
            op.drop_column("account", column.name)
        for column in old():
            op.add_column("account", column)
        op.create_unique_constraint("uq_account_username", "account", ["username"])
    op.create_table(
        "role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("permissions", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role")),
        sa.UniqueConstraint("name", name=op.f("uq_role_name")),
    )
    op.create_table(
        "account_role",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["account.id"], name=op.f("fk_account_role_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["role_id"], ["role.id"], name=op.f("fk_account_role_role_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("account_id", "role_id", name=op.f("pk_account_role")),
    )
    op.execute("INSERT INTO role (name, permissions) SELECT DISTINCT role, '[]' FROM access")
    # Earlier, a role counted in every study: nobody who had one in a single study is given the others.
    op.execute(
        "INSERT INTO account_role (account_id, role_id) SELECT DISTINCT access.account_id, role.id "
        "FROM access JOIN role ON role.name = access.role WHERE access.study_id IS NULL"
    )
