"""The table of decisions: rows are added, and ended, and never changed otherwise."""

import sqlalchemy as sa

from serving.records import METADATA

OVERRIDES = sa.Table(
    "overrides",
    METADATA,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("chain", sa.Text, nullable=False),  # empty: no named one
    sa.Column("wallet", sa.Text, nullable=False),
    sa.Column("decision", sa.Text, nullable=False),
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("caller", sa.Text, nullable=False),
    sa.Column("score", sa.String(32)),  # the answer that was decided on
    sa.Column("set_us", sa.BigInteger, nullable=False),
    sa.Column("expires_us", sa.BigInteger),
    sa.Column("ended_us", sa.BigInteger),  # withdrawn, or replaced by another
    sa.Column("ended_by", sa.Text),
    sa.Column("ended_why", sa.Text),
)
