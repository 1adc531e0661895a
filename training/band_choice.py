"""Choose thresholds from what a review team can do, wants or pays: budget, precision or costs.

Labelled sets hold far more illicit wallets than the world does. So a row counts as many wallets as
it stands for at the base rate: shares and precisions are those of the world, not of the sample.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from training.bands import BANDS, BandRows, BandSeen, BandTable, probability_unit, rises
from training.risk_model import RiskModel

Float64 = NDArray[np.float64]
LEAST_ROWS = 10  # at or above a threshold: of fewer rows nothing is known


class Choice(NamedTuple):
    """How a threshold is chosen.

    Attributes
    ----------
    threshold
        From the rows to the lowest probability of the band.
    words
        The rule in words.
    """

    threshold: Callable[[ScoredRows], float]
    words: str


class ScoredRows(NamedTuple):
    """Rows to choose from, the highest probability first.

    Attributes
    ----------
    probability
        float64 (n,), falling.
    wallets
        float64 (n,), share of all wallets that a row stands for; sum 1.
    illicit
        float64 (n,), 1 or 0; None without labels.
    """

    probability: Float64
    wallets: Float64
    illicit: Float64 | None

    @classmethod
    def of(cls, scores: pd.DataFrame, base_rate: float) -> Self:
        """Weigh rows of ``probability`` and, where known, ``y_true`` to the base rate.

        Raises
        ------
        RiskError
            If there are no rows, a probability is none, or a class is missing.
        """
        given = scores["probability"].to_numpy(np.float64)
        if not len(given) or not ((given >= 0) & (given <= 1)).all():
            raise RiskError("bands are chosen from rows with a probability between 0 and 1 each")
        order = np.argsort(-given, kind="stable")
        if "y_true" not in scores:
            return cls(given[order], np.full(len(given), 1 / len(given)), None)
        illicit = scores["y_true"].to_numpy(np.float64)[order]
        counts = illicit.sum(), len(illicit) - illicit.sum()
        if min(counts) == 0:
            raise RiskError(
                "labelled rows of both classes are needed, "
                f"got {counts[0]:.0f} illicit of {len(illicit)}"
            )
        stands_for = np.where(illicit == 1, base_rate / counts[0], (1 - base_rate) / counts[1])
        return cls(given[order], stands_for, illicit)

    def seen(self, threshold: float) -> BandSeen:
        """Sum up the rows at or above a threshold."""
        above = self.probability >= threshold
        share = float(self.wallets[above].sum())
        if self.illicit is None:
            return BandSeen(
                rows=int(above.sum()), illicit=None, share=share, precision=None, recall=None
            )
        caught = float((self.wallets * self.illicit)[above].sum())
        return BandSeen(
            rows=int(above.sum()),
            illicit=int(self.illicit[above].sum()),
            share=min(share, 1.0),
            precision=min(caught / share, 1.0) if share else None,
            recall=min(caught / float((self.wallets * self.illicit).sum()), 1.0),
        )


def of_budget(reviews: float, volume: float, per: str) -> Choice:
    """Let as many wallets through as can be reviewed: ``reviews`` out of ``volume``, per ``per``.

    Raises
    ------
    RiskError
        If it is not 0 < reviews < volume.
    """
    if not 0 < reviews < volume:
        raise RiskError(
            f"a budget must be above 0 and below the volume, got {reviews:g} of {volume:g} a {per}"
        )

    def threshold(rows: ScoredRows) -> float:
        share = reviews / volume
        ends = _ends(rows)
        fits = ends[np.cumsum(rows.wallets)[ends] <= share * (1 + 1e-12)]
        if not fits.size or fits[-1] + 1 < LEAST_ROWS:
            high = fits[-1] + 1 if fits.size else 0
            raise RiskError(
                f"{reviews:g} of {volume:g} wallets is a share of {share:.2g}, and only {high} of "
                f"{len(rows.probability)} rows stand for the highest of them; at least "
                f"{LEAST_ROWS} are needed: give more rows or a larger budget"
            )
        return float(rows.probability[fits[-1]])

    return Choice(threshold, f"a review budget of {reviews:g} of {volume:g} wallets a {per}")


def of_precision(floor: float) -> Choice:
    """Take the lowest threshold at and above which a share ``floor`` of the wallets is illicit.

    Raises
    ------
    RiskError
        If it is no share, or, at the rows, there are no labels or no such threshold.
    """
    if not 0 < floor < 1:
        raise RiskError(f"a precision floor lies between 0 and 1, got {floor:g}")

    def threshold(rows: ScoredRows) -> float:
        if rows.illicit is None:
            raise RiskError("a precision floor needs rows with labels (y_true)")
        ends = _ends(rows)
        caught = np.cumsum(rows.wallets * rows.illicit)[ends]
        precision = caught / np.cumsum(rows.wallets)[ends]
        enough = ends + 1 >= LEAST_ROWS
        reached = np.flatnonzero((precision >= floor) & enough)
        if not reached.size:
            best = float(precision[enough].max()) if enough.any() else 0.0
            raise RiskError(
                f"no threshold with at least {LEAST_ROWS} rows above it has a precision of "
                f"{floor:g} at the base rate; the best is {best:.3g}"
            )
        return float(rows.probability[ends[reached[-1]]])

    return Choice(threshold, f"a precision of at least {floor:g} at the base rate")


def of_costs(review: float, missed: float) -> Choice:
    """Review a wallet where that costs less than what it is expected to cost unreviewed.

    Notes
    -----
    That is where probability x missed >= review: calibrated probabilities make the threshold a
    quotient, whatever the rows.

    References
    ----------
    Elkan, "The foundations of cost-sensitive learning" (2001), section 2, where a reviewed wallet
    costs the same whatever it turns out to be.

    Raises
    ------
    RiskError
        If it is not 0 < review < missed.
    """
    if not 0 < review < missed:
        raise RiskError(
            f"costs must be 0 < review < missed, got review={review:g}, missed={missed:g}"
        )
    words = f"costs of {review:g} for a review and {missed:g} for an illicit wallet missed"
    return Choice(lambda _: review / missed, words)


def choose_bands(
    scores: pd.DataFrame, model: RiskModel, choices: Mapping[str, Choice], *, name: str
) -> BandTable:
    """Choose the thresholds of bands for a model.

    Parameters
    ----------
    scores
        Index with ``as_of``; ``probability`` by the recipe of this model, on rows it did not learn
        from, and ``y_true``, which may be missing.
    model
        Whose bands they are.
    choices
        Band to how it is chosen.
    name
        Of the table.

    Raises
    ------
    RiskError
        If rows do not suffice, or the thresholds do not rise.
    """
    rows = ScoredRows.of(scores, model.base_rate)
    found = {band: choices[band].threshold(rows) for band in BANDS if band in choices}
    if not rises(found.values()):
        raise RiskError(f"thresholds must rise from band to band, chosen were {found}")
    as_of = pd.DatetimeIndex(scores.index.get_level_values("as_of"))
    return BandTable(
        name=name,
        thresholds=found,
        unit=probability_unit(model.base_rate),
        chosen_by="; ".join(f"{band}: {choices[band].words}" for band in found),
        seen={band: rows.seen(threshold) for band, threshold in found.items()},
        rows=BandRows(
            count=len(scores),
            illicit=None if rows.illicit is None else int(rows.illicit.sum()),
            first=as_of.min().to_pydatetime(),
            last=as_of.max().to_pydatetime(),
        ),
        model_version=model.version,
        base_rate=model.base_rate,
        made_at=datetime.now(UTC).replace(microsecond=0),
    )


def _ends(rows: ScoredRows) -> NDArray[np.int64]:
    """Places of the last row of each probability: a threshold takes all equal ones or none."""
    last = np.append(rows.probability[1:] != rows.probability[:-1], True)
    return np.flatnonzero(last)
