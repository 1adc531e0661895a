"""The feature table: one implementation for a million rows and for one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.context import join_context
from features.contracts.spine import check_spine
from features.errors import RiskError
from features.kernel import Rows
from features.ledger import Ledger, microseconds
from features.ledger.counted import ATTRIBUTE, Counted
from features.past import LabelEvents, Past, label_events, past_of
from features.view import View
from features.views import VIEWS, feature_columns

__all__ = ["compute_rows", "feature_table", "join_context"]

_CHUNK_TRANSFERS = 50_000  # work of one chunk, so that a hub does not hold up a thread
_CHUNK_ROWS = 2_000
_LEAST_ROWS = (
    200  # about: consecutive rows of one wallet share work, see features/past/moving_window.py
)


def feature_table(
    ledger: Ledger,
    spine: pd.DataFrame,
    *,
    labels: pd.DataFrame | None = None,
    views: tuple[View, ...] = VIEWS,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> pd.DataFrame:
    """Compute the features of each wallet as of each instant.

    A row depends on transfers with ``timestamp < as_of`` and on labels with ``known_at < as_of``,
    and on nothing else: neither on the other rows nor on the number of threads.

    Parameters
    ----------
    ledger : Ledger
    spine : DataFrame of shape (n, 2)
        ``wallet`` and ``as_of``; duplicates are allowed, order is kept. A wallet that the ledger
        does not know gets the row of an empty history.
    labels : DataFrame, optional
        Known wallets, for the exposure view; its columns are nan without them.
    views : tuple of View
    threads : int
    progress : callable, optional
        Called with the number of rows done since its last call.

    Returns
    -------
    DataFrame of float64, shape (n, columns)
        Indexed by (wallet, as_of). nan: not defined for this history; 0 means zero. Its ``attrs``
        name the ledger's chain, unit of account and assets, for a model to remember.

    Raises
    ------
    SpineError, LabelsError
        An input breaks its contract.
    RiskError
        ``threads`` is below 1.
    """
    if threads < 1:
        raise RiskError(f"threads must be at least 1, received {threads}")
    checked = check_spine(spine, chain=ledger.chain)
    codes = ledger.codes(checked["wallet"])
    values = compute_rows(
        ledger, codes, microseconds(checked["as_of"]), labels=label_events(ledger, labels),
        views=views, threads=threads, progress=progress,
    )  # fmt: skip
    index = pd.MultiIndex.from_frame(checked)
    names = [column.name for column in feature_columns(views)]
    table = pd.DataFrame(values, index=index, columns=names, copy=False)
    table.attrs[ATTRIBUTE] = Counted.of(ledger).facts()
    return table


def compute_rows(
    ledger: Ledger,
    codes: npt.NDArray[np.int32],
    as_of: npt.NDArray[np.int64],
    *,
    labels: LabelEvents,
    views: tuple[View, ...] = VIEWS,
    threads: int = 1,
    progress: Callable[[int], None] | None = None,
) -> Rows:
    """:func:`feature_table` on arrays, without checks.

    Parameters
    ----------
    codes : int32 array, shape (n,)
        Wallet codes, -1 for an unknown wallet.
    as_of : int64 array, shape (n,), microseconds since 1970 UTC

    Returns
    -------
    float64 array, shape (n, columns)
    """
    asked = past_of(ledger, codes, as_of, labels)
    if asked.size == 1:
        rows = [view.rows(view.given(ledger, asked)) for view in views]
        return np.concatenate(rows, axis=1)
    values = np.empty((asked.size, sum(len(view.columns) for view in views)))

    def fill(chunk: "slice[int, int]") -> int:
        part, column = asked.part(chunk), 0
        for view in views:
            end = column + len(view.columns)
            values[chunk, column:end] = view.rows(view.given(ledger, part))
            column = end
        return part.size

    chunks = _chunks(asked)
    workers = min(threads, len(chunks))
    with ThreadPoolExecutor(workers) if workers > 1 else nullcontext() as pool:
        for done in map(fill, chunks) if pool is None else pool.map(fill, chunks):
            if progress is not None:
                progress(done)
    return values


def _chunks(asked: Past) -> "list[slice[int, int]]":
    """Runs of rows of about equal work."""
    known = np.maximum(asked.wallets, 0)
    degree = np.zeros(asked.size, dtype=np.int64)
    if asked.incoming.count.size:
        degree = (asked.incoming.count[known] + asked.outgoing.count[known]).astype(np.int64)
    reads = np.minimum(degree, _CHUNK_TRANSFERS // _LEAST_ROWS)
    work = np.cumsum(reads + _CHUNK_TRANSFERS // _CHUNK_ROWS)
    starts = np.flatnonzero(np.diff(work // _CHUNK_TRANSFERS, prepend=-1))
    return [slice(*ends) for ends in pairwise([*starts.tolist(), asked.size])]
