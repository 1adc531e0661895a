"""A journal's database: one connection, which no other process may have beside it."""

from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError
from serving.journal import postgresql
from serving.journal.tables import cause


def open_engine(url: str) -> sa.Engine:
    """The database of a journal.

    Raises
    ------
    RiskError
        The URL is none, or its driver is not installed.
    """
    try:
        # one connection: the lock belongs to it, and appends come one by one
        engine = sa.create_engine(
            url,
            connect_args=postgresql.connect_arguments(sa.make_url(url)),
            poolclass=sa.QueuePool,
            pool_size=1,
            max_overflow=0,
            pool_pre_ping=True,
            hide_parameters=True,
        )
    except (SQLAlchemyError, ImportError, TypeError) as error:
        raise RiskError(f"journal: no usable database URL ({cause(error)})") from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    elif engine.dialect.name == "postgresql":
        sa.event.listen(engine, "connect", postgresql.prepare)
    return engine


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 500")
    cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


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
