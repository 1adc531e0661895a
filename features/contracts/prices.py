"""The price contract, and what transfers were worth by a table of prices.

A transfer is priced by the latest price strictly before it: the price of its own instant may be
made of trades that followed it, and one that came later is not known then.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.addresses import assets
from features.contracts.checked import Checked, trusted
from features.contracts.received import Received, count
from features.contracts.times import microseconds
from features.contracts.transfers import MAX_AMOUNT, Transfers
from features.errors import LedgerError, TransfersError
from features.kernel import Float64s, Int64s

REQUIRED = ("asset", "timestamp", "price")
DOLLAR = "USD"


class Prices(Checked):
    """Checked prices, in order of asset and time."""


class Priced(NamedTuple):
    """Where the values of some transfers come from; numbers of transfers.

    Attributes
    ----------
    told : their row said it, or they are of the unit of account itself
    priced : by a price before them
    stale : the latest price before them was too old
    without : there was no price before them
    """

    told: int
    priced: int
    stale: int
    without: int

    def text(self) -> str:
        """One line."""
        unpriced = self.stale + self.without
        return (
            f"{count(self.priced, 'transfer')} priced, {self.told} came with a value; "
            f"{unpriced} without: {self.without} before any price of their asset, "
            f"{self.stale} with an old one"
        )


def check_prices(frame: pd.DataFrame) -> Prices:
    """Check prices against their contract and bring them into its types and order.

    Parameters
    ----------
    frame : DataFrame, shape (n, 3)
        ``asset``; ``timestamp``, datetimes with a time zone or ISO 8601 texts with an offset: when
        the price was known, so that a day's closing price belongs at the day's end; ``price``, in
        the unit of account a whole unit of the asset, from 0 to 1e60. No other columns.

    Raises
    ------
    TransfersError
        The frame breaks the contract, or holds two prices of one asset and instant.

    Examples
    --------
    >>> check_prices(pd.DataFrame({"asset": ["ETH"], "timestamp": ["2024-01-01T00:00:00Z"],
    ...     "price": [2300]}))["price"].tolist()
    [2300.0]
    """
    if trusted(frame, Prices):
        return frame
    received = Received(frame, "prices", TransfersError)
    received.check_columns(REQUIRED)
    prices = pd.DataFrame(
        {
            "asset": assets(received),
            "timestamp": received.times("timestamp"),
            "price": received.numbers("price", highest=MAX_AMOUNT),
        }
    )
    received.raise_problems()
    prices = prices.drop_duplicates().sort_values(["asset", "timestamp"], ignore_index=True)
    twice = prices[prices.duplicated(["asset", "timestamp"], keep=False)]
    if len(twice):
        one, other = twice.iloc[0], twice.iloc[1]
        raise received.fail(
            f"{one['asset']!r} has two prices at {one['timestamp'].isoformat()}: "
            f"{one['price']} and {other['price']}"
        )
    return Prices.seal(prices)


def told_values(transfers: pd.DataFrame, unit: str) -> Float64s:
    """The values that checked transfers come with, nan where they have none.

    Raises
    ------
    LedgerError
        They are in another unit of account than ``unit``.
    """
    if "amount_usd" in transfers and unit != DOLLAR and transfers["amount_usd"].notna().any():
        raise LedgerError(
            f"the ledger counts in {unit!r}, and amount_usd is in {DOLLAR}; leave the column out, "
            f"or build a ledger that counts in {DOLLAR}"
        )
    for name in ("value", "amount_usd"):
        if name in transfers:
            return transfers[name].to_numpy()
    return np.full(len(transfers), np.nan)


def priced(
    transfers: Transfers, prices: Prices, unit: str, max_age: pd.Timedelta
) -> tuple[Transfers, Priced]:
    """Give transfers that have no value one, from the latest price strictly before them.

    Parameters
    ----------
    transfers : Transfers
    prices : Prices
        In the unit of account.
    unit : str
        Of account; a transfer of the unit itself needs no price.
    max_age : Timedelta
        A price that is older counts as none.

    Returns
    -------
    Transfers
        With ``value``, nan where there is no price.
    Priced

    Raises
    ------
    LedgerError
        The transfers come with values in another unit.
    TransfersError
        A value is above 1e60.
    """
    value, counts = values_by(transfers, prices, unit, max_age)
    columns = transfers.drop(columns=["amount_usd"], errors="ignore").assign(value=value)
    return Transfers.sealed(columns, transfers.id_order), counts


def values_by(
    transfers: pd.DataFrame, prices: Prices, unit: str, max_age: pd.Timedelta
) -> tuple[Float64s, Priced]:
    """The values that :func:`priced` gives; of the columns of transfers it needs what it reads."""
    value = told_values(transfers, unit).copy()
    own = (transfers["asset"] == unit).to_numpy()
    wanting = np.flatnonzero(np.isnan(value) & ~own)
    price, age = _latest(transfers.iloc[wanting], prices)
    fresh = age <= max_age // pd.Timedelta(1, "us")
    value[wanting[fresh]] = transfers["amount"].to_numpy()[wanting[fresh]] * price[fresh]
    above = np.flatnonzero(value > MAX_AMOUNT)
    if above.size:
        one = transfers.iloc[above[0]]
        raise TransfersError(
            f"transfer ({one['tx_id']!r}, {one['position']}) of {one['amount']} {one['asset']!r} "
            f"would be worth {value[above[0]]:g} {unit}, more than {MAX_AMOUNT:g}"
        )
    known = np.isfinite(price)
    counts = Priced(
        told=len(transfers) - wanting.size,
        priced=int(fresh.sum()),
        stale=int((known & ~fresh).sum()),
        without=int((~known).sum()),
    )
    return value, counts


_NEVER = np.iinfo(np.int64).max


def _latest(transfers: pd.DataFrame, prices: Prices) -> tuple[Float64s, Int64s]:
    """Price strictly before each transfer, nan for none, and its age in microseconds."""
    price, age = np.full(len(transfers), np.nan), np.full(len(transfers), _NEVER)
    assets, first = np.unique(prices["asset"].to_numpy(dtype=object), return_index=True)
    ends = np.append(first[1:], len(prices))
    code = pd.Index(assets).get_indexer(pd.Index(transfers["asset"].to_numpy(dtype=object)))
    by_asset = np.argsort(code, kind="stable")
    edges = np.searchsorted(code[by_asset], np.arange(len(assets) + 1))
    time, known_at = microseconds(transfers["timestamp"]), microseconds(prices["timestamp"])
    quoted = prices["price"].to_numpy()
    for at in range(len(assets)):
        rows = by_asset[edges[at] : edges[at + 1]]
        place = np.searchsorted(known_at[first[at] : ends[at]], time[rows]) - 1
        rows, place = rows[place >= 0], place[place >= 0] + first[at]
        price[rows], age[rows] = quoted[place], time[rows] - known_at[place]
    return price, age
