"""SQL databases of the endpoint: how they are opened, and what becomes of their errors."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError

# libpq's; without them a network that swallows packets holds a writer for a quarter of an hour
CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_LIBPQ = ("psycopg", "psycopg2")
# SQLite numbers rows by itself only where the key's type is INTEGER
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TO_DISK = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""

Session = sa.engine.interfaces.DBAPIConnection
Prepare = Callable[[Session, object], None]


def open_engine(
    url: str, what: str, *, sqlite: Prepare, postgresql: Prepare, **pool: Any
) -> sa.Engine:
    """The database of a URL, each of whose sessions is prepared as its kind must be.

    Parameters
    ----------
    url : str
        SQLAlchemy's.
    what : str
        What it is to hold, for messages.
    sqlite, postgresql : callable
        Get each new session of such a database.
    pool
        Further arguments of SQLAlchemy's pool.

    Raises
    ------
    RiskError
        The URL is none, or its driver is not installed.
    """
    try:
        engine = sa.create_engine(
            url,
            connect_args=connect_arguments(sa.make_url(url)),
            pool_pre_ping=True,
            hide_parameters=True,
            **pool,
        )
    except (SQLAlchemyError, ImportError, TypeError) as error:
        raise RiskError(f"{what}: no usable database URL ({cause(error)})") from error
    prepare = {"sqlite": sqlite, "postgresql": postgresql}.get(engine.dialect.name)
    if prepare is not None:
        sa.event.listen(engine, "connect", prepare)
    return engine


def connect_arguments(url: sa.URL) -> dict[str, Any]:
    """Arguments of the driver that bound its waiting; what the URL says itself stays."""
    if url.get_backend_name() != "postgresql" or url.get_driver_name() not in _LIBPQ:
        return {}
    return {name: value for name, value in CONNECT.items() if name not in url.query}


def pragmas(**settings: str | int) -> Prepare:
    """Prepare sessions of SQLite by settings of its own."""

    def prepare(connection: Session, _: object) -> None:
        cursor = connection.cursor()
        for name, value in settings.items():
            cursor.execute(f"PRAGMA {name} = {value}")
        cursor.close()

    return prepare


@contextmanager
def preparing(connection: Session) -> Iterator[sa.engine.interfaces.DBAPICursor]:
    """A cursor of a new session, whose work is committed; a session that fails ends at once."""
    try:
        cursor = connection.cursor()
        yield cursor
        cursor.close()
        connection.commit()
    except BaseException:
        connection.close()
        raise


@contextmanager
def raising(error: type[Exception], failure: str) -> Iterator[None]:
    """Turn errors of the database into another, which says what failed and why."""
    try:
        yield
    except SQLAlchemyError as found:
        raise error(f"{failure}: {cause(found)}") from found


def cause(error: Exception) -> str:
    """First line of the driver's own message, without statement and parameters."""
    return str(getattr(error, "orig", None) or error).partition("\n")[0]
