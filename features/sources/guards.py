"""What must not pass in silence: many bad rows, and amounts that cannot be what they are taken for.

A file in wei that is taken for ether makes every feature of value wrong and looks like any other.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from features.errors import SourceError

if TYPE_CHECKING:
    from features.sources.formats import Source

MOST_BAD = 0.10  # share of rows, above which nothing is read
TOLD_BAD = 0.01
_REASONS = 3  # that a message tells


class _Asset(NamedTuple):
    """More than there is of an asset, and the smallest units that files count it in."""

    supply: float
    units: tuple[str, ...]


_ETHER = _Asset(1.3e8, ("wei", "gwei"))
_DOLLARS = _Asset(5e11, ("decimals=6",))
# supplies of 2026, rounded up
_ASSETS = {
    "ETH": _ETHER, "WETH": _ETHER, "BTC": _Asset(2.1e7, ("satoshi",)),
    "WBTC": _Asset(2.1e7, ("satoshi",)), "LTC": _Asset(8.4e7, ("decimals=8",)),
    "DOGE": _Asset(2e11, ("decimals=8",)), "TRX": _Asset(1.2e11, ("decimals=6",)),
    "BNB": _Asset(2e8, ("wei",)), "USDT": _DOLLARS, "USDC": _DOLLARS,
    "DAI": _Asset(5e10, ("wei",)),
}  # fmt: skip
_LEAST_SUPPLY = min(asset.supply for asset in _ASSETS.values())
_ENOUGH, _LARGE, _TINY = 20, 1e4, 1e-6
_BIN_BITS = 46  # below those that a bin shares


def check_source(
    found: Source, *, unit: str | None = None, most_bad: float = MOST_BAD
) -> list[str]:
    """Look at what was read before it is kept.

    Parameters
    ----------
    found : Source
    unit : str, optional
        The unit of amounts that the user named; whoever did is believed.
    most_bad : float
        Share of rows that may be bad.

    Returns
    -------
    list of str
        Warnings.

    Raises
    ------
    SourceError
        More rows are bad than may be, or amounts are more than there is of their asset.
    """
    bad = Bad()
    if found.bad is not None:
        bad.add(found.bad)
    of = bad.count + len(found.transfers) + int(found.transfers.attrs.get("duplicates", 0))
    tally = Tally()
    tally.add(found.transfers)
    return [*check_bad(bad, of, most_bad), *check_amounts(tally, unit)]


def require_plausible(transfers: pd.DataFrame, unit: str | None = None) -> None:
    """Raise SourceError where amounts are more than there is of their asset.

    For readers in Python; :func:`check_source` says more, and takes longer.
    """
    if len(transfers) and transfers["amount"].max() > _LEAST_SUPPLY:
        tally = Tally()
        tally.add(transfers)
        check_amounts(tally, unit)


@dataclass(slots=True)
class Bad:
    """What is told of bad rows: how many, by which rule, and the first of them."""

    count: int = 0
    rules: dict[str, int] = field(default_factory=dict)
    first: str = ""

    def add(self, bad: pd.DataFrame) -> None:
        """Count bad rows, each with its ``reason``."""
        if not len(bad):
            return
        self.first = self.first or f"{_place(bad)}{bad['reason'].iloc[0]}"
        self.count += len(bad)
        counts = Counter(str(reason).partition(": ")[0] for reason in bad["reason"])
        self.rules = dict(Counter(self.rules) + counts)


def check_bad(bad: Bad, of: int, most_bad: float) -> list[str]:
    """Warn of bad rows among all; raise SourceError where their share is above ``most_bad``."""
    share = bad.count / max(1, of)
    if not bad.count or share <= min(TOLD_BAD, most_bad):
        return []
    listed = "; ".join(
        f"{rule} ({count})" for rule, count in Counter(bad.rules).most_common(_REASONS)
    )
    said = f"{bad.count} of {of} rows are bad, {share:.1%}: {listed}"
    if share > most_bad:
        raise SourceError(
            f"{said}; the first: {bad.first}; nothing was kept. Allow a "
            f"larger share than {most_bad:.0%} if that is meant (--most-bad)"
        )
    return [said]


def _place(bad: pd.DataFrame) -> str:
    first = bad.index[0]
    if isinstance(first, tuple):
        return f"{first[0]} {bad.index.names[1]} {first[1]}: "
    return f"row {first}: "


@dataclass(slots=True)
class Amounts:
    """What is told of the positive amounts of an asset.

    Parameters
    ----------
    count, whole, above : int
        All of them, those that are whole numbers, and those that are more than there is.
    largest : float
    tx_id : str
        Of the largest.
    bins : dict of str to int
        How many begin with the same 18 bits: their values are within a 64th of each other.
    """

    count: int = 0
    whole: int = 0
    above: int = 0
    largest: float = 0.0
    tx_id: str = ""
    bins: dict[str, int] = field(default_factory=dict)

    def add(self, amounts: pd.Series, tx_ids: pd.Series, supply: float) -> None:
        """Count amounts."""
        values = amounts.to_numpy()
        top = int(values.argmax())
        if values[top] > self.largest:
            self.largest, self.tx_id = float(values[top]), str(tx_ids.iloc[top])
        values = values[values > 0]
        self.count += values.size
        self.whole += int((values == np.floor(values)).sum())
        self.above += int((values > supply).sum())
        bins, counts = np.unique(values.view(np.int64) >> _BIN_BITS, return_counts=True)
        for one, count in zip(bins.tolist(), counts.tolist(), strict=True):
            self.bins[str(one)] = self.bins.get(str(one), 0) + count

    @property
    def median(self) -> float:
        """The median, rounded down to where its bin begins."""
        at = 0
        for one in sorted(map(int, self.bins)):
            at += self.bins[str(one)]
            if 2 * at >= self.count:
                break
        return float(np.array([one << _BIN_BITS]).view(np.float64)[0])


@dataclass(slots=True)
class Tally:
    """The amounts of each asset whose supply is known."""

    assets: dict[str, Amounts] = field(default_factory=dict)

    def add(self, transfers: pd.DataFrame) -> None:
        """Count transfers."""
        for asset, group in transfers.groupby("asset", sort=True)["amount"]:
            known = _ASSETS.get(str(asset).upper())
            if known is not None:
                amounts = self.assets.setdefault(str(asset), Amounts())
                amounts.add(group, transfers["tx_id"].loc[group.index], known.supply)


def check_amounts(tally: Tally, unit: str | None) -> list[str]:
    """Warn of amounts that are hardly meant; raise SourceError where they cannot be."""
    return [
        warning
        for asset, amounts in sorted(tally.assets.items())
        if amounts.count
        for warning in _of_asset(asset, _ASSETS[asset.upper()], amounts, unit)
    ]


def _of_asset(asset: str, known: _Asset, amounts: Amounts, unit: str | None) -> list[str]:
    largest, median = amounts.largest, amounts.median
    evidence = (
        f"the largest amount is {largest:g} {asset} (transaction {amounts.tx_id}), the median "
        f"about {median:.2g}"
    )
    above = amounts.above / amounts.count
    if above:
        evidence = f"{evidence}; {above:.1%} are more {asset} than there is ({known.supply:g})"
        return _more_than_all(asset, known, evidence, refused=unit is None and above > TOLD_BAD)
    enough = amounts.count >= _ENOUGH
    if unit is None and amounts.whole == amounts.count and enough and median >= _LARGE:
        return [
            f"{evidence}, and all {amounts.count} are whole numbers: if they count "
            f"{' or '.join(known.units)} and not {asset}, say so (--unit {known.units[0]})"
        ]
    if unit is not None and enough and largest < _TINY:
        return [f"{evidence}: were they in whole {asset} before {unit} was said?"]
    return []


def _more_than_all(asset: str, known: _Asset, evidence: str, *, refused: bool) -> list[str]:
    """Refuse, or only tell where a few are too large: anyone can make a token of that name."""
    if not refused:
        return [evidence]
    raise SourceError(
        f"{evidence}; do they count {' or '.join(known.units)}? Say what they count (--unit "
        f"{known.units[0]}), or --unit decimals=0 for whole {asset}"
    )
