"""Deletion on the day: what remains of a study, and the one road by which its answers may go."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

# Rules the database keeps itself, whatever program writes to it:
#   what is written about a deletion is neither changed nor removed;
#   a response goes only after a deletion of its study was written down;
#   a save goes only then, or with all that somebody withdrew;
#   a study whose data were deleted gets no new ones.

LEDGERS = ("deletion", "deletion_count", "deletion_note", "remaining_count")
FIXED = "what is written about a deletion is neither changed nor removed"
OVER = "the data of this study were deleted on their day: it takes no new ones"
CLOSED = ("participant", "response")
KEPT = "a response is removed only when its study is deleted on its day"

SQLITE_SAVES = """
    CREATE TRIGGER save_goes_only_when_withdrawn BEFORE DELETE ON save
    WHEN NOT EXISTS (
        SELECT 1 FROM response WHERE id = OLD.response_id AND ({ways})
    )
    BEGIN SELECT RAISE(ABORT, 'a save is removed only when its response is withdrawn'); END
"""
POSTGRESQL_SAVES = """
    CREATE OR REPLACE FUNCTION chorus_keeps_saves() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF EXISTS (
            SELECT 1 FROM response WHERE id = OLD.response_id AND ({ways})
        ) THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'a save is removed only when its response is withdrawn'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
"""
WITHDRAWN = "state IN ('withdrawn', 'declined')"
ON_THE_DAY = "response.study_id IN (SELECT deletion.study_id FROM deletion)"

# Tables whose rows go on the day, with what the database says to whoever tries it before: each has a study_id.
GO_ON_THE_DAY = {
    "response_goes_only_on_the_day": ("response", KEPT),
    "decision_is_not_removed": ("decision", "a decision is not removed"),
}
# A certificate stays, but no longer says whose: that is all that may be changed of it, and only on the day.
CERTIFICATE_KEPT = "a certificate is not changed"
COLUMNS = ("number", "at", "study_id", "scope", "wave_id", "responses", "decided_by", "backups_gone_on")
SAME = " AND ".join(f"NEW.{name} {{same}} OLD.{name}" for name in COLUMNS)
LET_GO = (
    "OLD.study_id IN (SELECT study_id FROM deletion) AND NEW.participant_id IS NULL AND NEW.response_id IS NULL "
    f"AND {SAME}"
)

# For a later table of a study that only grows and goes on the day: on PostgreSQL
#   CREATE TRIGGER … BEFORE DELETE ON … FOR EACH ROW EXECUTE FUNCTION chorus_goes_on_the_day('what it says else')
# and on SQLite the same condition in the trigger's WHEN.
POSTGRESQL_FUNCTIONS = (
    """
    CREATE FUNCTION chorus_goes_on_the_day() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF OLD.study_id IN (SELECT study_id FROM deletion) THEN RETURN OLD; END IF;
        RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    f"""
    CREATE FUNCTION chorus_study_is_over() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF NEW.study_id NOT IN (SELECT study_id FROM deletion) THEN RETURN NEW; END IF;
        RAISE EXCEPTION '{OVER}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    f"""
    CREATE FUNCTION chorus_lets_go() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF {LET_GO.format(same="IS NOT DISTINCT FROM")} THEN RETURN NEW; END IF;
        RAISE EXCEPTION '{CERTIFICATE_KEPT}' USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
)


def run(*statements):
    for statement in statements:
        op.get_bind().exec_driver_sql(statement)


def on_sqlite():
    return op.get_bind().dialect.name == "sqlite"


def upgrade():
    op.create_table(
        "deletion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("backups_gone", sa.Date(), nullable=False),
        sa.Column("first_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_deletion_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion")),
        sa.UniqueConstraint("study_id", name=op.f("uq_deletion_study_id")),
        sa.UniqueConstraint("number", name=op.f("uq_deletion_number")),
    )
    op.create_table(
        "deletion_count",
        sa.Column("deletion_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("before", sa.Integer(), nullable=False),
        sa.Column("after", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name=op.f("fk_deletion_count_deletion_id")),
        sa.PrimaryKeyConstraint("deletion_id", "name", name=op.f("pk_deletion_count")),
    )
    op.create_table(
        "deletion_note",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name=op.f("fk_deletion_note_deletion_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deletion_note")),
    )
    op.create_index(op.f("ix_deletion_note_deletion_id"), "deletion_note", ["deletion_id"], unique=False)
    op.create_table(
        "remaining_count",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("deletion_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("wave", sa.String(), nullable=False),
        sa.Column("school", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=True),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["deletion_id"], ["deletion.id"], name=op.f("fk_remaining_count_deletion_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_remaining_count")),
        sa.UniqueConstraint(
            "deletion_id",
            "kind",
            "name",
            "wave",
            "school",
            "state",
            name=op.f("uq_remaining_count_deletion_id_kind_name_wave_school_state"),
        ),
    )
    op.create_index("ix_remaining_count_deletion_id", "remaining_count", ["deletion_id"], unique=False)
    ways = f"{WITHDRAWN} OR {ON_THE_DAY}"
    if on_sqlite():
        _rules_of_sqlite(ways)
    else:
        _rules_of_postgresql(ways)


def _rules_of_sqlite(ways):
    run(
        "DROP TRIGGER save_goes_only_when_withdrawn",
        "DROP TRIGGER decision_is_not_removed",
        "DROP TRIGGER certificate_is_not_changed",
        "CREATE TRIGGER certificate_is_not_changed BEFORE UPDATE ON certificate "
        f"WHEN NOT ({LET_GO.format(same='IS')}) BEGIN SELECT RAISE(ABORT, '{CERTIFICATE_KEPT}'); END",
        SQLITE_SAVES.format(ways=ways),
    )
    for name, (table, says) in GO_ON_THE_DAY.items():
        run(
            f"CREATE TRIGGER {name} BEFORE DELETE ON {table} WHEN OLD.study_id NOT IN (SELECT study_id FROM deletion) "
            f"BEGIN SELECT RAISE(ABORT, '{says}'); END"
        )
    for table in CLOSED:
        run(
            f"CREATE TRIGGER {table}_comes_no_more BEFORE INSERT ON {table} "
            f"WHEN NEW.study_id IN (SELECT study_id FROM deletion) BEGIN SELECT RAISE(ABORT, '{OVER}'); END"
        )
    for table in LEDGERS:
        for deed in ("UPDATE", "DELETE"):
            run(
                f"CREATE TRIGGER {table}_stays_{deed.lower()} BEFORE {deed} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{FIXED}'); END"
            )


def _rules_of_postgresql(ways):
    run(
        *POSTGRESQL_FUNCTIONS,
        POSTGRESQL_SAVES.format(ways=ways),
        "DROP TRIGGER decision_is_not_removed ON decision",
        "DROP TRIGGER certificate_is_not_changed ON certificate",
        "CREATE TRIGGER certificate_is_not_changed BEFORE UPDATE ON certificate "
        "FOR EACH ROW EXECUTE FUNCTION chorus_lets_go()",
        "CREATE TRIGGER response_is_not_emptied BEFORE TRUNCATE ON response "
        f"FOR EACH STATEMENT EXECUTE FUNCTION chorus_refuses('{KEPT}')",
    )
    for name, (table, says) in GO_ON_THE_DAY.items():
        run(
            f"CREATE TRIGGER {name} BEFORE DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION chorus_goes_on_the_day('{says}')"
        )
    for table in CLOSED:
        run(
            f"CREATE TRIGGER {table}_comes_no_more BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION chorus_study_is_over()"
        )
    for table in LEDGERS:
        for deed, each in (("UPDATE", "ROW"), ("DELETE", "ROW"), ("TRUNCATE", "STATEMENT")):
            run(
                f"CREATE TRIGGER {table}_stays_{deed.lower()} BEFORE {deed} ON {table} "
                f"FOR EACH {each} EXECUTE FUNCTION chorus_refuses('{FIXED}')"
            )


def downgrade():
    on = "" if on_sqlite() else " ON {table}"
    for table in CLOSED:
        run(f"DROP TRIGGER {table}_comes_no_more" + on.format(table=table))
    for name, (table, _) in GO_ON_THE_DAY.items():
        run(f"DROP TRIGGER {name}" + on.format(table=table))
    run("DROP TRIGGER certificate_is_not_changed" + on.format(table="certificate"))
    if on_sqlite():
        run("DROP TRIGGER save_goes_only_when_withdrawn", SQLITE_SAVES.format(ways=WITHDRAWN))
        run(
            "CREATE TRIGGER decision_is_not_removed BEFORE DELETE ON decision "
            "BEGIN SELECT RAISE(ABORT, 'a decision is not removed'); END",
            "CREATE TRIGGER certificate_is_not_changed BEFORE UPDATE ON certificate "
            "BEGIN SELECT RAISE(ABORT, 'a certificate is not changed'); END",
        )
    else:
        run("DROP TRIGGER response_is_not_emptied ON response", POSTGRESQL_SAVES.format(ways=WITHDRAWN))
        run(
            "CREATE TRIGGER decision_is_not_removed BEFORE DELETE ON decision "
            "FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a decision is not removed')",
            "CREATE TRIGGER certificate_is_not_changed BEFORE UPDATE ON certificate "
            "FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a certificate is not changed')",
        )
        for name in ("chorus_goes_on_the_day", "chorus_study_is_over", "chorus_lets_go"):
            run(f"DROP FUNCTION {name}()")
    op.drop_index("ix_remaining_count_deletion_id", table_name="remaining_count")
    op.drop_table("remaining_count")
    op.drop_index(op.f("ix_deletion_note_deletion_id"), table_name="deletion_note")
    op.drop_table("deletion_note")
    op.drop_table("deletion_count")
    op.drop_table("deletion")
