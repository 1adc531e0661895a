"""Comparison of feature tables: what differs first is named by column, wallet and instant."""

import numpy as np
import numpy.typing as npt
import pandas as pd

from features.errors import ViewError
from features.kernel import Float64s


def same_bits(got: pd.DataFrame, wanted: pd.DataFrame) -> int:
    """Count the cells of two tables that are equal to the last bit, nan too.

    Parameters
    ----------
    got, wanted : DataFrame of float64, indexed by (wallet, as_of), of the same columns

    Raises
    ------
    ViewError
        At the first cell that differs.
    """
    a, b = _values(got, wanted)
    _refuse(a.view(np.uint64) != b.view(np.uint64), got, wanted)
    return a.size


def close(
    got: pd.DataFrame, wanted: pd.DataFrame, *, rtol: float, scale: float | npt.ArrayLike = 1.0
) -> int:
    """Count the cells that are equal up to ``rtol``; near zero up to 1e-12 of the scale.

    A difference of sums (a standard deviation of equal amounts, an entropy of one dominant share)
    has an absolute error of about 1e-16 of what is subtracted, whatever is left.

    Parameters
    ----------
    got, wanted : DataFrame of float64, indexed by (wallet, as_of), of the same columns
    rtol : float
    scale : float or array of shape (rows,)
        Scale of the columns that are amounts, in their unit; that of all others is 1.

    Raises
    ------
    ViewError
        At the first cell that differs.
    """
    a, b = _values(got, wanted)
    is_amount = np.array([name.endswith("_amount") for name in got.columns], dtype=bool)
    tolerance = 1e-12 * np.where(is_amount, np.reshape(scale, (-1, 1)), 1.0) + rtol * np.abs(b)
    with np.errstate(invalid="ignore"):  # inf - inf
        equal = (np.isnan(a) & np.isnan(b)) | (np.abs(a - b) <= tolerance) | (a == b)
    _refuse(~equal, got, wanted)
    return a.size


def require(kept: npt.NDArray[np.bool_], table: pd.DataFrame, rule: str) -> int:
    """Count the cells of a table that keep a rule; the first that breaks it raises."""
    _refuse(~kept, table, rule)
    return table.size


def _values(got: pd.DataFrame, wanted: pd.DataFrame) -> tuple[Float64s, Float64s]:
    names = list(got.columns), list(wanted.columns)
    if names[0] != names[1] or len(got) != len(wanted):
        raise ViewError(
            f"got {len(got)} rows of columns {names[0]}, wanted {len(wanted)} of {names[1]}"
        )
    a, b = (np.ascontiguousarray(table.to_numpy(dtype=np.float64)) for table in (got, wanted))
    return a, b


def _refuse(differs: npt.NDArray[np.bool_], got: pd.DataFrame, wanted: pd.DataFrame | str) -> None:
    """Name the first cell that differs from what was wanted, and say how many more there are."""
    cells = np.argwhere(differs)
    if not len(cells):
        return
    row, place = cells[0].tolist()
    wallet, as_of = got.index[row]
    value = repr(float(got.iloc[row, place]))
    right = wanted if isinstance(wanted, str) else repr(float(wanted.iloc[row, place]))
    more = f", and {len(cells) - 1} more such cells" if len(cells) > 1 else ""
    raise ViewError(
        f"column {got.columns[place]!r} of wallet {wallet!r} as of {as_of.isoformat()}: "
        f"got {value}, wanted {right}{more}"
    )
