"""What the journal asks of PostgreSQL, as far as that can be told without a server."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from serving.journal.tables import METADATA
from serving.sql import connect_arguments


def test_waiting_has_an_end_unless_the_url_says_otherwise() -> None:
    url = sa.make_url("postgresql+psycopg://h/db?connect_timeout=60")
    assert "connect_timeout" not in connect_arguments(url)
    assert connect_arguments(url)["tcp_user_timeout"] == 15_000
    assert connect_arguments(sa.make_url("sqlite://")) == {}


@pytest.mark.parametrize("table", METADATA.sorted_tables, ids=lambda table: table.name)
def test_the_tables_are_postgresqls_too(table: sa.Table) -> None:
    dialect: Any = postgresql
    text = str(CreateTable(table).compile(dialect=dialect.dialect()))
    assert "CREATE TABLE" in text
    assert "AUTOINCREMENT" not in text
