"""Databases of the fleet that fail, in words: what to do about each. Pure."""

from collections.abc import Iterable, Mapping

from standfast.detector.check_tables import Database, SqliteDatabase


def restore(databases: Iterable[Database], failed: Mapping[str, str]) -> str:
    """What mends those that fail, each by its kind; "" where none fails."""
    return "; ".join(_cure(database) for database in databases if database.name in failed)


def _cure(database: Database) -> str:
    if isinstance(database, SqliteDatabase):
        return f"Stop what writes to {database.path}, then put it back or restore it from its backup"
    return f"Look at the PostgreSQL server of {database.target}: systemctl status postgresql, where it is this host's"
