"""A stack: logistic regression over the log-odds of other kinds, scored out of fold.

The log-odds of the parts are summed with weights, and so are their contributions: reasons add up
as those of the parts do.

References
----------
Wolpert, "Stacked generalization" (1992); Breiman, "Stacked regressions" (1996), section 2, for
out-of-fold scores as what the weights are fitted to.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from features.json_file import read_json
from training.models.estimator import Configured, Estimator, Inputs
from training.models.finite import require_finite
from training.models.kinds import estimator_class
from training.models.parts import load_part, save_part
from training.models.ranges import Range

Float64 = NDArray[np.float64]

WEIGHTS = "stack.json"


class StackEstimator(Configured):
    """Several kinds as one; see :class:`training.models.estimator.Estimator`.

    ``kinds`` are its parts, all of which read a row of the table; ``of`` gives parameters to one
    by its name, ``{"lightgbm": {"trees": 200}}``.
    """

    kind: ClassVar[str] = "stack"
    reads: ClassVar[Literal["table", "ledger"]] = "table"
    defaults: ClassVar[Mapping[str, Any]] = {
        "kinds": ["lightgbm", "extra_trees", "logistic"],
        "of": {},
        "folds": 5,
        "inverse_penalty": 1.0,
    }
    ranges: ClassVar[Mapping[str, Range]] = {
        "folds": Range(2, 50),
        "inverse_penalty": Range(0, open_low=True),
    }
    libraries: ClassVar[tuple[str, ...]] = ("lightgbm", "scikit-learn", "skops")

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        self.parts_ = self._parts()
        self.weights_: Float64 | None = None
        self.intercept_ = 0.0

    @property
    def reasons(self) -> tuple[str, ...]:
        """The features themselves."""
        return self.feature_names

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows, each of a wallet of its own; see :meth:`fit_groups`."""
        return self.fit_groups(inputs, y_true, weights, np.arange(len(y_true)))

    def fit_groups(
        self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64, groups: NDArray[np.int64]
    ) -> Self:
        """Learn from n rows; those of one group, int64 (n,), are on one side of every fold."""
        from sklearn.linear_model import LogisticRegression
        from sklearn.model_selection import StratifiedGroupKFold

        count = min(self.parameters["folds"], int(y_true.sum()), int((1 - y_true).sum()))
        if count < 2:
            raise RiskError("a stack needs two rows of each class to learn from")
        splitter = StratifiedGroupKFold(count, shuffle=True, random_state=self.seed)
        raw = np.empty((len(y_true), len(self.parts_)))
        for learnt, held in splitter.split(raw, y_true, groups):
            some = Inputs(inputs.features[learnt])
            for place, copy in enumerate(self._parts()):
                copy.fit(some, y_true[learnt], weights[learnt] / weights[learnt].mean())
                raw[held, place] = copy.log_odds(Inputs(inputs.features[held]))
        over = LogisticRegression(C=self.parameters["inverse_penalty"], solver="newton-cholesky")
        over.fit(raw, y_true, sample_weight=weights)
        self.weights_, self.intercept_ = over.coef_[0], float(over.intercept_[0])
        for part in self.parts_:
            part.fit(inputs, y_true, weights)
        return self

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return raw log-odds (n,)."""
        total = np.full(len(inputs), self.intercept_)
        for weight, part in zip(self._weights(), self.parts_, strict=True):
            total += weight * part.log_odds(inputs)
        return total

    def contributions(self, inputs: Inputs) -> Float64:
        """Return (n, k + 1): those of the parts, by the parts' weights; the base is last."""
        total = np.zeros((len(inputs), len(self.feature_names) + 1))
        total[:, -1] = self.intercept_
        for weight, part in zip(self._weights(), self.parts_, strict=True):
            total += weight * part.contributions(inputs)
        return total

    def save(self, directory: Path) -> None:
        """Write ``stack.json`` and the files of the parts, each after the name of its kind."""
        content = {
            "weights": dict(zip(self.parameters["kinds"], self._weights().tolist(), strict=True)),
            "intercept": self.intercept_,
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (directory / WEIGHTS).write_text(text, encoding="utf-8", newline="\n")
        for part in self.parts_:
            save_part(part, directory)

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the weights are no numbers, a kind is unknown, or a part cannot be read.
        """
        content = read_json(directory / WEIGHTS)
        try:
            weights, intercept = dict(content["weights"]), float(content["intercept"])
            values = np.array(list(weights.values()), np.float64)
        except (KeyError, TypeError, ValueError) as error:
            raise RiskError(f"{WEIGHTS} does not hold the weights of kinds: {error!r}") from error
        require_finite(WEIGHTS, {"weights": values, "intercept": intercept})
        model = cls(feature_names, seed=0, parameters={"kinds": list(weights)})
        model.parts_ = [load_part(directory, kind, feature_names) for kind in weights]
        model.weights_, model.intercept_ = values, intercept
        return model

    def _parts(self) -> list[Estimator]:
        kinds, given = self.parameters["kinds"], self.parameters["of"]
        if len(kinds) < 2 or len(set(kinds)) < len(kinds):
            raise RiskError(f"kinds of a stack must be two or more, each once, got {kinds}")
        strange = sorted(set(given) - set(kinds))
        if strange:
            raise RiskError(f"of gives parameters to {', '.join(strange)}; kinds are {kinds}")
        classes = [estimator_class(kind) for kind in kinds]
        for kind in classes:
            if kind.reads != "table" or kind.kind == self.kind:
                raise RiskError(f"a stack is of kinds that read the table, not of {kind.kind!r}")
        return [
            kind(self.feature_names, seed=self.seed, parameters=given.get(kind.kind, {}))
            for kind in classes
        ]

    def _weights(self) -> Float64:
        if self.weights_ is None:
            raise RiskError("this stack has not been fitted")
        return self.weights_


_: type[Estimator] = StackEstimator
