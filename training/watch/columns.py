"""How a column of a window differs from the training rows, without a label.

The training side is a sample of equal parts: quantiles at the middles of parts of equal mass
(:class:`training.watch.reference.Reference`). So each measure is that of two samples, to within
one part.

References
----------
PSI: Siddiqi, "Credit Risk Scorecards" (2006), chapter 8; the limits .1 and .25 are its rule of
thumb. Kolmogorov-Smirnov: the greatest distance of the two distributions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Float64 = NDArray[np.float64]

PSI_BINS = 10
HALF = 0.5  # row, added to each bin
SURE = 0.95
MODERATE, LARGE = 0.1, 0.25
TELLS = 0.8  # AUC of a column alone from which it tells window from training


def column_drift(
    trained: Float64, missing: Float64, rows: int, window: Float64, names: tuple[str, ...]
) -> pd.DataFrame:
    """Compare every column of a window with the training rows.

    Parameters
    ----------
    trained
        float64 (k, parts), quantiles of the training rows; all nan where a column had no value.
    missing
        float64 (k,), share of training rows without a value.
    rows
        Number of training rows.
    window
        float64 (n, k), the columns in the same order.
    names
        The k columns.

    Returns
    -------
    DataFrame
        Index ``column``, largest PSI first: ``psi`` over ten parts and one for nan, ``psi_chance``
        (see :func:`psi_chance`), ``ks`` and
        ``auc`` of the values that are there (nan where either side has none), ``beyond`` (share of
        rows below or above all training quantiles; 1 % on the training rows), ``missing`` and
        ``missing_trained`` (share nan). An ``auc`` of .5 means that the column tells nothing;
        it is at least .5 whichever side is higher.
    """
    values = coarse(window)
    table = pd.DataFrame(
        {
            "psi": [column_psi(*one) for one in zip(trained, missing, values.T, strict=True)],
            "psi_chance": psi_chance(PSI_BINS + 1, len(values), rows),
            "ks": [_ks(*one) for one in zip(trained, values.T, strict=True)],
            "auc": [_auc(*one) for one in zip(trained, values.T, strict=True)],
            "beyond": beyond(values, trained).mean(axis=0),
            "missing": np.isnan(values).mean(axis=0),
            "missing_trained": missing,
        },
        index=pd.Index(names, name="column"),
    )
    return table.sort_values("psi", ascending=False, kind="stable")


def coarse(values: Float64) -> Float64:
    """Return values as a reference keeps them: to the precision of a float32, nan if not finite.

    A window is compared at the precision of the training side, or a third would not equal a third.
    """
    limit = float(np.finfo(np.float32).max)
    kept = np.where(np.isfinite(values), np.clip(values, -limit, limit), np.nan)
    return kept.astype(np.float32).astype(np.float64)


def beyond(values: Float64, quantiles: Float64) -> NDArray[np.bool_]:
    """Return which :func:`coarse` values (n, k) lie below all training quantiles or above all.

    nan never does: that it is more frequent is told by PSI.
    """
    return (values < quantiles[:, 0]) | (values > quantiles[:, -1])


def psi(trained: Float64, counts: Float64) -> float:
    """Return the population stability index of a window's counts against shares of training.

    Parameters
    ----------
    trained
        float64 (b,), shares of training in each bin; they sum to 1.
    counts
        float64 (b,), rows of the window in the same bins.

    Notes
    -----
    Half a row is added to each bin on both sides, as many training rows taken as the window has:
    an empty bin of a small window does not make it infinite.

    Examples
    --------
    >>> psi(np.array([0.5, 0.5]), np.array([500.0, 500.0]))
    0.0
    >>> round(psi(np.array([0.5, 0.5]), np.array([800.0, 200.0])), 3)
    0.415
    """
    rows = counts.sum()
    left, right = trained * rows + HALF, counts + HALF
    total = rows + HALF * len(counts)
    return float(((right - left) * np.log(right / left)).sum() / total)


def psi_chance(bins: int, rows: int, trained: int) -> float:
    """Return the PSI that 95 of 100 windows stay below where nothing changed.

    Parameters
    ----------
    bins
        Of the index.
    rows, trained
        Rows of the window and of training.

    References
    ----------
    Yurdakul and Naranjo, "Statistical properties of the population stability index" (2020): it is
    about chi-squared with ``bins - 1`` degrees of freedom times ``1 / rows + 1 / trained``.

    Examples
    --------
    >>> round(psi_chance(11, 40, 1000), 2), round(psi_chance(11, 10_000, 10_000), 4)
    (0.48, 0.0037)
    """
    from scipy.stats import chi2

    return float(chi2.ppf(SURE, max(bins - 1, 1)) * (1 / rows + 1 / trained))


def moved_much(columns: pd.DataFrame) -> pd.Series:
    """Return which columns moved much, and by more than chance does; of :func:`column_drift`."""
    return (columns["psi"] >= LARGE) & (columns["psi"] > columns["psi_chance"])


def column_psi(quantiles: Float64, missing: float, values: Float64) -> float:
    """Return the PSI of one column over tenths of the training values, and a bin for nan.

    Parameters
    ----------
    quantiles
        float64 (parts,), of the training rows; all nan where there was no value.
    missing
        Share of training rows without a value.
    values
        float64 (n,), of the window, as :func:`coarse` gives them.
    """
    known = values[~np.isnan(values)]
    trained, counts = np.array([missing]), np.array([float(values.size - known.size)])
    if not np.isnan(quantiles[0]):
        width = len(quantiles) // PSI_BINS
        lower, upper = quantiles[width - 1 : -1 : width], quantiles[width::width]
        cuts = np.unique((lower + upper) / 2)
        bins = len(cuts) + 1
        usual = np.bincount(np.searchsorted(cuts, quantiles), minlength=bins) / len(quantiles)
        now = np.bincount(np.searchsorted(cuts, known), minlength=bins)
        trained, counts = np.append(trained, usual * (1 - missing)), np.append(counts, now)
    elif known.size:  # a column that training never saw a value of
        trained, counts = np.append(trained, 0.0), np.append(counts, known.size)
    return psi(trained, counts.astype(np.float64))


def _ks(quantiles: Float64, values: Float64) -> float:
    known = np.sort(values[~np.isnan(values)])
    if not known.size or np.isnan(quantiles[0]):
        return float("nan")
    at = np.concatenate([quantiles, known])
    ours = np.searchsorted(quantiles, at, side="right") / quantiles.size
    theirs = np.searchsorted(known, at, side="right") / known.size
    return float(np.abs(ours - theirs).max())


def _auc(quantiles: Float64, values: Float64) -> float:
    from scipy.stats import rankdata

    known = values[~np.isnan(values)]
    if not known.size or np.isnan(quantiles[0]):
        return float("nan")
    ranks = rankdata(np.concatenate([quantiles, known]))
    lost = known.size * (known.size + 1) / 2
    area = (ranks[quantiles.size :].sum() - lost) / (known.size * quantiles.size)
    return float(max(area, 1 - area))
