"""Which kind of illicit: P(category | illicit), beside a model of P(illicit).

Labels may say what an illicit wallet is of. Of the illicit wallets alone a multinomial logistic
regression learns that, so its shares sum to one, and times P(illicit) they sum with licit to one.
A category is told only if ``LEAST_WALLETS`` wallets are of it; the rest are one, ``other``, and
left out where even together they are fewer. The shares are those of the labelled wallets, whoever
collected them; no base rate is stated for them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.categories import CATEGORIES, category_place
from features.contracts.labels import check_labels
from features.errors import RiskError
from training.models.finite import require_finite
from training.models.scaling import Scaler
from training.truth import deciding

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

FILE = "categories.json"
OTHER = "other"
# a share seen on so many wallets has a standard error below 0.1, and five folds hold six each
LEAST_WALLETS = 30
MOST_ROWS = 20_000  # learnt from
FOLDS = 5
PENALTY = 0.01  # inverse, as strong as few wallets and many columns need


@dataclass(frozen=True, slots=True)
class Categories:
    """A fitted model of c categories over k columns.

    Parameters
    ----------
    names
        c categories that are told; what belongs to none of the others is ``other``.
    wallets
        Illicit wallets that were labelled with each of all categories, told or not.
    scaler
        Of the columns.
    slope, intercept
        float64 (c, 2 k) and (c,); their softmax is P(category | illicit).
    log_loss, log_loss_of_shares
        Out of fold, in nats: of the model, and of the bare shares. No better means that columns
        say nothing of the kind.
    """

    names: tuple[str, ...]
    wallets: dict[str, int]
    scaler: Scaler
    slope: Float64
    intercept: Float64
    log_loss: float
    log_loss_of_shares: float

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of a score, one a category."""
        return tuple(f"probability_{name}" for name in self.names)

    @classmethod
    def fit(
        cls, features: Float64, categories: NDArray[np.object_], groups: Int64, *, seed: int
    ) -> Self | None:
        """Learn from illicit rows.

        Parameters
        ----------
        features
            float64 (m, k), nan where missing.
        categories
            (m,) names out of :data:`features.contracts.categories.CATEGORIES`.
        groups
            int64 (m,), the wallet of each row.
        seed
            Of the folds.

        Returns
        -------
        Categories or None
            None where fewer than two categories can be told.

        Notes
        -----
        Calibrated by a temperature and a level a category on out-of-fold scores of whole wallets:
        Alexandari, Kundaje and Shrikumar, "Maximum likelihood with bias-corrected calibration is
        hard-to-beat at label shift adaptation" (2020), section 3. A temperature alone would keep
        the levels of the shrunken slopes, and say too little of categories in the middle.
        """
        wallets = wallets_of(categories, groups)
        told = [name for name, count in wallets.items() if count >= LEAST_WALLETS]
        named = np.where(np.isin(categories.astype(str), told), categories, OTHER).astype(str)
        counted = wallets_of(named, groups)
        names = [name for name, count in counted.items() if count >= LEAST_WALLETS]
        if len(names) < 2:
            return None
        kept = np.isin(named, names)  # too few of the other kinds are no kind either
        return cls._of(features[kept], named[kept], groups[kept], wallets, seed)

    @classmethod
    def _of(
        cls,
        features: Float64,
        kept: NDArray[np.str_],
        groups: Int64,
        wallets: dict[str, int],
        seed: int,
    ) -> Self:
        from sklearn.model_selection import StratifiedGroupKFold

        some = np.sort(np.random.default_rng(seed).permutation(len(kept))[:MOST_ROWS])
        features, groups = features[some], groups[some]
        names, y = np.unique(kept[some], return_inverse=True)
        scores = np.empty((len(y), len(names)))
        splitter = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed)
        for learnt, held in splitter.split(scores, y, groups):
            scaler, slope, intercept = _learnt(features[learnt], y[learnt], len(names))
            scores[held] = scaler.scale(features[held]) @ slope.T + intercept
        heat, level = _temperature(scores, y)
        scaler, slope, intercept = _learnt(features, y, len(names))
        shares = np.bincount(y) / len(y)
        return cls(
            tuple(names.tolist()), wallets, scaler, slope / heat, intercept / heat + level,
            _log_loss(scores / heat + level, y), float(-(shares * np.log(shares)).sum()),
        )  # fmt: skip

    def shares(self, features: Float64) -> Float64:
        """Return P(category | illicit), float64 (n, c); rows sum to one."""
        scaled, scores = self.scaler.scale(features), np.empty((len(features), len(self.names)))
        for at, slope in enumerate(self.slope):  # a product of matrices rounds by their sizes
            scores[:, at] = (scaled * slope).sum(axis=1) + self.intercept[at]
        return _softmax(scores)

    def probabilities(
        self, features: Float64, illicit: Float64, unscored: NDArray[np.bool_]
    ) -> Float64:
        """Return P(category), (n, c), that sum to P(illicit), (n,); bare shares where unscored."""
        shares = self.shares(features)
        shares[unscored] = self.bare_shares
        return shares * illicit[:, np.newaxis]

    @property
    def bare_shares(self) -> Float64:
        """Shares (c,) of the labelled wallets: what is said of a wallet that is not scored."""
        told = {name: self.wallets.get(name, 0) for name in self.names}
        if OTHER in told:
            told[OTHER] = sum(self.wallets.values()) - sum(
                count for name, count in told.items() if name != OTHER
            )
        counts = np.array(list(told.values()), np.float64)
        shares: Float64 = counts / counts.sum()
        return shares

    @property
    def omitted(self) -> dict[str, str]:
        """Why a category that labels name is not told, by its name."""
        return {
            name: f"{count} wallets, {LEAST_WALLETS} are needed"
            for name, count in self.wallets.items()
            if count < LEAST_WALLETS
        }

    def to_files(self) -> dict[str, bytes]:
        """Return ``categories.json``, for a model folder."""
        content = {
            "names": self.names, "wallets": self.wallets, "scaler": self.scaler.to_json(),
            "slope": self.slope.tolist(), "intercept": self.intercept.tolist(),
            "log_loss": self.log_loss, "log_loss_of_shares": self.log_loss_of_shares,
        }  # fmt: skip
        return {FILE: (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()}

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], columns: int) -> Self | None:
        """Read what :meth:`to_files` gave; None where the folder holds no such file.

        Raises
        ------
        RiskError
            If it does not hold finite weights of so many columns.
        """
        if FILE not in files:
            return None
        try:
            content = json.loads(files[FILE])
            slope = np.array(content["slope"], np.float64)
            found = cls(
                tuple(map(str, content["names"])), dict(content["wallets"]),
                Scaler.from_json(content["scaler"], columns), slope,
                np.array(content["intercept"], np.float64), float(content["log_loss"]),
                float(content["log_loss_of_shares"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError) as error:
            raise RiskError(f"{FILE} does not hold categories: {error!r}") from error
        if (
            slope.shape != (len(found.names), 2 * columns)
            or found.intercept.shape != slope.shape[:1]
        ):
            raise RiskError(f"{FILE}: slope has shape {slope.shape}")
        require_finite(FILE, {"slope": slope, "intercept": found.intercept})
        return found


def row_categories(labels: pd.DataFrame, index: pd.Index) -> NDArray[np.object_]:
    """Return the category (n,) of each row's wallet by its label; ``other`` where it tells none."""
    found = deciding(check_labels(labels), index)
    of_label = [CATEGORIES[category_place(text)] for text in found.labels["category"]]
    categories: NDArray[np.object_] = np.array([*of_label, OTHER], dtype=object)[found.best]
    return categories


def wallets_of(categories: NDArray[np.object_], groups: Int64) -> dict[str, int]:
    """Number of wallets of each category, the most first."""
    frame = pd.DataFrame({"category": categories.astype(str), "group": groups})
    counted = frame.groupby("category")["group"].nunique().sort_values(ascending=False)
    return {str(name): int(count) for name, count in counted.items()}


def _learnt(features: Float64, y: Int64, count: int) -> tuple[Scaler, Float64, Float64]:
    from sklearn.linear_model import LogisticRegression

    scaler = Scaler.fit(features)
    model = LogisticRegression(C=PENALTY, max_iter=1000).fit(scaler.scale(features), y)
    slope, intercept = model.coef_, model.intercept_
    if count == 2:  # scikit-learn keeps one line of two
        slope, intercept = np.vstack([-slope, slope]) / 2, np.array([-1, 1]) * intercept / 2
    return scaler, slope, intercept


def _temperature(scores: Float64, y: Int64) -> tuple[float, Float64]:
    """Divisor of the scores (n, c), and what is added to each category, (c,), that fit best."""
    from scipy.optimize import minimize

    def loss(at: Float64) -> float:
        # one addition too many: the smallest ones are taken
        return _log_loss(scores / np.exp(at[0]) + at[1:], y) + 1e-6 * float(at[1:] @ at[1:])

    found = minimize(loss, np.zeros(1 + scores.shape[1]), method="L-BFGS-B")
    return float(np.exp(found.x[0])), np.asarray(found.x[1:], np.float64)


def _softmax(scores: Float64) -> Float64:
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: Float64 = raised / raised.sum(axis=1, keepdims=True)
    return shares


def _log_loss(scores: Float64, y: Int64) -> float:
    said = _softmax(scores)[np.arange(len(y)), y]
    return float(-np.log(np.maximum(said, np.finfo(np.float64).tiny)).mean())
