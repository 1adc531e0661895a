"""CoinJoins as known wallets: labels that end paths at the transactions that mix."""

import numpy as np
import pandas as pd

from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.sources.bitcoin.coinjoin import KINDS, coinjoins
from features.sources.bitcoin.records import Records

SOURCE = "CoinJoin rules"


def mixes(records: Records) -> pd.DataFrame:
    """Labels of the pseudo-wallets of CoinJoins, as :func:`features.check_labels` takes them.

    A CoinJoin is a mixer, which is no verdict on who makes it; it is known as one from its own
    block on, so that money which went through it is exposed to a mixer, and to nothing behind it.

    Parameters
    ----------
    records : Records

    Returns
    -------
    DataFrame
        ``wallet``, ``label``, ``category``, ``original`` (the kind), ``known_at``, ``source``.
    """
    kinds = coinjoins(records)
    found = np.flatnonzero(kinds)
    return pd.DataFrame(
        {
            "wallet": [f"{PSEUDO_PREFIX}{records.head.txid[at]}" for at in found.tolist()],
            "label": "none",
            "category": "mixer",
            "original": [f"coinjoin {KINDS[kind]}" for kind in kinds[found].tolist()],
            "known_at": pd.to_datetime(records.head.time[found], unit="s", utc=True),
            "source": SOURCE,
        }
    )
