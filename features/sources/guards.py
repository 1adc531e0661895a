"""What must not pass in silence: many bad rows, and amounts that cannot be what they are taken for.

A file in wei that is taken for ether makes every feature of value wrong and looks like any other.
"""

from __future__ import annotations

from collections import Counter
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
    return [*_bad_rows(found, most_bad), *_magnitudes(found.transfers, unit)]


def require_plausible(transfers: pd.DataFrame, unit: str | None = None) -> None:
    """Raise SourceError where amounts are more than there is of their asset.

    For readers in Python; :func:`check_source` says more, and takes longer.
    """
    if len(transfers) and transfers["amount"].max() > _LEAST_SUPPLY:
        _magnitudes(transfers, unit)


def _bad_rows(found: Source, most_bad: float) -> list[str]:
    if found.bad is None or not len(found.bad):
        return []
    n_bad = len(found.bad)
    of = n_bad + len(found.transfers) + int(found.transfers.attrs.get("duplicates", 0))
    share = n_bad / of
    if share <= min(TOLD_BAD, most_bad):
        return []
    rules = Counter(str(reason).partition(": ")[0] for reason in found.bad["reason"])
    listed = "; ".join(f"{rule} ({count})" for rule, count in rules.most_common(_REASONS))
    said = f"{n_bad} of {of} rows are bad, {share:.1%}: {listed}"
    if share > most_bad:
        first = found.bad.iloc[0]
        raise SourceError(
            f"{said}; the first: {_place(found.bad)}{first['reason']}; nothing was kept. Allow a "
            f"larger share than {most_bad:.0%} if that is meant (--most-bad)"
        )
    return [said]


def _place(bad: pd.DataFrame) -> str:
    first = bad.index[0]
    if isinstance(first, tuple):
        return f"{first[0]} {bad.index.names[1]} {first[1]}: "
    return f"row {first}: "


def _magnitudes(transfers: pd.DataFrame, unit: str | None) -> list[str]:
    warnings = []
    for asset, group in transfers.groupby("asset", sort=True)["amount"]:
        known = _ASSETS.get(str(asset).upper())
        if known is not None:
            warnings += _of_asset(str(asset), known, group, unit, transfers)
    return warnings


def _of_asset(
    asset: str, known: _Asset, amounts: pd.Series, unit: str | None, transfers: pd.DataFrame
) -> list[str]:
    values = amounts[amounts > 0].to_numpy()
    if not values.size:
        return []
    largest, median = float(values.max()), float(np.median(values))
    tx_id = transfers["tx_id"].iloc[int(amounts.index[int(amounts.to_numpy().argmax())])]
    evidence = (
        f"the largest amount is {largest:g} {asset} (transaction {tx_id}), the median {median:g}"
    )
    whole = float(np.mean(values == np.floor(values)))
    above = float(np.mean(values > known.supply))
    if above:
        evidence = f"{evidence}; {above:.1%} are more {asset} than there is ({known.supply:g})"
        return _more_than_all(asset, known, evidence, refused=unit is None and above > TOLD_BAD)
    if unit is None and whole == 1.0 and values.size >= _ENOUGH and median >= _LARGE:
        return [
            f"{evidence}, and all {values.size} are whole numbers: if they count "
            f"{' or '.join(known.units)} and not {asset}, say so (--unit {known.units[0]})"
        ]
    if unit is not None and values.size >= _ENOUGH and largest < _TINY:
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
