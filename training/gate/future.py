"""Future-row invariance on a sample: rows are computed again in worlds with another future.

What came at ``as_of`` or later is taken out of the ledger and of the labels, and what never was is
put in its place. A row of the table that was computed from its past alone comes out to the bit.
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from features.contracts.labels import check_labels
from features.table import feature_table
from features.view import View
from training.gate.lines import GateLine

if TYPE_CHECKING:
    from features.ledger import Ledger

SAMPLE = 20  # rows
TAKEN_OUT = 200  # later transfers of a wallet; taking one back costs what copying 500 does
PUT_IN = 12  # transfers that never were
INVENTED = "walletrisk-gate/"  # ids and wallets of what never was


class Differs(NamedTuple):
    """A cell of the table that another future changes."""

    wallet: str
    as_of: pd.Timestamp
    column: str


class FutureCheck(NamedTuple):
    """How many rows and columns were recomputed, which cells differ, and what was not checked."""

    rows: int
    columns: int
    differs: list[Differs]
    unchecked: tuple[str, ...]


def check_future(
    table: pd.DataFrame,
    ledger: Ledger,
    labels: pd.DataFrame | None,
    views: tuple[View, ...],
    *,
    seed: int,
) -> FutureCheck:
    """Compute a sample of rows again with another future, and compare bits.

    Parameters
    ----------
    table
        Index (wallet, as_of), columns of ``views`` and others, which are named as unchecked.
    ledger
        Is left as it is.
    labels
        That the columns were made from, or None.
    views
        To compute.
    seed
        Of the sample.
    """
    generator = np.random.default_rng(seed)
    places = generator.permutation(len(table))[:SAMPLE]
    names = [column.name for view in views for column in view.columns if column.name in table]
    known = None if labels is None else check_labels(labels)
    differs = []
    for place in places.tolist():
        wallet, as_of = table.index[place]
        changed = other_future(ledger, wallet, as_of)
        asked = pd.DataFrame({"wallet": [wallet], "as_of": [as_of]})
        told = None if known is None else other_labels(known, ledger, as_of)
        again = feature_table(changed, asked, labels=told, views=views)[names].to_numpy()[0]
        here = table.iloc[place][names].to_numpy(np.float64)
        differs += [
            Differs(str(wallet), as_of, names[at])
            for at in np.flatnonzero(again.view(np.int64) != here.view(np.int64)).tolist()
            if not (np.isnan(again[at]) and np.isnan(here[at]))
        ]
    rest = tuple(str(name) for name in table.columns if name not in names)
    return FutureCheck(len(places), len(names), differs, rest)


def other_future(ledger: Ledger, wallet: str, as_of: pd.Timestamp) -> Ledger:
    """A copy in which a wallet's transfers from ``as_of`` on are others."""
    changed = copy.deepcopy(ledger)
    instant, code = as_of.value // 1_000, ledger.code(wallet)
    later: dict[str, None] = {}
    for side in ledger.sides if code >= 0 else ():
        held = slice(int(side.start[code]), int(side.start[code]) + int(side.count[code]))
        after = side.transfer[held][side.time[held] >= instant]
        later |= dict.fromkeys(ledger.tx_id(int(row)) for row in after)
    spared = {
        tx_id for tx_id in later
        if any(one.microseconds < instant for one in ledger.transaction(tx_id))
    }  # fmt: skip
    changed.retract([tx_id for tx_id in later if tx_id not in spared][-TAKEN_OUT:])
    changed.append(_invented(changed, wallet, as_of))
    return changed


def _invented(ledger: Ledger, wallet: str, as_of: pd.Timestamp) -> pd.DataFrame:
    """Payments to and from a wallet that begin at ``as_of``."""
    number = np.arange(PUT_IN)
    others = [f"{INVENTED}{one}" for one in number % 3]
    receives = number % 2 == 0
    return pd.DataFrame(
        {
            "tx_id": [f"{INVENTED}{one}" for one in number],
            "timestamp": as_of + pd.to_timedelta(number // 2, unit="h"),
            "sender": np.where(receives, others, wallet),
            "recipient": np.where(receives, wallet, others),
            "amount": 10.0 ** (number % 4),
            "asset": ledger.unit,
        }
    )


def other_labels(labels: pd.DataFrame, ledger: Ledger, as_of: pd.Timestamp) -> pd.DataFrame:
    """Labels and ends known before ``as_of``, and for some wallets a label that never was."""
    known = labels[labels["known_at"] < as_of]
    known = known.assign(until=known["until"].where(known["until"] < as_of))
    some = [ledger.wallet(code) for code in range(min(PUT_IN, ledger.n_wallets))]
    invented = check_labels(pd.DataFrame({"wallet": some, "label": "illicit", "known_at": as_of}))
    return check_labels(pd.concat([known, invented], ignore_index=True))


def future_line(found: FutureCheck | None) -> GateLine:
    """Return whether another future leaves all sampled rows as they are."""
    asks = "the future changes no row"
    if found is None:
        return GateLine(asks, None, "not measured: the run had no ledger to compute rows again")
    said = (
        f"{found.rows} rows x {found.columns} columns computed again with another future, "
        f"{len(found.differs)} cells differ"
    )
    if found.differs:
        first = found.differs[0]
        said += f", such as {first.column} of {first.wallet} as of {first.as_of.isoformat()}"
    if found.unchecked:
        said += f"; not checked, being of no view: {', '.join(found.unchecked[:3])}"
    return GateLine(asks, not found.differs, said)
