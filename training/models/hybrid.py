"""The hybrid: trees that read, beside the table, what a graph network says of the wallet.

The network's columns are its log-odds and the main directions of its state before the head. The
trees learn from columns of networks that did not learn from the row's wallet; at scoring they are
of the one network that learnt from all. States of two networks have no axes in common, so those of
each fold's network are mapped linearly onto the axes of the one that is shipped.

References
----------
Wolpert, "Stacked generalization" (1992), for scores of rows held back as inputs of the next level.
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
from training.group_folds import folds
from training.models.directions import Directions
from training.models.estimator import Estimator, Explained, Inputs
from training.models.graph_network import GraphEstimator
from training.models.parts import load_part, save_part
from training.models.ranges import Range
from training.models.trees import TreesEstimator
from training.models.with_trees import TREES, WithTrees
from training.networks.explaining.shapley import shapley_values, shared_out
from training.networks.reading.prepared import drawn_if_few
from training.networks.reading.source import GraphInputs

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

SETTINGS = "hybrid.json"
# a row alone and in a batch differ by 1e-12, which must not decide on which side of a split it is
DECIMALS = 6


class HybridEstimator(WithTrees):
    """A graph network and trees over it; see :class:`training.models.estimator.Estimator`.

    ``network`` is a kind of graph network; ``of`` gives parameters to it or to the trees by name,
    ``{"gine": {"hidden": 16}, "lightgbm": {"trees": 200}}``. ``directions`` is the number of
    columns that are made of its state; 0: its score alone.
    """

    kind: ClassVar[str] = "hybrid"
    defaults: ClassVar[Mapping[str, Any]] = {
        "network": "graphsage",
        "of": {},
        "directions": 4,
        "folds": 4,
    }
    ranges: ClassVar[Mapping[str, Range]] = {"directions": Range(0), "folds": Range(2, 50)}

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        self.directions_: Directions | None = None
        self.trees_ = self._new_trees(*_names(self.parameters["directions"]))

    def fit_groups(
        self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64, groups: Int64
    ) -> Self:
        """Teach the network; then the trees, by networks that did not learn from the wallet."""
        inputs = drawn_if_few(inputs)  # once for all networks
        self.network_.fit_groups(inputs, y_true, weights, groups)
        states = self.network_.states(inputs)
        directions = Directions.fit(states[:, 1:], self.parameters["directions"])
        columns = np.empty((len(inputs), 1 + directions.count))
        for learnt, held in folds(y_true, groups, self.parameters["folds"], self.seed):
            some = inputs.take(learnt)
            other = self._new_network(self.seed)
            share = weights[learnt] / weights[learnt].mean()
            other.fit_groups(some, y_true[learnt], share, groups[learnt])
            mapped = directions.mapped(other.states(some)[:, 1:], states[learnt, 1:])
            columns[held] = _columns(other.states(inputs.take(held)), mapped)
        self.directions_, self.trees_ = directions, self._new_trees(*_names(directions.count))
        self.trees_.fit(self._table(inputs, columns), y_true, weights)
        return self

    def log_odds(self, inputs: GraphInputs) -> Float64:
        """Return raw log-odds (n,): those of the trees."""
        columns = _columns(self.network_.states(inputs), self._fitted())
        return self.trees_.log_odds(self._table(inputs, columns))

    def contributions(self, inputs: GraphInputs) -> Float64:
        """Return (n, len(reasons) + 1), rows that sum to :meth:`log_odds`; the base is last.

        Features have their TreeSHAP values. Those of the network's columns together are shared
        out among what the network reads, by Shapley values of a game of its own: a coalition is
        worth what the trees say of the row with the columns that the network gives of it.
        """
        return self._explained(inputs, transfers=False).contributions

    def explained(self, inputs: GraphInputs) -> Explained:
        """Return :meth:`contributions`, and what the trees say without single transfers."""
        return self._explained(inputs, transfers=True)

    def save(self, directory: Path) -> None:
        """Write ``hybrid.json`` and the files of the parts, each after the name of its kind."""
        content = {
            "network": self.network_.kind,
            "directions": self._fitted().to_json(),
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (directory / SETTINGS).write_text(text, encoding="utf-8", newline="\n")
        save_part(cast("Estimator", self.network_), directory)
        save_part(self.trees_, directory)

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the network is of no such kind, a part cannot be read, or they do not fit.
        """
        content = read_json(directory / SETTINGS)
        try:
            kind = str(content["network"])
            directions = Directions.from_json(content["directions"], SETTINGS)
        except (KeyError, TypeError, ValueError) as error:
            raise RiskError(f"{SETTINGS} does not hold a hybrid: {error!r}") from error
        parameters = {"network": kind, "directions": directions.count}
        model = cls(feature_names, seed=0, parameters=parameters)
        model.networks_ = [cast("GraphEstimator", load_part(directory, kind, feature_names))]
        width = model.network_.width
        if directions.width != width:
            raise RiskError(
                f"{SETTINGS}: directions are of states of {directions.width} numbers, those of the "
                f"network have {width}"
            )
        names = model.trees_.feature_names
        model.trees_ = cast("TreesEstimator", load_part(directory, TREES, names))
        model.directions_ = directions
        return model

    def _explained(self, inputs: GraphInputs, *, transfers: bool) -> Explained:
        parts, first = [], 0
        for apart in self.network_.taken_apart(inputs, transfers=transfers):
            end = first + len(apart.coalitions)
            shares = self._contributions(inputs.features[first:end], apart.coalitions)
            rows = Inputs(inputs.features[apart.row])
            table = self._table(rows, _columns(apart.without, self._fitted()))
            parts.append(Explained(shares, apart.row, self.trees_.log_odds(table)))
            first = end
        return Explained.joined(parts, len(self.reasons))

    def _contributions(self, features: Float64, states: Float64) -> Float64:
        given = _columns(states, self._fitted())
        n_rows, coalitions, width = given.shape
        asked = Inputs(np.repeat(features, coalitions, axis=0))
        values = self.trees_.log_odds(self._table(asked, given.reshape(-1, width)))
        parts = self.trees_.contributions(self._table(Inputs(features), given[:, -1]))
        own, told = np.split(parts[:, :-1], [len(self.feature_names)], axis=1)
        game = shapley_values(values.reshape(n_rows, coalitions))[:, :-1]
        return np.column_stack([own, shared_out(game, told.sum(axis=1)), parts[:, -1]])

    def _table(self, inputs: Inputs, columns: Float64) -> Inputs:
        return Inputs(np.column_stack([inputs.features, columns]))

    def _fitted(self) -> Directions:
        if self.directions_ is None:
            raise RiskError("this hybrid has not been fitted")
        return self.directions_


def _names(directions: int) -> tuple[str, ...]:
    """Return the names of the trees' columns of the network."""
    return ("network_log_odds", *(f"network_{number}" for number in range(directions)))


def _columns(states: Float64, directions: Directions) -> Float64:
    """Return the trees' columns (..., 1 + count) of log-odds and states (..., 1 + width)."""
    along = directions(states[..., 1:])
    return np.round(np.concatenate([states[..., :1], along], axis=-1), DECIMALS)
