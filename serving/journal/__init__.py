"""The journal: everything that was acknowledged, on disk before the acknowledgement.

A ledger lives in memory; the journal is what a restart replays into it, and what a checkpoint hands
over to the ledger's folder. SQLite is the default: each append is one transaction that is on the
disk when it returns. PostgreSQL works by URL where its driver is installed. One journal has one
writing process; SQLite enforces that by its lock, PostgreSQL by an advisory one.
"""

from serving.journal.entries import Entries
from serving.journal.journal import Journal
from serving.journal.tables import JournalError, New, utc

__all__ = ["Entries", "Journal", "JournalError", "New", "utc"]
