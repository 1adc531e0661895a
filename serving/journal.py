"""The journal: every transfer that was acknowledged, on disk before the acknowledgement.

A ledger lives in memory; the journal is what a restart replays into it. SQLite is the default: each
append is one transaction that is on the disk when it returns. PostgreSQL works by URL where its
driver is installed. One journal has one writing process; SQLite enforces that by its lock.
"""

import time
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import numpy as np
import pandas as pd
import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features import Transfer
from features.errors import RiskError
from features.ledger import microseconds

REPLAY_ROWS = 50_000

New: TypeAlias = pd.DataFrame | Sequence[Transfer]  # as the ledger's two checks return them

_METADATA = sa.MetaData()
TRANSFERS = sa.Table(
    "transfers",
    _METADATA,
    # SQLite numbers rows by itself only where the key's type is INTEGER
    sa.Column("seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
    sa.Column("tx_id", sa.Text, nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("timestamp_us", sa.BigInteger, nullable=False),
    sa.Column("sender", sa.Text, nullable=False),
    sa.Column("recipient", sa.Text, nullable=False),
    sa.Column("amount", sa.Double, nullable=False),
    sa.Column("asset", sa.Text, nullable=False),
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
)


class JournalError(RuntimeError):
    """The journal cannot be read or written now."""


class Journal:
    """Append-only table of transfers.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, such as ``sqlite:////data/journal.sqlite`` or ``postgresql+psycopg://...``.

    Raises
    ------
    RiskError
        The URL is none, its driver is not installed, or another process has the journal open.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(url)
        self.place = self._engine.url.render_as_string(hide_password=True)
        try:
            _METADATA.create_all(self._engine)
            with self._engine.connect() as connection:
                last = connection.scalar(sa.select(sa.func.max(TRANSFERS.c.seq)))
        except SQLAlchemyError as error:
            self.close()
            raise RiskError(
                f"journal {self.place} cannot be opened (one process at a time may): "
                f"{_cause(error)}"
            ) from error
        self.last_seq: int = last or 0

    def append(self, transfers: New) -> int:
        """Write transfers in one transaction; they are on disk when this returns.

        Parameters
        ----------
        transfers : DataFrame or sequence of Transfer
            Checked transfers, as ``Ledger.check_append`` or ``Ledger.check_stream`` returns them;
            none is fine.

        Returns
        -------
        int
            Number of the journal's last transfer.

        Raises
        ------
        JournalError
            Nothing was written.
        """
        if not len(transfers):
            return self.last_seq
        rows = _rows(transfers, received_at_us=time.time_ns() // 1000)
        try:
            with self._engine.begin() as connection:
                connection.execute(sa.insert(TRANSFERS), rows)
                last = connection.scalar(sa.select(sa.func.max(TRANSFERS.c.seq)))
        except SQLAlchemyError as error:
            raise JournalError(
                f"the journal did not take the transfers, none was added: {_cause(error)}"
            ) from error
        self.last_seq = last or 0
        return self.last_seq

    def replay(self, *, rows: int = REPLAY_ROWS) -> Iterator[pd.DataFrame]:
        """All transfers in the order they came, at most ``rows`` at a time.

        Raises
        ------
        JournalError
            The journal cannot be read.
        """
        seq = 0
        while True:
            query = sa.select(TRANSFERS).where(TRANSFERS.c.seq > seq)
            try:
                with self._engine.connect() as connection:
                    found = connection.execute(query.order_by(TRANSFERS.c.seq).limit(rows)).all()
            except SQLAlchemyError as error:
                raise JournalError(f"journal {self.place}: {_cause(error)}") from error
            if not found:
                return
            frame = pd.DataFrame.from_records(found, columns=TRANSFERS.columns.keys())
            seq = int(frame["seq"].iloc[-1])
            frame.insert(2, "timestamp", utc(frame.pop("timestamp_us").to_numpy(np.int64)))
            yield frame.drop(columns=["seq", "received_at_us"])

    def check(self) -> None:
        """Raise :class:`JournalError` unless the database answers."""
        try:
            with self._engine.connect() as connection:
                connection.execute(sa.text("SELECT 1"))
        except SQLAlchemyError as error:
            raise JournalError(f"the journal does not answer: {_cause(error)}") from error

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()


def utc(microseconds: np.ndarray[tuple[int], np.dtype[np.int64]]) -> pd.DatetimeIndex:
    """Microseconds since 1970 as datetime64[us, UTC]."""
    return pd.DatetimeIndex(microseconds.view("datetime64[us]")).tz_localize("UTC")


def _engine(url: str) -> sa.Engine:
    try:
        # one connection: SQLite's exclusive lock belongs to it, and appends come one by one
        engine = sa.create_engine(
            url, pool_size=1, max_overflow=0, pool_pre_ping=True, hide_parameters=True
        )
    except (SQLAlchemyError, ImportError, TypeError) as error:
        raise RiskError(f"journal: no usable database URL ({_cause(error)})") from error
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
    return engine


def _prepare_sqlite(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 500")
    cursor.execute("PRAGMA locking_mode = EXCLUSIVE")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.close()


def _rows(transfers: New, *, received_at_us: int) -> list[dict[str, object]]:
    names = ["tx_id", "position", "sender", "recipient", "amount", "asset"]
    if isinstance(transfers, pd.DataFrame):
        times = microseconds(transfers["timestamp"]).tolist()
        rows = list(zip(*(transfers[name].tolist() for name in names), strict=True))
    else:
        times = [one.microseconds for one in transfers]
        rows = [tuple(getattr(one, name) for name in names) for one in transfers]
    return [
        dict(
            zip(
                [*names, "timestamp_us", "received_at_us"],
                [*row, when, received_at_us],
                strict=True,
            )
        )
        for row, when in zip(rows, times, strict=True)
    ]


def _cause(error: Exception) -> str:
    """First line of the driver's own message, without statement and parameters."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
