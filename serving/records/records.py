"""The database of records, which commands may open beside the endpoint.

The journal is a file of its own, because one process alone may have it.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError
from serving import sql

_SQLITE = sql.pragmas(busy_timeout=5000, journal_mode="WAL", synchronous="FULL")
METADATA = sa.MetaData()  # of all tables of records; modules add theirs


def _keep(connection: sql.Session, _: object) -> None:
    """Have what a session of PostgreSQL commits on disk when it says so."""
    with sql.preparing(connection) as cursor:
        cursor.execute(sql.TO_DISK)


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
        self.engine = sql.open_engine(url, "records", sqlite=_SQLITE, postgresql=_keep)
        self.place = self.engine.url.render_as_string(hide_password=True)
        self._writing = threading.Lock()  # SQLite lets one write; others would time out
        try:
            METADATA.create_all(self.engine)
        except SQLAlchemyError as error:
            self.close()
            raise RiskError(f"records {self.place} cannot be opened: {sql.cause(error)}") from error

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with; :class:`RecordsError` where it cannot be."""
        failing = sql.raising(RecordsError, f"records {self.place}")
        with failing, self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, failure: str) -> Iterator[sa.Connection]:
        """One transaction; ``failure`` says what did not happen where it cannot be written."""
        failing = sql.raising(RecordsError, failure)
        with self._writing, failing, self.engine.begin() as connection:
            yield connection

    def check(self) -> None:
        """Raise :class:`RecordsError` unless the database answers."""
        with self.reading() as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()
