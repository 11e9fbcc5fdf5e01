"""What Alembic runs for every change of the tables, started by survey.database.upgrade."""

from alembic import context

from survey import audit, classroom, fieldwork, people, progress, responses, retention  # noqa: F401 - their tables are what the metadata holds
from survey.database import Base


def run(connection):
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        transactional_ddl=True,  # on SQLite as well: survey.database begins its transactions itself
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])
