"""The share of illicit wallets among unlabelled ones, from a model's scores of them.

All of this assumes label shift: illicit wallets look as illicit ones did at training, and licit as
licit; only how many there are of each differs. :func:`unexplained` measures whether scores can have
come about so. Where they can not, no estimate from scores is worth much, and labels are needed.

References
----------
Saerens, Latinne and Decaestecker, "Adjusting the outputs of a classifier to new a priori
probabilities: a simple procedure" (2002), section 2.3, equations 2.7 to 2.9 (EM). Lipton, Wang and
Smola, "Detecting and correcting for label shift with black box predictors" (2018), section 3
(BBSE). Du Plessis and Sugiyama (2014), histograms as class densities.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.calibration import log_odds_of
from training.watch.columns import psi
from training.watch.reference import Reference

if TYPE_CHECKING:
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]

LEAST = 1e-5  # a prior below this is none that scores could tell from zero
MOST_LOG = 50.0  # of a likelihood ratio
GRAIN = 0.01  # to which log-odds are rounded before the bootstrap
DRAWS = 200
SMALL = 0.5  # added to the count of each bin: no bin is impossible


class Prior(NamedTuple):
    """An estimate of the share of illicit wallets, and the middle 95 % of its bootstrap.

    Attributes
    ----------
    share, low, high
        In (0, 1).
    """

    share: float
    low: float
    high: float


class Priors(NamedTuple):
    """Estimates of one share by three methods.

    Attributes
    ----------
    em, mixture, confusion
        See :func:`em_prior`, :func:`mixture_prior`, :func:`confusion_prior`.
    disagreement
        Factor by which the first and the last differ, of the share or of its complement; 1 where
        chance explains it. They rest on different things, the calibration and one threshold, and
        agree under label shift: where they do not, it is none.
    """

    em: Prior
    mixture: Prior
    confusion: Prior
    disagreement: float

    @property
    def methods(self) -> dict[str, Prior]:
        """The three by name."""
        return {"em": self.em, "mixture": self.mixture, "confusion": self.confusion}


def em_prior(log_odds: Float64, base_rate: float, weights: Float64 | None = None) -> float:
    """Return the prior that explains calibrated scores best: where EM of Saerens ends.

    Parameters
    ----------
    log_odds
        float64 (n,), calibrated, of the unlabelled rows.
    base_rate
        Share of illicit wallets that the log-odds are for.
    weights
        float64 (n,), how often each row counts; None: once.

    Returns
    -------
    float
        Within [LEAST, 1 - LEAST].

    Notes
    -----
    It trusts the calibration: an error of its slope moves the estimate.

    Examples
    --------
    >>> round(em_prior(np.array([-9.0, -9.0, -9.0, 9.0]), 0.5), 3)
    0.25
    """
    return _likeliest(log_odds - log_odds_of(base_rate), weights)


def mixture_prior(counts: Float64, illicit: Float64, licit: Float64) -> float:
    """Return the share of the illicit histogram in a mixture of two, by maximum likelihood.

    Parameters
    ----------
    counts
        float64 (b,): unlabelled rows in each bin of scores.
    illicit, licit
        float64 (b,): out-of-fold training rows of each class in the same bins.

    Notes
    -----
    As :func:`em_prior`, but it trusts the histograms of the classes, and no calibration.
    """
    illicit, licit = illicit + SMALL, licit + SMALL
    return _likeliest(np.log(illicit / illicit.sum()) - np.log(licit / licit.sum()), counts)


def _likeliest(log_ratio: Float64, weights: Float64 | None) -> float:
    """Return the maximum over p of the likelihood of a mixture, sum log(p r + 1 - p).

    The likelihood is concave in p, so its slope has at most one root; EM climbs to the same one.
    """
    from scipy.optimize import brentq

    less = np.expm1(np.clip(log_ratio, -MOST_LOG, MOST_LOG))

    def slope(share: float) -> float:
        return float(np.average(less / (1 + share * less), weights=weights))

    if slope(LEAST) <= 0:
        return LEAST
    if slope(1 - LEAST) >= 0:
        return 1 - LEAST
    return float(brentq(slope, LEAST, 1 - LEAST, xtol=LEAST / 10))


def confusion_prior(counts: Float64, illicit: Float64, licit: Float64) -> float:
    """Return the share of illicit rows by inverting the confusion matrix of one threshold (BBSE).

    Parameters
    ----------
    counts, illicit, licit
        As for :func:`mixture_prior`.

    Notes
    -----
    The threshold is the edge of a bin that parts the classes best (largest true minus false
    positive rate), at which the estimate varies least.
    """
    caught = 1 - np.cumsum(illicit)[:-1] / illicit.sum()
    alarmed = 1 - np.cumsum(licit)[:-1] / licit.sum()
    if not caught.size or (caught - alarmed).max() <= 0:
        return 0.5  # scores that tell nothing
    at = int(np.argmax(caught - alarmed))
    positive = 1 - counts[: at + 1].sum() / counts.sum()
    told = (positive - alarmed[at]) / (caught[at] - alarmed[at])
    return float(min(max(told, LEAST), 1 - LEAST))


def score_counts(reference: Reference, log_odds: Float64) -> Float64:
    """Return how many scores (n,) fall into each bin of a reference's scores, float64 (b,)."""
    which = np.searchsorted(reference.edges, log_odds)
    return np.bincount(which, minlength=len(reference.illicit)).astype(np.float64)


def unexplained(reference: Reference, log_odds: Float64, share: float) -> float:
    """Return the PSI of scores that a prior alone does not explain.

    Of the window's scores against the mixture of the training classes at that prior: near 0 under
    label shift, whatever the prior; from .25 on no estimate from these scores is to be trusted.
    """
    counts = score_counts(reference, log_odds)
    illicit = reference.illicit / reference.illicit.sum()
    licit = reference.licit / reference.licit.sum()
    return psi(share * illicit + (1 - share) * licit, counts)


def estimate_prior(
    reference: Reference, log_odds: Float64, wallets: NDArray[np.int64], *, seed: int
) -> Priors:
    """Estimate the share of illicit wallets by all three methods, with intervals.

    Parameters
    ----------
    reference
        Of the model's training, at the same base rate as the scores.
    log_odds
        float64 (n,), calibrated scores of unlabelled rows at ``reference.base_rate``.
    wallets
        int64 (n,), whose each row is; wallets are drawn whole.
    seed
        Of the bootstrap.

    Notes
    -----
    The bootstrap draws wallets of the window, and for the last two also training rows (a Poisson
    count for each bin). It holds what chance does, not whether label shift holds.
    """
    generator = np.random.default_rng(seed)
    owners, member = np.unique(wallets, return_inverse=True)
    values, place = np.unique(np.round(log_odds / GRAIN) * GRAIN, return_inverse=True)
    which = np.searchsorted(reference.edges, log_odds)

    def three(rows: Float64, illicit: Float64, licit: Float64) -> tuple[float, ...]:
        counts = np.bincount(which, rows, len(illicit)).astype(np.float64)
        often = np.bincount(place, rows, len(values)).astype(np.float64)
        return (
            em_prior(values, reference.base_rate, often),
            mixture_prior(counts, illicit, licit),
            confusion_prior(counts, illicit, licit),
        )

    said = three(np.ones(len(log_odds)), reference.illicit, reference.licit)
    draws = np.empty((DRAWS, len(said)))
    for draw in draws:
        drawn = generator.integers(len(owners), size=len(owners))
        times = np.bincount(drawn, minlength=len(owners))[member].astype(np.float64)
        illicit, licit = (
            generator.poisson(one).astype(np.float64) + SMALL
            for one in (reference.illicit, reference.licit)
        )
        draw[:] = three(times, illicit, licit)
    ends = np.percentile(draws, [2.5, 97.5], axis=0).T.tolist()
    em, mixture, confusion = (Prior(share, *end) for share, end in zip(said, ends, strict=True))
    return Priors(em, mixture, confusion, _disagreement(draws[:, 0], draws[:, 2], em, confusion))


def _disagreement(ours: Float64, theirs: Float64, one: Prior, other: Prior) -> float:
    """Factor between two estimates; 1 unless their difference has one sign in 95 % of the draws."""
    low, high = np.percentile(ours - theirs, [2.5, 97.5])
    if low <= 0 <= high:
        return 1.0
    shares = np.array([one.share, other.share])
    return float(max(shares.max() / shares.min(), (1 - shares).max() / (1 - shares).min()))


def at_prior(model: RiskModel, share: float) -> RiskModel:
    """Return the model with its probabilities shifted to another share of illicit wallets.

    Parameters
    ----------
    model
        Any kind.
    share
        New base rate, in (0, 1).

    Returns
    -------
    RiskModel
        The same ranking and the same trees; its ``base_rate`` is ``share``, and so is its version
        another. It can be saved and served.

    Raises
    ------
    RiskError
        If the share is not inside (0, 1).
    """
    if not 0 < share < 1:
        raise RiskError(f"a base rate must lie between 0 and 1, got {share}")
    parts = model.parts
    shifted = parts._replace(
        calibration=replace(parts.calibration, base_rate=share),
        manifest=parts.manifest.model_copy(update={"base_rate": share}),
    )
    return type(model)(shifted, model.views)
