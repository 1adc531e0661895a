"""A journal's database: one connection, which no other process may have beside it."""

from pathlib import Path

import sqlalchemy as sa

from features.errors import RiskError
from serving import sql
from serving.journal import postgresql

_SQLITE = sql.pragmas(
    busy_timeout=500, locking_mode="EXCLUSIVE", journal_mode="WAL", synchronous="FULL"
)


def open_engine(url: str) -> sa.Engine:
    """The database of a journal, see :func:`serving.sql.open_engine`."""
    # one connection: the lock belongs to it, and appends come one by one
    return sql.open_engine(
        url, "journal", sqlite=_SQLITE, postgresql=postgresql.prepare,
        poolclass=sa.QueuePool, pool_size=1, max_overflow=0,
    )  # fmt: skip


def database_file(engine: sa.Engine) -> Path | None:
    """The file of an SQLite database, under the name that the URL gives; None of another.

    Raises
    ------
    RiskError
        The database is in memory only.
    """
    if engine.dialect.name != "sqlite":
        return None
    with engine.connect() as connection:
        _, _, opened = connection.exec_driver_sql("PRAGMA database_list").one()
    if not opened:
        raise RiskError(
            f"journal {engine.url} lives in memory only, where what was acknowledged is lost with "
            "the process; name a file, such as sqlite:////data/journal.sqlite"
        )
    named = Path(engine.url.database or opened).absolute()
    return named if named.exists() else Path(opened)
