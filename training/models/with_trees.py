"""What models share that have trees beside a graph network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.models.estimator import Configured, Where
from training.models.graph_network import GraphEstimator
from training.models.kinds import estimator_class
from training.models.trees import TreesEstimator
from training.networks.reading.source import GraphInputs

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]

TREES = TreesEstimator.kind


class WithTrees(Configured):
    """Graph networks of one kind that have trees beside them; all read the same rows.

    Of the parameters ``network`` is their kind, and ``of`` gives some to them and to the trees by
    name.
    """

    reads: ClassVar[Literal["table", "ledger"]] = "ledger"
    libraries: ClassVar[tuple[str, ...]] = (*TreesEstimator.libraries, *GraphEstimator.libraries)

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        super().__init__(feature_names, seed=seed, parameters=parameters)
        network, given = self.parameters["network"], self.parameters["of"]
        strange = sorted(set(given) - {network, TREES})
        if strange:
            raise RiskError(
                f"of gives parameters to {', '.join(strange)}; parts are {network} and {TREES}"
            )
        self.networks_ = [self._new_network(self.seed)]
        taken = sorted(set(self.network_.reasons) & set(feature_names))
        if taken:
            raise RiskError(
                f"columns {', '.join(taken)} bear the name of a part of the network; rename them"
            )

    @property
    def network_(self) -> GraphEstimator:
        """The first of the networks; all read the same."""
        return self.networks_[0]

    @property
    def reasons(self) -> tuple[str, ...]:
        """The features, by way of the trees alone, then what the network reads."""
        return (*self.feature_names, *self.network_.reasons)

    @property
    def reads_labels(self) -> bool:
        """Whether its networks learnt from labels of other wallets, so that they must be given."""
        return self.network_.reads_labels

    def inputs(self, features: Float64, where: Where) -> GraphInputs:
        """Say where to read what lies around the rows; nothing is drawn yet."""
        return self.network_.inputs(features, where)

    def fit(self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows; wallets are told apart by their codes."""
        return self.fit_groups(inputs, y_true, weights, inputs.wallets)

    def fit_groups(
        self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64, groups: Int64
    ) -> Self:
        """Learn from n rows, given int64 (n,) the wallet of each."""
        raise NotImplementedError

    def _new_network(self, seed: int) -> GraphEstimator:
        name = self.parameters["network"]
        kind = estimator_class(name)
        if not issubclass(kind, GraphEstimator):
            raise RiskError(f"network of a {self.kind} must be a graph network, not {name!r}")
        given = self.parameters["of"].get(name, {})
        return kind(self.feature_names, seed=seed, parameters=given)

    def _new_trees(self, *added: str) -> TreesEstimator:
        """Return trees over the features and some columns more."""
        given = self.parameters["of"].get(TREES, {})
        return TreesEstimator((*self.feature_names, *added), seed=self.seed, parameters=given)
