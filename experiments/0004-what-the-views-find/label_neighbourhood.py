"""Labels one and two steps away, whatever the order of time: what no view counts.

A view follows money, forward or backward. Here both steps may go either way, so that a member of a
group is met through the wallet that the group has in common.
"""

import numpy as np
import numpy.typing as npt
import pandas as pd

Float64s = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]


def label_neighbourhood(
    transfers: pd.DataFrame, wallets: pd.Series, illicit: npt.NDArray[np.bool_]
) -> pd.DataFrame:
    """Count illicit wallets around each wallet; its own label never counts.

    Parameters
    ----------
    transfers : DataFrame
        ``sender`` and ``recipient``.
    wallets : Series of str, shape (n,)
    illicit : bool array, shape (n,)
        Those known to be illicit.

    Returns
    -------
    DataFrame of float64, shape (n, 30)
        By side: counterparties, known illicit ones and their share; by side of the wallet and side
        of the counterparty: the illicit wallets around the counterparties, their share of those
        around, and the same for illicit counterparties only, each the greatest and the sum.
    """
    place = pd.Series(np.arange(len(wallets)), index=wallets)
    pairs = transfers[["sender", "recipient"]].drop_duplicates()
    pairs = pairs[pairs["sender"] != pairs["recipient"]]
    ends = tuple(pairs[end].map(place).to_numpy(np.int64) for end in ("sender", "recipient"))
    known, n = illicit.astype(float), len(wallets)
    found: dict[str, Float64s] = {}
    for mine, my_side in ((0, "to"), (1, "from")):
        me, other = ends[mine], ends[1 - mine]
        there = _sums(me, np.ones(me.size), n)
        bad = _sums(me, known[other], n)
        found |= {my_side: there, f"{my_side} illicit": bad}
        found[f"{my_side} illicit share"] = bad / np.maximum(there, 1)
        for theirs, their_side in ((0, "to"), (1, "from")):
            around = _around_other(ends, theirs, me, other, np.ones(n))
            bad_around = _around_other(ends, theirs, me, other, known)
            name = f"{my_side} {their_side}"
            for what, value in (
                ("illicit", bad_around),
                ("illicit share", bad_around / np.maximum(around, 1)),
                ("illicit by illicit", bad_around * known[other]),
            ):
                greatest = np.zeros(n)
                np.maximum.at(greatest, me, value)
                found[f"{name} {what} greatest"] = greatest
                found[f"{name} {what} sum"] = _sums(me, value, n)
    names = {name: f"around_{name.replace(' ', '_')}" for name in found}
    return pd.DataFrame(found, index=wallets).rename(columns=names)


def _around_other(
    ends: tuple[Int64s, ...], theirs: int, me: Int64s, other: Int64s, value: Float64s
) -> Float64s:
    """Sum of ``value`` over the counterparties of ``other`` on a side, without ``me``."""
    n = value.size
    total = _sums(ends[theirs], value[ends[1 - theirs]], n)
    held = ends[theirs] * n + ends[1 - theirs]
    back = np.isin(other * n + me, held)
    return total[other] - np.where(back, value[me], 0.0)


def _sums(of: Int64s, value: Float64s, n: int) -> Float64s:
    """Sum of the values of each wallet."""
    return np.bincount(of, value, n).astype(np.float64)
