"""What is told of the wallets of a subgraph: columns of views, and what was known of them."""

import math
from typing import NamedTuple

import numpy as np

from features.errors import RiskError
from features.kernel import SECOND, Int32s, Int64s, Rows
from features.ledger import Ledger
from features.past import NO_LABELS, Past, event_at, kernel, verdict_at
from features.subgraphs.subgraph import Subgraphs
from features.table import compute_rows
from features.view import View

LABEL_COLUMNS: tuple[str, ...] = ("known_illicit_ratio", "known_licit_ratio", "known_log_age_ratio")


class Described(NamedTuple):
    """What wallets of a subgraph are described by.

    Attributes
    ----------
    near : tuple of View
        Of the wallets asked about and of those next to them.
    far : int
        So many of these views, from the front, are computed of those further away, of whom there
        are several times as many.
    """

    near: tuple[View, ...]
    far: int


def node_rows(
    ledger: Ledger, past: Past, around: Subgraphs, *, views: Described, bucket_s: int = 0
) -> Rows:
    """Compute views of every wallet of a subgraph, once for each wallet and instant.

    Parameters
    ----------
    ledger : Ledger
    past : Past
        What ``around`` was sampled of.
    around : Subgraphs
    views : Described
        Labels play no part in them: columns that need some are nan.
    bucket_s : int
        0: as of each row's instant. Else as of the latest multiple of so many seconds since 1970
        UTC that is not after it: less to compute where many rows are near in time, and a function
        of the row's instant alone, so that training and endpoint read the same. A neighbour's
        transfers since then are still seen as edges.

    Returns
    -------
    float64 array, shape (m, columns)
        Nan where a view is not computed of a wallet.

    Raises
    ------
    RiskError
        ``bucket_s`` is negative.
    """
    if bucket_s < 0:
        raise RiskError(f"bucket_s must be 0 or more seconds, received {bucket_s}")
    instants = past.instants[around.row]
    if bucket_s:
        instants -= instants % (bucket_s * SECOND)
    rows = np.full((around.code.size, sum(len(view.columns) for view in views.near)), np.nan)
    end = around.hops[:3][-1]  # of the wallets that are near
    for some, read in (
        (slice(0, end), views.near),
        (slice(end, None), views.near[: views.far]),
    ):
        found = _once_each(ledger, around.code[some], instants[some], read)
        rows[some, : found.shape[1]] = found
    return rows


def _once_each(ledger: Ledger, codes: Int32s, instants: Int64s, views: tuple[View, ...]) -> Rows:
    order = np.lexsort((codes, instants))
    moved = np.diff(codes[order], prepend=-2) != 0
    moved |= np.diff(instants[order], prepend=instants[order[:1]] - 1) != 0
    distinct = order[moved]
    rows = compute_rows(ledger, codes[distinct], instants[distinct], labels=NO_LABELS, views=views)
    place = np.empty(order.size, np.int64)
    place[order] = np.cumsum(moved) - 1
    return rows[place]


def known_labels(past: Past, around: Subgraphs) -> Rows:
    """Tell what was known of every other wallet of a subgraph at its row's instant.

    Parameters
    ----------
    past : Past
        What ``around`` was sampled of, with labels.
    around : Subgraphs

    Returns
    -------
    float64 array, shape (m, columns)
        ``LABEL_COLUMNS``: 1 where it was known as illicit, as licit, and log(1 + days) since that
        was known; 0 where nothing was, and always of the wallets asked about.
    """
    told = np.zeros((around.code.size, len(LABEL_COLUMNS)))
    others = slice(around.n_rows, None)
    instants = past.instants[around.row[others]]
    _tell_known(past.asking(around.code[others], instants), told[others])
    return told


@kernel
def _tell_known(past: Past, told: Rows) -> None:
    labels = past.labels
    for row in range(told.shape[0]):
        labels.as_of[0] = past.instants[row]
        event = event_at(labels, past.wallets[row])
        verdict = verdict_at(labels, event) if event >= 0 else -1
        if verdict >= 0:
            told[row, verdict] = 1.0
            age = past.instants[row] - labels.known_at[event]
            told[row, 2] = math.log1p(age / (86_400 * SECOND))
