"""Class sessions without cards, and how a whole class answers."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def _sitting(card_needed, name, ways):
    """The table as it is before the change, for SQLite, where it is made anew: nothing hangs on its rows."""
    moment = sa.DateTime(timezone=True)
    return sa.Table(
        "sitting",
        sa.MetaData(),
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("class_session_id", sa.Integer(), nullable=False),
        sa.Column("card_id", sa.Integer(), nullable=not card_needed),
        sa.Column("door_id", sa.Integer(), nullable=False),
        sa.Column("response_id", sa.String(), nullable=True),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("joined_at", moment, nullable=False),
        sa.Column("closed_at", moment, nullable=True),
        sa.CheckConstraint(ways, name=name),
        sa.ForeignKeyConstraint(["class_session_id"], ["class_session.id"], name="fk_sitting_class_session_id"),
        sa.ForeignKeyConstraint(["card_id"], ["card.id"], name="fk_sitting_card_id"),
        sa.ForeignKeyConstraint(["door_id"], ["door.id"], name="fk_sitting_door_id"),
        sa.ForeignKeyConstraint(["response_id"], ["response.id"], name="fk_sitting_response_id"),
        sa.PrimaryKeyConstraint("id", name="pk_sitting"),
        sa.Index("ix_sitting_card_id", "card_id"),
        sa.Index("ix_sitting_response_id", "response_id"),
    )


# The name as 0016 made it, with the table in it twice, and as it is now.
_BEFORE = op.f("ck_sitting_ck_sitting_how"), "how IN ('qr', 'pictures', 'let in')"
_AFTER = op.f("ck_sitting_how"), "how IN ('qr', 'pictures', 'let in', 'class code')"


def upgrade():
    # Written out: Alembic would make the table anew on SQLite, and sittings hang on it.
    op.execute(
        "ALTER TABLE class_session ADD COLUMN door_id INTEGER CONSTRAINT fk_class_session_door_id REFERENCES door (id)"
    )
    op.add_column("class_session", sa.Column("mode", sa.String(), nullable=True))
    with op.batch_alter_table("sitting", copy_from=_sitting(True, *_BEFORE)) as batch:
        batch.drop_constraint(_BEFORE[0], type_="check")
        batch.alter_column("card_id", existing_type=sa.Integer(), nullable=True)
        batch.create_check_constraint(_AFTER[0], sa.text(_AFTER[1]))
    op.create_index("ix_sitting_class_session_id", "sitting", ["class_session_id"])


def downgrade():
    op.drop_index("ix_sitting_class_session_id", "sitting")
    op.execute("DELETE FROM sitting WHERE card_id IS NULL")
    with op.batch_alter_table("sitting", copy_from=_sitting(False, *_AFTER)) as batch:
        batch.drop_constraint(_AFTER[0], type_="check")
        batch.alter_column("card_id", existing_type=sa.Integer(), nullable=False)
        batch.create_check_constraint(_BEFORE[0], sa.text(_BEFORE[1]))
    op.drop_column("class_session", "mode")
    op.execute("ALTER TABLE class_session DROP COLUMN door_id")
