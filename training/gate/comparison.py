"""Candidate and champion on the same rows: the difference in PR-AUC, its interval, the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from training.metrics import time_blocks

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
Verdict = Literal["better", "no worse", "refused"]

DRAWS = 1_000
LEVELS = (2.5, 97.5)  # per cent
CHUNK_CELLS = 4_000_000  # of draws x rows at once, 32 MB
CANDIDATE, CHAMPION = "candidate_", "champion_"  # then the number of the fit


@dataclass(frozen=True, slots=True)
class Comparison:
    """Paired difference in PR-AUC, candidate less champion.

    Parameters
    ----------
    difference, low, high
        Mean over fits, and its 95 % interval.
    margin
        How much less is still no worse.
    rows, illicit
        Both were judged on.
    fits
        Of the recipe that has fewer.
    """

    difference: float
    low: float
    high: float
    margin: float
    rows: int
    illicit: int
    fits: int

    @property
    def verdict(self) -> Verdict:
        """``better`` if all of the interval is above 0, ``no worse`` if it is above -margin."""
        if self.low > 0 and self.fits > 1:
            return "better"
        return "no worse" if self.low > -self.margin else "refused"

    @property
    def detail(self) -> str:
        """All of it in a line."""
        said = (
            f"{self.verdict}: PR-AUC {self.difference:+.4f} [{self.low:+.4f}, {self.high:+.4f}] on "
            f"the same {self.rows} rows, {self.illicit} illicit; fits each: {self.fits}; "
            f"margin {self.margin:g}"
        )
        if self.verdict == "refused" and self.high > 0:
            said += "; too few rows to tell a loss of the margin from none"
        return said


def compare(rows: pd.DataFrame, *, margin: float, seed: int = 0) -> Comparison:
    """Compare two recipes by their scores of the same rows.

    Parameters
    ----------
    rows
        Index (wallet, as_of); ``y_true``; columns ``candidate_1``, ``candidate_2``, ... and
        ``champion_1``, ..., the scores by each fit of the two recipes.
    margin
        See :class:`training.gate.config.GateConfig`.
    seed
        Of the draws.

    Returns
    -------
    Comparison
        Of the mean PR-AUC over fits.

    Raises
    ------
    RiskError
        If the rows are of one class, or one side has no score.

    Notes
    -----
    A draw takes blocks of whole wallets in one time with replacement
    (:func:`training.metrics.time_blocks`), the same for both sides, and fits of each side, too. The
    pairing takes out what is hard for both; the fits put in what one seed has over another, which
    would else pass for a better recipe: with one fit each, and rows drawn alone, one in ten pairs
    of seeds of one recipe was better than the other on real wallets. So nothing is called better
    on one fit.

    References
    ----------
    Dietterich, "Approximate statistical tests for comparing supervised classification learning
    algorithms" (1998), section 2: variation of the test rows and of the fit are sources apart.
    Kunsch, "The jackknife and the bootstrap for general stationary observations" (1989), blocks.
    """
    sides = [_columns(rows, side) for side in (CANDIDATE, CHAMPION)]
    generator = np.random.default_rng(seed)
    draws = Draws.of(rows.index, generator)
    y_true = rows["y_true"].to_numpy(np.int8)
    if not 0 < y_true.sum() < len(y_true):
        raise RiskError(f"recipes are compared on rows of both classes, got {len(y_true)} of one")
    areas = [_areas(y_true, rows[names].to_numpy(), draws) for names in sides]
    difference = areas[0][0].mean() - areas[1][0].mean()
    means = [_of_drawn_fits(area[1:], generator) for area in areas]
    low, high = np.nanpercentile(means[0] - means[1], LEVELS)
    return Comparison(
        float(difference), float(low), float(high), margin, len(rows), int(y_true.sum()),
        min(len(names) for names in sides),
    )  # fmt: skip


def _columns(rows: pd.DataFrame, side: str) -> list[str]:
    names = [str(name) for name in rows.columns if str(name).startswith(side)]
    if not names:
        raise RiskError(f"the rows hold no score of the {side.rstrip('_')}: {list(rows.columns)}")
    return names


class Draws(NamedTuple):
    """How often each block counts, (1 + DRAWS, blocks), and the block of each row (n,).

    In the first line each counts once: that is the set as it is.
    """

    counts: Float64
    block: Int64

    @classmethod
    def of(cls, index: pd.Index, generator: np.random.Generator) -> Self:
        """Draw blocks of whole wallets in one time with replacement."""
        block = time_blocks(index)
        number = int(block.max()) + 1
        drawn = generator.multinomial(number, np.full(number, 1 / number), size=DRAWS)
        return cls(np.concatenate([np.ones((1, number)), drawn]), block)


def _areas(y_true: NDArray[np.int8], scores: Float64, draws: Draws) -> Float64:
    """PR-AUC (1 + DRAWS, fits) of scores (n, fits)."""
    return np.stack([average_precisions(y_true, one, draws) for one in scores.T], axis=1)


def _of_drawn_fits(areas: Float64, generator: np.random.Generator) -> Float64:
    """In each line (draws, fits), the mean of as many fits, drawn with replacement."""
    drawn = generator.integers(areas.shape[1], size=areas.shape)
    return np.asarray(np.take_along_axis(areas, drawn, axis=1).mean(axis=1))


def average_precisions(y_true: NDArray[np.int8], y_score: Float64, draws: Draws) -> Float64:
    """Return PR-AUC (draws,) of rows (n,) in each draw; nan where it lacks a class.

    Notes
    -----
    :func:`training.metrics.average_precision`, sorted once for all draws: a thousand calls of it
    take minutes.
    """
    order = np.argsort(-y_score, kind="stable")
    last_of_tie = np.append(np.flatnonzero(np.diff(y_score[order])), len(order) - 1)
    illicit, block = y_true[order].astype(np.float64), draws.block[order]
    found = np.empty(len(draws.counts))
    step = max(1, CHUNK_CELLS // len(order))
    for begin in range(0, len(found), step):
        mass = draws.counts[begin : begin + step, block]
        hits = np.cumsum(mass * illicit, axis=1)[:, last_of_tie]
        seen = np.cumsum(mass, axis=1)[:, last_of_tie]
        gained = np.diff(hits, axis=1, prepend=0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            area = np.nansum(gained * hits / seen, axis=1) / hits[:, -1]
        both = (hits[:, -1] > 0) & (hits[:, -1] < seen[:, -1])
        found[begin : begin + step] = np.where(both, area, np.nan)
    return found
