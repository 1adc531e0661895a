"""The blend: the mean of what trees and graph networks say, each learnt by itself.

Two models that err otherwise are better together, and nothing has to be learnt of how they go
together. Of the network there are several, which are one voice: see
:mod:`training.models.ensemble`.

References
----------
Perrone and Cooper, "When networks disagree: ensemble methods for hybrid neural networks" (1993),
section 2: the mean errs less than its parts on average where their errors differ.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self, cast

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from features.json_file import read_json
from training.models.ensemble import (
    fit_each,
    mean_contributions,
    mean_explained,
    mean_log_odds,
    seeds_of,
)
from training.models.estimator import Estimator, Explained, Inputs
from training.models.graph_network import GraphEstimator
from training.models.parts import load_part, save_part
from training.models.ranges import Range
from training.models.trees import TreesEstimator
from training.models.with_trees import TREES, WithTrees
from training.networks.reading.source import GraphInputs

Float64 = NDArray[np.float64]

SETTINGS = "blend.json"


class BlendEstimator(WithTrees):
    """The mean of two log-odds; see :class:`training.models.estimator.Estimator`.

    ``network`` is a kind of graph network, ``networks`` how many of it say the mean; ``of`` gives
    parameters to them or to the trees by name, ``{"pna": {"hidden": 16}, "lightgbm": {"trees":
    200}}``.
    """

    kind: ClassVar[str] = "blend"
    defaults: ClassVar[Mapping[str, Any]] = {"network": "pna", "networks": 2, "of": {}}
    ranges: ClassVar[Mapping[str, Range]] = {"networks": Range(1, 20)}

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        others = seeds_of(seed, self.parameters["networks"])[1:]
        self.networks_ += map(self._new_network, others)
        self.trees_ = self._new_trees()

    def fit_groups(
        self,
        inputs: GraphInputs,
        y_true: NDArray[np.int8],
        weights: Float64,
        groups: NDArray[np.int64],
    ) -> Self:
        """Teach the networks and the trees from the same rows."""
        fit_each(self.networks_, inputs, y_true, weights, groups)
        self.trees_.fit(Inputs(inputs.features), y_true, weights)
        return self

    def log_odds(self, inputs: GraphInputs) -> Float64:
        """Return raw log-odds (n,), the mean of both."""
        return _mean(self._trees_say(inputs), mean_log_odds(self.networks_, inputs))

    def contributions(self, inputs: GraphInputs) -> Float64:
        """Return (n, len(reasons) + 1), rows that sum to :meth:`log_odds`; the base is last.

        They are half of what the trees say of their score and the networks of theirs.
        """
        return self._with_trees(inputs, mean_contributions(self.networks_, inputs))

    def explained(self, inputs: GraphInputs) -> Explained:
        """Return :meth:`contributions`, and raw log-odds without single transfers."""
        found = mean_explained(self.networks_, inputs)
        without = _mean(self._trees_say(inputs)[found.row], found.without)
        return Explained(self._with_trees(inputs, found.contributions), found.row, without)

    def save(self, directory: Path) -> None:
        """Write ``blend.json`` and the files of the parts, networks by kind and number."""
        kind = self.network_.kind
        content = {"network": kind, "networks": len(self.networks_)}
        text = json.dumps(content, indent=1) + "\n"
        (directory / SETTINGS).write_text(text, encoding="utf-8", newline="\n")
        for number, network in enumerate(self.networks_):
            save_part(cast("Estimator", network), directory, f"{kind}-{number}")
        save_part(self.trees_, directory)

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the network is of no such kind, a part cannot be read, or networks do not fit.
        """
        content = read_json(directory / SETTINGS)
        try:
            given = {name: content[name] for name in ("network", "networks")}
        except (KeyError, TypeError) as error:
            raise RiskError(f"{SETTINGS} does not hold a blend: {error!r}") from error
        model = cls(feature_names, seed=0, parameters=given)
        kind = model.network_.kind
        parts = [
            load_part(directory, kind, feature_names, f"{kind}-{number}")
            for number in range(len(model.networks_))
        ]
        model.networks_ = cast("list[GraphEstimator]", parts)
        first, *others = [(one.parameters, one.reads_labels) for one in model.networks_]
        if any(other != first for other in others):
            raise RiskError(
                f"{SETTINGS}: its networks differ in their parameters or in what they read"
            )
        model.trees_ = cast("TreesEstimator", load_part(directory, TREES, feature_names))
        return model

    def _trees_say(self, inputs: GraphInputs) -> Float64:
        return self.trees_.log_odds(Inputs(inputs.features))

    def _with_trees(self, inputs: GraphInputs, told: Float64) -> Float64:
        """Return contributions of both (n, len(reasons) + 1), given those of the networks."""
        parts = self.trees_.contributions(Inputs(inputs.features))
        both = [parts[:, :-1], told[:, :-1], parts[:, -1] + told[:, -1]]
        return np.column_stack(both) / 2


def _mean(one: Float64, two: Float64) -> Float64:
    return (one + two) / 2
