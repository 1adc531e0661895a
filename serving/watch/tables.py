"""The tables of watch lists, their wallets and secrets, and of what is to be delivered."""

import sqlalchemy as sa

from serving.records import METADATA

WAITING, DELIVERED, DEAD = "waiting", "delivered", "dead"  # states of a delivery

LISTS = sa.Table(
    "watch_lists",
    METADATA,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("ledger", sa.Text, nullable=False),
    sa.Column("callback", sa.Text, nullable=False),
    sa.Column("thresholds", sa.Text),  # JSON; null: the bands of the endpoint
    sa.Column("author", sa.Text, nullable=False),
    sa.Column("changed_at_us", sa.BigInteger, nullable=False),
)
WALLETS = sa.Table(
    "watched_wallets",
    METADATA,
    sa.Column("list", sa.Text, primary_key=True),
    sa.Column("wallet", sa.Text, primary_key=True),
    sa.Column("band", sa.Text),  # as it was told last; null: not looked at yet
    sa.Column("probability", sa.Double),
    sa.Column("listed", sa.Text),  # JSON: digests of the entries of lists in force
    sa.Column("as_of", sa.Text),
)
SECRETS = sa.Table(
    "watch_secrets",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("list", sa.Text, nullable=False, index=True),
    sa.Column("secret", sa.Text, nullable=False),  # webhooks are signed with it, so no hash will do
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("ends_at_us", sa.BigInteger),
)
DELIVERIES = sa.Table(
    "watch_deliveries",
    METADATA,
    sa.Column("id", sa.Text, primary_key=True),  # the webhook-id
    sa.Column("list", sa.Text, nullable=False, index=True),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("created_at_us", sa.BigInteger, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("due_at_us", sa.BigInteger, nullable=False),
    sa.Column("outcome", sa.Text),  # of the last attempt
    sa.Column("done_at_us", sa.BigInteger),
    sa.Index("watch_deliveries_due", "state", "due_at_us"),
)
