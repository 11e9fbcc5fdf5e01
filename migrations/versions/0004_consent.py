"""Information sheets, the ledger of decisions, erasures, certificates, receipts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# What was once written down about consent stays as it was written: these tables only grow.
GROWS_ONLY = {
    "sheet": "an information sheet",
    "sheet_issue": "the record of a sheet that was sent",
    "decision": "a decision",
    "erasure": "the record of an erasure",
    "certificate": "a certificate",
}


def _rules(table, what):
    """Yield the triggers that let a table do nothing but grow."""
    if op.get_bind().dialect.name == "sqlite":
        for name, event, done in (("changed", "UPDATE", "changed"), ("removed", "DELETE", "removed")):
            yield (
                f"CREATE TRIGGER {table}_is_not_{name} BEFORE {event} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{what} is not {done}'); END"
            )
        return
    for name, event, each in (
        ("changed", "UPDATE", "ROW"),
        ("removed", "DELETE", "ROW"),
        ("emptied", "TRUNCATE", "STATEMENT"),
    ):
        yield (
            f"CREATE TRIGGER {table}_is_not_{name} BEFORE {event} ON {table} "
            f"FOR EACH {each} EXECUTE FUNCTION chorus_refuses('{what} is not {name}')"
        )


def upgrade():
    op.create_table(
        "sheet",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_sheet_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet")),
        sa.UniqueConstraint("study_id", "audience", "version", name=op.f("uq_sheet_study_id_audience_version")),
    )
    op.create_table(
        "sheet_issue",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sheet_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["sheet_id"], ["sheet.id"], name=op.f("fk_sheet_issue_sheet_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_sheet_issue_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sheet_issue")),
    )
    op.create_index(op.f("ix_sheet_issue_sheet_id"), "sheet_issue", ["sheet_id"])
    op.create_table(
        "decision",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("says", sa.String(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=True),
        sa.Column("sheet_version", sa.Integer(), nullable=True),
        sa.Column("questionnaire", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=True),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('decision', 'assent')", name=op.f("ck_decision_kind")),
        sa.CheckConstraint("says IN ('yes', 'no', 'withdrawn')", name=op.f("ck_decision_says")),
        sa.CheckConstraint("scope IN ('wave', 'future', 'all')", name=op.f("ck_decision_scope")),
        sa.CheckConstraint("scope <> 'wave' OR wave_id IS NOT NULL", name=op.f("ck_decision_wave")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_decision_study_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_decision_participant_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_decision_wave_id")),
        sa.ForeignKeyConstraint(["sha256"], ["definition.sha256"], name=op.f("fk_decision_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decision")),
    )
    op.create_index(op.f("ix_decision_study_id"), "decision", ["study_id"])
    op.create_index(op.f("ix_decision_participant_id"), "decision", ["participant_id"])
    op.create_table(
        "erasure",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("study", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.CheckConstraint("kind IN ('response', 'participant', 'study')", name=op.f("ck_erasure_kind")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasure")),
    )
    op.create_table(
        "certificate",
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.Column("scope", sa.String(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=True),
        sa.Column("responses", sa.Integer(), nullable=False),
        sa.Column("decided_by", sa.String(), nullable=False),
        sa.Column("backups_gone_on", sa.Date(), nullable=False),
        sa.CheckConstraint("scope IN ('wave', 'future', 'all')", name=op.f("ck_certificate_scope")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_certificate_study_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_certificate_participant_id")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_certificate_response_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_certificate_wave_id")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_certificate")),
    )
    op.create_index(op.f("ix_certificate_study_id"), "certificate", ["study_id"])
    op.create_index(op.f("ix_certificate_participant_id"), "certificate", ["participant_id"])
    op.create_index(op.f("ix_certificate_response_id"), "certificate", ["response_id"])
    op.create_table(
        "receipt",
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_receipt_response_id")),
        sa.PrimaryKeyConstraint("code_hash", name=op.f("pk_receipt")),
        sa.UniqueConstraint("response_id", name=op.f("uq_receipt_response_id")),
    )
    for table, what in GROWS_ONLY.items():
        for rule in _rules(table, what):
            op.get_bind().exec_driver_sql(rule)


def downgrade():
    # A trigger goes with its table.
    for table in ("receipt", "certificate", "erasure", "decision", "sheet_issue", "sheet"):
        op.drop_table(table)
