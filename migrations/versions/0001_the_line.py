"""The study, its field, its publications, its doors, the answers, and those who sign in."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

# Three rules the database keeps itself, whatever program writes to it:
#   a definition's text is neither changed nor removed, for answers belong to it;
#   a save in the log is not changed;
#   a save goes only with all that somebody withdrew, that is when its response is 'withdrawn' or 'declined'.

SQLITE_RULES = (
    """
    CREATE TRIGGER definition_is_not_changed BEFORE UPDATE ON definition
    BEGIN SELECT RAISE(ABORT, 'a published text is not changed'); END
    """,
    """
    CREATE TRIGGER definition_is_not_removed BEFORE DELETE ON definition
    BEGIN SELECT RAISE(ABORT, 'a published text is not removed'); END
    """,
    """
    CREATE TRIGGER save_is_not_changed BEFORE UPDATE ON save
    BEGIN SELECT RAISE(ABORT, 'a save is not changed'); END
    """,
    """
    CREATE TRIGGER save_goes_only_when_withdrawn BEFORE DELETE ON save
    WHEN NOT EXISTS (
        SELECT 1 FROM response WHERE id = OLD.response_id AND state IN ('withdrawn', 'declined')
    )
    BEGIN SELECT RAISE(ABORT, 'a save is removed only when its response is withdrawn'); END
    """,
)

POSTGRESQL_RULES = (
    """
    CREATE FUNCTION chorus_refuses() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_ARGV[0], ERRCODE = 'integrity_constraint_violation'; END $$
    """,
    """
    CREATE FUNCTION chorus_keeps_saves() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
        IF EXISTS (
            SELECT 1 FROM response WHERE id = OLD.response_id AND state IN ('withdrawn', 'declined')
        ) THEN RETURN OLD; END IF;
        RAISE EXCEPTION 'a save is removed only when its response is withdrawn'
            USING ERRCODE = 'integrity_constraint_violation';
    END $$
    """,
    """
    CREATE TRIGGER definition_is_not_changed BEFORE UPDATE ON definition
    FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a published text is not changed')
    """,
    """
    CREATE TRIGGER definition_is_not_removed BEFORE DELETE ON definition
    FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a published text is not removed')
    """,
    """
    CREATE TRIGGER definition_is_not_emptied BEFORE TRUNCATE ON definition
    FOR EACH STATEMENT EXECUTE FUNCTION chorus_refuses('a published text is not removed')
    """,
    """
    CREATE TRIGGER save_is_not_changed BEFORE UPDATE ON save
    FOR EACH ROW EXECUTE FUNCTION chorus_refuses('a save is not changed')
    """,
    """
    CREATE TRIGGER save_goes_only_when_withdrawn BEFORE DELETE ON save
    FOR EACH ROW EXECUTE FUNCTION chorus_keeps_saves()
    """,
    """
    CREATE TRIGGER save_is_not_emptied BEFORE TRUNCATE ON save
    FOR EACH STATEMENT EXECUTE FUNCTION chorus_refuses('saves are not removed all at once')
    """,
)


def upgrade():
    op.create_table(
        "account",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("username", sa.String(), nullable=True),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("fs_uniquifier", sa.String(), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(), nullable=True),
        sa.Column("last_login_at", sa.DateTime(), nullable=True),
        sa.Column("current_login_at", sa.DateTime(), nullable=True),
        sa.Column("last_login_ip", sa.String(), nullable=True),
        sa.Column("current_login_ip", sa.String(), nullable=True),
        sa.Column("login_count", sa.Integer(), nullable=True),
        sa.Column("tf_primary_method", sa.String(), nullable=True),
        sa.Column("tf_totp_secret", sa.String(), nullable=True),
        sa.Column("tf_phone_number", sa.String(), nullable=True),
        sa.Column("mf_recovery_codes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("email", name=op.f("uq_account_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_account_fs_uniquifier")),
        sa.UniqueConstraint("username", name=op.f("uq_account_username")),
    )
    op.create_table(
        "definition",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_definition")),
    )
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
    op.create_table(
        "study",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("time_zone", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["definition.sha256"], name=op.f("fk_study_sha256")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("code", name=op.f("uq_study_code")),
    )
    op.create_table(
        "participant",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("audience", sa.String(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_participant_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_participant")),
        sa.UniqueConstraint("study_id", "code", name=op.f("uq_participant_study_id_code")),
    )
    op.create_table(
        "programme",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_programme_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme")),
        sa.UniqueConstraint("study_id", "code", name=op.f("uq_programme_study_id_code")),
    )
    op.create_table(
        "publication",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["sha256"], ["definition.sha256"], name=op.f("fk_publication_sha256")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_publication_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication")),
        sa.UniqueConstraint(
            "study_id", "questionnaire", "version", name=op.f("uq_publication_study_id_questionnaire_version")
        ),
    )
    op.create_table(
        "wave",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("opens", sa.Date(), nullable=True),
        sa.Column("closes", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_wave_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wave")),
        sa.UniqueConstraint("study_id", "code", name=op.f("uq_wave_study_id_code")),
    )
    op.create_table(
        "school",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=True),
        sa.Column("arm", sa.String(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["programme_id"], ["programme.id"], name=op.f("fk_school_programme_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_school_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school")),
        sa.UniqueConstraint("study_id", "code", name=op.f("uq_school_study_id_code")),
    )
    op.create_table(
        "school_class",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_school_class_school_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_class")),
        sa.UniqueConstraint("school_id", "code", name=op.f("uq_school_class_school_id_code")),
    )
    op.create_table(
        "door",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("school_class_id", sa.Integer(), nullable=True),
        sa.Column("link_hash", sa.String(), nullable=False),
        sa.Column("code_hash", sa.String(), nullable=False),
        sa.Column("opens_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_door_participant_id")),
        sa.ForeignKeyConstraint(["school_class_id"], ["school_class.id"], name=op.f("fk_door_school_class_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_door_school_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_door_study_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_door_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_door")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_door_code_hash")),
        sa.UniqueConstraint("link_hash", name=op.f("uq_door_link_hash")),
    )
    op.create_index(op.f("ix_door_participant_id"), "door", ["participant_id"], unique=False)
    op.create_index(op.f("ix_door_wave_id"), "door", ["wave_id"], unique=False)
    op.create_table(
        "membership",
        sa.Column("participant_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("school_class_id", sa.Integer(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_membership_participant_id")),
        sa.ForeignKeyConstraint(["school_class_id"], ["school_class.id"], name=op.f("fk_membership_school_class_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_membership_school_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_membership_wave_id")),
        sa.PrimaryKeyConstraint("participant_id", "wave_id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_school_class_id"), "membership", ["school_class_id"], unique=False)
    op.create_index(op.f("ix_membership_school_id"), "membership", ["school_id"], unique=False)
    op.create_table(
        "response",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("study_id", sa.Integer(), nullable=False),
        sa.Column("wave_id", sa.Integer(), nullable=False),
        sa.Column("questionnaire", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("door_id", sa.Integer(), nullable=True),
        sa.Column("participant_id", sa.Integer(), nullable=True),
        sa.Column("school_id", sa.Integer(), nullable=True),
        sa.Column("school_class_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("mode", sa.String(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("first_epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("stamps", sa.Text(), nullable=False),
        sa.Column("screens", sa.Text(), nullable=False),
        sa.Column("assent", sa.Boolean(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_epoch", sa.Integer(), nullable=True),
        sa.Column("end_sequence", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('started', 'finished', 'stopped', 'declined', 'withdrawn')",
            name=op.f("ck_response_state"),
        ),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name=op.f("fk_response_door_id")),
        sa.ForeignKeyConstraint(["participant_id"], ["participant.id"], name=op.f("fk_response_participant_id")),
        sa.ForeignKeyConstraint(["school_class_id"], ["school_class.id"], name=op.f("fk_response_school_class_id")),
        sa.ForeignKeyConstraint(["school_id"], ["school.id"], name=op.f("fk_response_school_id")),
        sa.ForeignKeyConstraint(["sha256"], ["definition.sha256"], name=op.f("fk_response_sha256")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_response_study_id")),
        sa.ForeignKeyConstraint(["wave_id"], ["wave.id"], name=op.f("fk_response_wave_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint(
            "participant_id",
            "wave_id",
            "questionnaire",
            name=op.f("uq_response_participant_id_wave_id_questionnaire"),
        ),
    )
    op.create_index("ix_response_study_id", "response", ["study_id", "questionnaire", "wave_id"], unique=False)
    op.create_table(
        "save",
        sa.Column("response_id", sa.String(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("screen", sa.String(), nullable=False),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("ms", sa.Integer(), nullable=True),
        sa.Column("device_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("layout", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("epoch >= 1 AND sequence >= 1", name=op.f("ck_save_key")),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name=op.f("fk_save_response_id")),
        sa.PrimaryKeyConstraint("response_id", "epoch", "sequence", name=op.f("pk_save")),
        sqlite_with_rowid=False,
    )
    for rule in SQLITE_RULES if op.get_bind().dialect.name == "sqlite" else POSTGRESQL_RULES:
        op.get_bind().exec_driver_sql(rule)


def downgrade():
    # A trigger goes with its table; the functions of PostgreSQL stay behind.
    op.drop_table("save")
    op.drop_index("ix_response_study_id", table_name="response")
    op.drop_table("response")
    op.drop_index(op.f("ix_membership_school_id"), table_name="membership")
    op.drop_index(op.f("ix_membership_school_class_id"), table_name="membership")
    op.drop_table("membership")
    op.drop_index(op.f("ix_door_wave_id"), table_name="door")
    op.drop_index(op.f("ix_door_participant_id"), table_name="door")
    op.drop_table("door")
    op.drop_table("school_class")
    op.drop_table("school")
    op.drop_table("wave")
    op.drop_table("publication")
    op.drop_table("programme")
    op.drop_table("participant")
    op.drop_table("study")
    op.drop_table("account_role")
    op.drop_table("role")
    op.drop_table("definition")
    op.drop_table("account")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION chorus_refuses(), chorus_keeps_saves()")
