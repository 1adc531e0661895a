"""What the journal asks of PostgreSQL, as far as that can be told without a server."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from serving.journal.engine import _prepare_postgresql
from serving.journal.tables import METADATA, JournalError


class Session:
    """A connection that answers one question."""

    def __init__(self, answer: bool) -> None:
        self.answer, self.asked, self.committed = answer, "", False

    def cursor(self) -> "Session":
        return self

    def execute(self, statement: str) -> None:
        self.asked = statement

    def fetchone(self) -> tuple[bool]:
        return (self.answer,)

    def commit(self) -> None:
        self.committed = True

    def close(self) -> None:
        pass


def test_one_session_becomes_the_writer() -> None:
    session: Any = Session(True)
    _prepare_postgresql(session, None)
    assert session.asked.startswith("SELECT pg_try_advisory_lock(")
    assert session.committed
    other: Any = Session(False)
    with pytest.raises(JournalError, match="another process writes to it"):
        _prepare_postgresql(other, None)
    assert other.asked == session.asked


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_the_tables_are_postgresqls_too(table: sa.Table) -> None:
    dialect: Any = postgresql
    text = str(CreateTable(table).compile(dialect=dialect.dialect()))
    assert "CREATE TABLE" in text
    assert "AUTOINCREMENT" not in text
