"""Brings a database to this program's schema, in one transaction; a newer database stops the start."""

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from central.db.engine import Database
from commerce.errors import StorageError


async def migrate(database: Database) -> None:
    """Apply what is missing; StorageError ``storage.newer_schema`` when the database knows more than we do."""
    if not await database.read(is_current):
        await database.write(_upgrade)


def is_current(connection: Connection) -> bool:
    """Return whether the schema is this program's."""
    return _revision(connection) == ScriptDirectory.from_config(_config()).get_current_head()


def _upgrade(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":  # several server processes may start at once
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(7203114)")
    scripts = ScriptDirectory.from_config(_config())
    revision = _revision(connection)
    if revision is not None and revision not in {script.revision for script in scripts.walk_revisions()}:
        raise StorageError("storage.newer_schema", revision=revision)
    command.upgrade(_config(connection), "head")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "central.db:migrations")
    config.attributes["connection"] = connection
    return config
