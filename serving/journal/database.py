"""A journal's database: its one connection, and the watch over its file."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError
from serving.journal.engine import database_file, open_engine
from serving.journal.tables import METADATA, TRANSFERS, JournalError
from serving.journal.watched_file import WatchedFile
from serving.sql import cause, raising

_JOINED = "walletrisk_joined"  # of a session: it wrote


class Database:
    """What a journal reads and writes with.

    Attributes
    ----------
    rejoin : callable
        Gets the connection of every session but the first, before that writes.

    Parameters
    ----------
    url : str
        See :class:`serving.journal.Journal`.

    Raises
    ------
    RiskError
        As :class:`serving.journal.Journal` says.
    """

    def __init__(self, url: str) -> None:
        self.engine = open_engine(url)
        self.place = self.engine.url.render_as_string(hide_password=True)
        self.rejoin: Callable[[sa.Connection], None] = lambda _: None
        self._changing = threading.Lock()
        self._watched: WatchedFile | None = None
        try:
            file = database_file(self.engine)
            METADATA.create_all(self.engine)
            self._add_value()
            self._watched = None if file is None else WatchedFile(file)
        except (SQLAlchemyError, JournalError) as error:
            self.close()
            raise RiskError(
                f"journal {self.place} cannot be opened (one process at a time may): {cause(error)}"
            ) from error
        except BaseException:
            self.close()
            raise

    def _add_value(self) -> None:
        """Give a journal of a time when all ledgers were of one asset its column of values."""
        held = {column["name"] for column in sa.inspect(self.engine).get_columns(TRANSFERS.name)}
        if TRANSFERS.c.value.name not in held:
            kind = TRANSFERS.c.value.type.compile(self.engine.dialect)
            with self.engine.begin() as connection:
                connection.execute(sa.text(f"ALTER TABLE {TRANSFERS.name} ADD COLUMN value {kind}"))

    def close(self) -> None:
        """Let go of it."""
        self.engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A connection to read with; :class:`JournalError` where it cannot be."""
        with raising(JournalError, f"journal {self.place}"), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, failure: str) -> Iterator[sa.Connection]:
        """One transaction, on disk at its end in the file that the next start will open."""
        with self._changing:
            if self._watched is not None:
                self._watched.check()
            try:
                with raising(JournalError, failure), self.engine.begin() as connection:
                    if not connection.info.get(_JOINED):
                        self.rejoin(connection)
                    yield connection
                    connection.info[_JOINED] = True
            finally:
                if self._watched is not None:
                    self._watched.confirm()
