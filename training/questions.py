"""Whom to ask about, as of when, where nobody has said so: a spine made of a ledger and labels.

A model is asked when a wallet pays or is paid. So it is best to learn from, and to be tested on,
instants right after a transfer: rows as of one day for all, or as of today, would show wallets long
after they fell silent, which no customer's wallet is when it is asked about.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.labels import NONE
from features.contracts.spine import Spine, check_spine
from features.ledger import Ledger
from training.splits import OutOfTime
from training.truth import truth_of


class Questions(NamedTuple):
    """A question a labelled wallet.

    Attributes
    ----------
    spine : Spine, shape (n, 2)
        In order of time.
    strangers : int
        Labelled wallets that the ledger does not know.
    thin : int
        Those that have fewer transfers than a row needs.
    """

    spine: Spine
    strangers: int
    thin: int


def questions(ledger: Ledger, labels: pd.DataFrame, least: int) -> Questions:
    """Ask about each labelled wallet once, right after one of its transfers.

    Which one, from the ``least``-th on, is decided by a hash of the wallet's name: by nothing that
    tells illicit wallets from licit ones.

    Parameters
    ----------
    ledger
        Of the wallets.
    labels
        As :func:`features.check_labels` returns them; those without a verdict are left out.
    least
        Transfers that a row needs before ``as_of``, 1 or more. Dust counts as none.
    """
    wallets = labels.loc[labels["label"] != NONE, "wallet"].drop_duplicates()
    names = wallets.to_numpy(dtype=object)
    codes = ledger.codes(wallets)
    turns = pd.util.hash_array(names)
    asked, instants, thin = [], [], 0
    for name, code, turn in zip(names, codes, turns, strict=True):
        times = _times(ledger, int(code)) if code >= 0 else None
        if times is None:
            continue
        if times.size < least:
            thin += 1
            continue
        asked.append(name)
        instants.append(times[least - 1 + int(turn) % (times.size - least + 1)] + 1)
    as_of = pd.to_datetime(np.array(instants, dtype=np.int64), unit="us", utc=True)
    spine = pd.DataFrame({"wallet": pd.Series(asked, dtype="str"), "as_of": as_of})
    spine = spine.sort_values(["as_of", "wallet"], ignore_index=True)
    return Questions(check_spine(spine, chain=ledger.chain), int((codes < 0).sum()), thin)


def _times(ledger: Ledger, code: int) -> NDArray[np.int64]:
    """Times of a wallet's transfers, in order, microseconds since 1970."""
    found = []
    for side in (ledger.incoming.side, ledger.outgoing.side):
        first = side.start[code]
        found.append(side.time[first : first + side.count[code]])
    times: NDArray[np.int64] = np.sort(np.concatenate(found))
    return times


class Known(NamedTuple):
    """Illicit and licit rows of an origin: to learn from, and to test on."""

    learnt: tuple[int, int]
    tested: tuple[int, int]


def known_by_then(spine: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime) -> Known:
    """Count the rows of an origin that have a label.

    Parameters
    ----------
    spine, labels
        See :func:`questions`.
    split
        What comes before its ``test_from`` is learnt from, if its label was known by then.
    """
    slices = split.slices(spine["as_of"])
    before = spine[(spine["as_of"] < split.test_from).to_numpy()]
    return Known(
        _both(truth_of(labels, before, at=split.test_from).y_true),
        _both(truth_of(labels, spine[slices["test"]]).y_true),
    )


def _both(y_true: NDArray[np.int8]) -> tuple[int, int]:
    return int((y_true == 1).sum()), int((y_true == 0).sum())
