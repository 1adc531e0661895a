"""What a session of PostgreSQL must be for a journal: its one writer, on disk, and never mute."""

from serving.journal.tables import JournalError
from serving.sql import TO_DISK, Session, preparing

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
_LOSES = (
    "SELECT name FROM pg_settings WHERE name IN ('fsync', 'full_page_writes') AND setting='off'"
)


def prepare(connection: Session, _: object) -> None:
    """Become the one writer for as long as the session lasts; one that is lost asks again.

    Raises
    ------
    JournalError
        Another session is the writer, or the server does not put on disk what it says it did.
    """
    with preparing(connection) as cursor:
        cursor.execute(_BECOME_WRITER)
        (locked,) = cursor.fetchone() or (False,)
        if not locked:
            raise JournalError("another process writes to it")
        cursor.execute(_END_WITH_CLIENT)
        cursor.execute(TO_DISK)
        cursor.execute(_LOSES)
        if loses := cursor.fetchone():
            raise JournalError(
                f"the server runs with {loses[0]} = off and may lose what it committed"
            )
