"""A new session of a journal's database must find what the former one left.

With a server, a session can be lost and come back. Meanwhile another process may have been the
writer; then the ledger in memory lacks what that one took in. Or the session was lost while it
committed: what it wrote may be there, though nobody was told so.
"""

from collections.abc import Sequence
from typing import Any, TypeAlias

import sqlalchemy as sa

from serving.journal.facts import Facts
from serving.journal.tables import RETRACTIONS, TRANSFERS, JournalError

Rows: TypeAlias = Sequence[dict[str, Any]]
_SAME = ("seq", "tx_id", "received_at_us")


def rejoin(connection: sa.Connection, facts: Facts, last_seq: int, doubtful: Rows) -> None:
    """Take back what a session may have committed when it was lost; else all must be as it was.

    Parameters
    ----------
    connection : Connection
        Of the new session, in a transaction.
    facts : Facts
        As this process knows them.
    last_seq : int
        Number of the last entry that was acknowledged.
    doubtful : sequence of dict
        Rows of the write that failed last.

    Raises
    ------
    JournalError
        Another process wrote to the journal.
    """
    ours = {tuple(row[name] for name in _SAME) for row in doubtful}
    found: set[tuple[Any, ...]] = set()
    for table in (TRANSFERS, RETRACTIONS):
        query = sa.select(*(table.c[name] for name in _SAME)).where(table.c.seq > last_seq)
        found |= {tuple(row) for row in connection.execute(query)}
    if Facts.read(connection) != facts or not found <= ours:
        raise JournalError(
            "another process wrote to it while the session of this one was lost: start again, "
            "which brings in what that one took"
        )
    for table in (TRANSFERS, RETRACTIONS):
        connection.execute(sa.delete(table).where(table.c.seq > last_seq))
