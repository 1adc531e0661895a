"""The tables of labels and feedback that came over HTTP."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import sqlalchemy as sa

from features.errors import RiskError
from serving.journal import utc
from serving.records import METADATA
from serving.sql import NUMBER

LABELS = sa.Table(
    "posted_labels",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),  # or the ledger's name where it is of none
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("original", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("known_at_us", sa.BigInteger, nullable=False),
    sa.Column("until_us", sa.BigInteger),  # null: holds on
    sa.Column("author", sa.Text, nullable=False),  # the caller
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_at_us", sa.BigInteger),  # when that was said, not when it ended
)
FEEDBACK = sa.Table(
    "feedback",
    METADATA,
    sa.Column("id", NUMBER, primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),
    sa.Column("wallet", sa.Text, nullable=False, index=True),
    sa.Column("finding", sa.Text, nullable=False),
    sa.Column("category", sa.Text, nullable=False),
    sa.Column("available_at_us", sa.BigInteger, nullable=False),
    sa.Column("confidence", sa.Double, nullable=False),
    sa.Column("score", sa.Text),  # id of the answer that it is about
    sa.Column("note", sa.Text),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("received_at_us", sa.BigInteger, nullable=False),
    sa.Column("operation", sa.Text),  # of the request, where it had a key
    sa.Column("place", sa.Integer, nullable=False),  # in the request
    sa.UniqueConstraint("operation", "place"),
)


def of_chain(
    connection: sa.Connection, table: sa.Table, chain: str | None, what: str
) -> sa.ColumnElement[bool]:
    """Rows of a chain; all of them where none is named; ``what`` they are, for messages.

    Raises
    ------
    RiskError
        They are of several chains, and none is named.
    """
    if chain is not None:
        return table.c.chain == chain
    chains = list(connection.scalars(sa.select(table.c.chain).distinct()))
    if len(chains) > 1:
        raise RiskError(f"the records hold {what} of {', '.join(chains)}: say which")
    return sa.true()


def instants(since_1970_us: Sequence[int | None]) -> pd.DatetimeIndex:
    """Microseconds since 1970 UTC as frames have them, NaT for None."""
    missing = np.datetime64("NaT", "us").astype(np.int64)
    numbers = np.array([missing if one is None else one for one in since_1970_us], np.int64)
    return utc(numbers)
