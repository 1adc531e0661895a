"""What a session of PostgreSQL must be for a journal: its one writer, on disk, and never mute."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from serving.journal.tables import JournalError

# libpq's; without them a network that swallows packets holds a writer for a quarter of an hour
CONNECT = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
_LIBPQ = ("psycopg", "psycopg2")

# a lock of the schema that the tables are in; PostgreSQL keeps those of two databases apart itself
_BECOME_WRITER = """
SELECT pg_try_advisory_lock(
    hashtextextended('walletrisk journal ' || coalesce(current_schema(), ''), 0))
"""
# the server lets go of a session, and of its lock, whose client has vanished
_END_WITH_CLIENT = """
SELECT set_config('tcp_keepalives_idle', '10', false),
    set_config('tcp_keepalives_interval', '5', false),
    set_config('tcp_keepalives_count', '3', false)
"""
_TO_DISK = """
SELECT set_config('synchronous_commit', 'on', false)
WHERE current_setting('synchronous_commit') = 'off'
"""
_LOSES = (
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting='off'"
)


def connect_arguments(url: sa.URL) -> dict[str, Any]:
    """Arguments of the driver that bound its waiting; what the URL says itself stays."""
    if url.get_backend_name() != "postgresql" or url.get_driver_name() not in _LIBPQ:
        return {}
    return {name: value for name, value in CONNECT.items() if name not in url.query}


def keep(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    """Have what a session commits on disk when it says so."""
    with _closed_if_refused(connection) as cursor:
        cursor.execute(_TO_DISK)


def prepare(connection: sa.engine.interfaces.DBAPIConnection, _: object) -> None:
    """Become the one writer for as long as the session lasts; one that is lost asks again.

    Raises
    ------
    JournalError
        Another session is the writer, or the server does not put on disk what it says it did.
    """
    with _closed_if_refused(connection) as cursor:
        cursor.execute(_BECOME_WRITER)
        (locked,) = cursor.fetchone() or (False,)
        if not locked:
            raise JournalError("another process writes to it")
        cursor.execute(_END_WITH_CLIENT)
        cursor.execute(_TO_DISK)
        cursor.execute(_LOSES)
        if loses := cursor.fetchone():
            raise JournalError(
                f"the server runs with {loses[0]} = off and may lose what it committed"
            )


@contextmanager
def _closed_if_refused(
    connection: sa.engine.interfaces.DBAPIConnection,
) -> Iterator[sa.engine.interfaces.DBAPICursor]:
    """A cursor of a new session, whose work is committed; a session that fails ends at once."""
    try:
        cursor = connection.cursor()
        yield cursor
        cursor.close()
        connection.commit()
    except BaseException:
        connection.close()
        raise
