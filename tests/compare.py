"""Comparison of feature tables, with a tally of what was compared."""

import importlib
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np
import numpy.typing as npt
import pandas as pd

from features import Ledger, feature_table
from features.view import View
from tests.naive.past import Past, Row, label_list, micros, past, transfer_list

if TYPE_CHECKING:
    from tests.strategies import World

Twin = Callable[[Past, str], Row]
TALLY: Counter[str] = Counter()  # shown at the end of a test run, see conftest.py


def identical(left: pd.DataFrame, right: pd.DataFrame) -> None:
    """Same columns and, bit for bit, the same values."""
    assert list(left.columns) == list(right.columns)
    same_bits(left.to_numpy(), right.to_numpy(), list(left.columns))


def same_bits(
    left: npt.NDArray[np.float64], right: npt.NDArray[np.float64], columns: Sequence[str]
) -> None:
    """Equal to the last bit, nan too."""
    assert left.shape == right.shape
    TALLY["cells, bit for bit"] += left.size
    a, b = (np.ascontiguousarray(values).view(np.uint64) for values in (left, right))
    rows, places = np.nonzero(a != b)
    differing = [
        f"{columns[c]} in row {r}: {left[r, c]!r} != {right[r, c]!r}"
        for r, c in zip(rows[:5].tolist(), places[:5].tolist(), strict=True)
    ]
    assert not differing, "\n".join(differing)


def close(
    left: pd.DataFrame, right: pd.DataFrame, *, rtol: float, scale: float | npt.ArrayLike = 1.0
) -> None:
    """Equal up to ``rtol``; near zero up to 1e-12 of ``scale`` for amounts and of 1 for the rest.

    A difference of sums (a standard deviation of equal amounts, an entropy of one dominant share)
    has an absolute error of about 1e-16 of what is subtracted, whatever is left.
    """
    assert list(left.columns) == list(right.columns)
    TALLY["cells, up to rounding"] += left.size
    a, b = left.to_numpy(), right.to_numpy()
    is_amount = np.array([name.endswith("_amount") for name in left.columns])
    tolerance = 1e-12 * np.where(is_amount, np.reshape(scale, (-1, 1)), 1.0) + rtol * np.abs(b)
    equal = (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= tolerance) | (a == b)
    differing = [
        f"{left.columns[c]} of {left.index[r]}: {a[r, c]!r} != {b[r, c]!r}"
        for r, c in np.argwhere(~equal)[:8].tolist()
    ]
    assert not differing, "\n".join(differing)


def twin_of(view: View) -> Twin:
    """Slow twin of a view: the function of its name in the file of its name, below ``naive``."""
    return cast("Twin", getattr(importlib.import_module(f"tests.naive.{view.name}"), view.name))


def naive_table(
    transfers: pd.DataFrame, spine: pd.DataFrame, labels: pd.DataFrame | None, twin: Twin
) -> pd.DataFrame:
    """Compute the columns of a slow twin."""
    everything = transfer_list(transfers)
    known = None if labels is None else label_list(labels)
    cuts = {as_of: past(everything, known, micros(as_of)) for as_of in spine["as_of"].unique()}
    rows = [twin(cuts[row.as_of], str(row.wallet)) for row in spine.itertuples()]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_frame(spine), dtype="float64")


def with_naive(world: "World", view: View) -> None:
    """Compare a view with its slow twin, with labels and without."""
    ledger = world.ledger()
    scale = largest_amounts(ledger, ledger.codes(world.spine["wallet"]))
    for labels in (world.labels, None):
        fast = feature_table(ledger, world.spine, labels=labels, views=(view,))
        slow = naive_table(world.transfers, world.spine, labels, twin_of(view))
        assert sorted(fast.columns) == sorted(slow.columns)
        close(fast, slow[list(fast.columns)], rtol=1e-9, scale=scale)


def largest_amounts(ledger: Ledger, codes: npt.NDArray[np.int32]) -> npt.NDArray[np.float64]:
    """Largest amount that each wallet ever moved, the scale of its amount columns."""
    largest = np.zeros(codes.size)
    for row, code in enumerate(codes.tolist()):
        for side in (ledger.sides.incoming, ledger.sides.outgoing):
            held = slice(side.start[code], side.start[code] + side.count[code])
            if code >= 0 and side.count[code]:
                largest[row] = max(largest[row], side.amount[held].max())
    return largest
