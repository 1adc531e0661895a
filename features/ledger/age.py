"""How old a ledger was at the instant that is asked about: since when it has seen nothing."""

import numpy as np
import numpy.typing as npt

from features.kernel import SECOND, Float64s, Int64s

STALE_AFTER_S = 86_400.0  # a chain that lives has transfers every minute


def ledger_age_s(last_time: int | None, as_of: Int64s) -> Float64s:
    """Seconds from the latest transfer of a whole ledger until each instant.

    It is 0 for an instant within the ledger, and nan where the ledger is empty. A ledger that was
    fed with a few transfers only looks young: what is missing in it cannot be seen.

    Parameters
    ----------
    last_time : int or None
        Of the ledger, microseconds since 1970 UTC.
    as_of : int64 array, shape (n,), microseconds since 1970 UTC

    Examples
    --------
    >>> ledger_age_s(5_000_000, np.array([2_000_000, 7_500_000])).tolist()
    [0.0, 2.5]
    """
    if last_time is None:
        return np.full(as_of.shape, np.nan)
    return np.maximum(as_of - last_time, 0) / SECOND


def stale(age_s: Float64s, after_s: float = STALE_AFTER_S) -> npt.NDArray[np.bool_]:
    """Whether a ledger of each age ends too long before; an empty one does.

    Examples
    --------
    >>> stale(np.array([0.0, 86_401.0, np.nan])).tolist()
    [False, True, True]
    """
    return ~(age_s <= after_s)
