"""The database of records, which commands may open beside the endpoint.

The journal is a file of its own, because one process alone may have it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError
from serving.journal import postgresql
from serving.journal.tables import cause

METADATA = sa.MetaData()  # of all tables of records; modules add theirs


class RecordsError(Exception):
    """The database did not answer; nothing was written."""


class Records:
    """A database that is on disk when a block of writing ends.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: an SQLite file or a PostgreSQL database.

    Raises
    ------
    RiskError
        The URL is none, its driver is not installed, or the database does not open.
    """

    def __init__(self, url: str) -> None:
        try:
            self.engine = sa.create_engine(
                url,
                connect_args=postgresql.connect_arguments(sa.make_url(url)),
                pool_pre_ping=True,
                hide_parameters=True,
            )
        except (SQLAlchemyError, ImportError, TypeError) as error:
            raise RiskError(f"records: no usable database URL ({cause(error)})") from error
        self.place = self.engine.url.render_as_string(hide_password=True)
        self._writing = threading.Lock()  # SQLite lets one write; others would time out
        if self.engine.dialect.name == "sqlite":
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
        elif self.engine.dialect.name == "postgresql":
            sa.event.listen(self.engine, "connect", postgresql.keep)
        try:
            METADATA.create_all(self.engine)
        except SQLAlchemyError as error:
            self.close()
            raise RiskError(f"records {self.place} cannot be opened: {cause(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with; :class:`RecordsError` where it cannot be."""
        try:
            with self.engine.connect() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise RecordsError(f"records {self.place}: {cause(error)}") from error

    @contextmanager
    def writing(self, failure: str) -> Iterator[sa.Connection]:
        """One transaction; ``failure`` says what did not happen where it cannot be written."""
        with self._writing:
            try:
                with self.engine.begin() as connection:
                    yield connection
            except SQLAlchemyError as error:
                raise RecordsError(f"{failure}: {cause(error)}") from error

    def check(self) -> None:
        """Raise :class:`RecordsError` unless the database answers."""
        with self.reading() as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 5000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()
