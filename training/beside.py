"""What is said of a wallet beside its score: whether it is on a list, and how old the ledger is.

None of it moves the probability. A score is what a wallet's transfers tell; that a list names the
wallet is a fact of its own, and so is that nobody has seen a transfer since long before ``as_of``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from features.contracts.known_wallets import KnownWallets
from features.contracts.labels import check_labels
from features.contracts.times import microseconds
from features.ledger.age import ledger_age_s, stale

if TYPE_CHECKING:
    from features.ledger import Ledger

BESIDE = ("known", "ledger_age_s", "stale")


def beside(
    ledger: Ledger, spine: pd.DataFrame, labels: pd.DataFrame | None
) -> dict[str, pd.Series]:
    """Look wallets up.

    Parameters
    ----------
    ledger
        Whose age is told.
    spine
        (n, 2) columns ``wallet``, ``as_of``, checked.
    labels
        Known wallets; None: nothing is looked up.

    Returns
    -------
    dict of Series
        By (wallet, as_of): ``known``, what
        :meth:`features.contracts.known_wallets.KnownWallets.told` says, None where there are no
        labels; ``ledger_age_s``, seconds from the ledger's latest transfer until ``as_of``;
        ``stale``, whether that is more than ``features.ledger.age.STALE_AFTER_S``.
    """
    index, instants = pd.MultiIndex.from_frame(spine), microseconds(spine["as_of"])
    told: list[object] = [None] * len(spine)
    if labels is not None:
        lists = KnownWallets(check_labels(labels, chain=ledger.chain))
        asked = zip(spine["wallet"], instants.tolist(), strict=True)
        told = [lists.told(wallet, as_of) for wallet, as_of in asked]
    age = ledger_age_s(ledger.last_time, instants)
    columns = (pd.Series(told, index, dtype=object), age, stale(age))
    return {name: pd.Series(one, index) for name, one in zip(BESIDE, columns, strict=True)}
