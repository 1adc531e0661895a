"""GraphSAGE over the two hops around a wallet, in time: the graph network of the extra ``gnn``.

The wallet enters with its row of the feature table, the wallets around it with a few numbers of
their own (:mod:`features.neighbourhood`); no wallet's name does. Messages run towards the wallet,
senders and recipients by convolutions of their own, and the head sees the wallet's own row beside
what arrived. Everything is computed in float64, so that a row scored alone and one in a batch
agree to about 1e-12.

References
----------
Hamilton, Ying and Leskovec, "Inductive representation learning on large graphs" (2017),
algorithm 1 with the mean aggregator. Neighbours are the most recent ones instead of random ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from math import factorial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Self

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch.nn.functional import binary_cross_entropy_with_logits

from features.contracts.spine import check_spine
from features.errors import RiskError
from features.json_file import read_json
from features.ledger import microseconds
from features.neighbourhood import (
    LINK_COLUMNS,
    NEIGHBOURHOOD_VERSION,
    NODE_COLUMNS,
    Neighbourhoods,
    neighbourhoods,
)
from features.past import NO_LABELS, past_of
from training.models.estimator import Inputs, resolve_parameters
from training.models.finite import require_finite
from training.models.ranges import Range
from training.models.scaling import Scaler
from training.models.tensors import Batch, Network, balanced, deterministic, target

if TYPE_CHECKING:
    from features.ledger import Ledger

Float64 = NDArray[np.float64]

WEIGHTS, SETTINGS = "model.safetensors", "model.json"
PLAYERS = ("own", "senders", "recipients")
CHUNK = 1024  # rows scored at once: bounds memory
_NODE = (*NODE_COLUMNS, *LINK_COLUMNS)


@dataclass(frozen=True, slots=True)
class GraphInputs(Inputs):
    """Rows of the feature table with the neighbourhood of each.

    Parameters
    ----------
    as_of
        int64 (n,), microseconds since 1970 UTC; tells the training which rows are the last.
    trees
        Neighbourhoods of the n rows.
    """

    as_of: NDArray[np.int64]
    trees: Neighbourhoods

    def take(self, rows: NDArray[np.int64]) -> GraphInputs:
        """Return some rows; ``rows`` ascends without repetition."""
        return GraphInputs(self.features[rows], self.as_of[rows], self.trees.take(rows))


class _Labelled(NamedTuple):
    """Rows with their labels and what each counts."""

    rows: GraphInputs
    y_true: NDArray[np.int8]
    weights: Float64

    def take(self, rows: NDArray[np.int64]) -> _Labelled:
        return _Labelled(self.rows.take(rows), self.y_true[rows], self.weights[rows])


class GraphSageEstimator:
    """GraphSAGE; see :class:`training.models.estimator.Estimator`.

    ``first_fan = 0`` is the same network without edges, a control.
    """

    kind: ClassVar[str] = "graphsage"
    reads: ClassVar[Literal["table", "ledger"]] = "ledger"
    defaults: ClassVar[Mapping[str, Any]] = {
        "first_fan": 16,
        "second_fan": 4,
        "hidden": 32,
        "dropout": 0.3,
        "learning_rate": 0.001,
        "weight_decay": 0.001,
        "epochs": 100,
        "patience": 15,
        "batch_rows": 128,
        "validation_share": 0.15,
    }
    ranges: ClassVar[Mapping[str, Range]] = {
        **dict.fromkeys(("hidden", "epochs", "patience", "batch_rows"), Range(1)),
        **dict.fromkeys(("first_fan", "second_fan", "learning_rate", "weight_decay"), Range(0)),
        **dict.fromkeys(("dropout", "validation_share"), Range(0, 1, open_high=True)),
    }
    libraries: ClassVar[tuple[str, ...]] = ("safetensors", "torch", "torch-geometric")

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        self.feature_names = feature_names
        self.seed = seed
        self.parameters = resolve_parameters(self.kind, self.defaults, parameters, self.ranges)
        self.network_: Network | None = None
        self.own_scaler_: Scaler
        self.node_scaler_: Scaler

    @property
    def reasons(self) -> tuple[str, ...]:
        """The wallet's own row, the wallets that sent to it, and those that it sent to."""
        return PLAYERS

    def inputs(self, features: Float64, ledger: Ledger, spine: pd.DataFrame) -> GraphInputs:
        """Collect the neighbourhoods beside the wallets' own rows."""
        checked = check_spine(spine, chain=ledger.chain)
        as_of = microseconds(checked["as_of"])
        trees = neighbourhoods(
            past_of(ledger, ledger.codes(checked["wallet"]), as_of, NO_LABELS),
            first_fan=self.parameters["first_fan"],
            second_fan=self.parameters["second_fan"],
        )
        return GraphInputs(features, as_of, trees)

    def fit(self, inputs: GraphInputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows: the last of them in time say how long, then all are learnt from."""
        order = np.argsort(inputs.as_of, kind="stable")
        n_stop = max(1, round(self.parameters["validation_share"] * len(order)))
        learn, stop = np.sort(order[:-n_stop]), np.sort(order[-n_stop:])
        self.own_scaler_ = Scaler.fit(inputs.features)
        self.node_scaler_ = Scaler.fit(inputs.trees.values)
        given = _Labelled(inputs, y_true, weights)
        with deterministic(self.seed):
            epochs = self._best_epochs(given.take(learn), given.take(stop))
        with deterministic(self.seed):
            network = self._build()
            for _ in islice(self._descend(network, given), epochs):
                pass
        self.network_ = network.eval()
        return self

    def log_odds(self, inputs: GraphInputs) -> Float64:
        """Return raw log-odds (n,)."""
        network = self._fitted()
        with deterministic(self.seed), torch.no_grad():
            parts = [network(self._batch(rows)).numpy() for rows in _chunks(inputs)]
        return np.concatenate(parts) if parts else np.empty(0)

    def contributions(self, inputs: GraphInputs) -> Float64:
        """Return Shapley values (n, 4) of ``PLAYERS``, exact over the 8 coalitions; base last.

        A side that is absent has no edge into the wallet; an absent own row is the training
        medians. The base is the score of such a row without neighbours.
        """
        network, typical = self._fitted(), self.own_scaler_.typical
        with deterministic(self.seed), torch.no_grad():
            parts = [
                np.stack([network(batch.coalition(s, typical)).numpy() for s in range(8)], axis=1)
                for batch in map(self._batch, _chunks(inputs))
            ]
        values = np.concatenate(parts) if parts else np.empty((0, 8))
        shares = [_shapley(values, player) for player in range(3)]
        return np.stack([*shares, values[:, 0]], axis=1)

    def save(self, directory: Path) -> None:
        """Write ``model.safetensors`` (weights) and ``model.json`` (architecture, scalers)."""
        save_file(self._fitted().state_dict(), directory / WEIGHTS)
        content = {
            "parameters": self.parameters,
            "seed": self.seed,
            "neighbourhood_version": NEIGHBOURHOOD_VERSION,
            "node_columns": _NODE,
            "own_scaler": self.own_scaler_.to_json(),
            "node_scaler": self.node_scaler_.to_json(),
        }
        text = json.dumps(content, indent=1, allow_nan=False) + "\n"
        (directory / SETTINGS).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RiskError
            If the files do not hold such a network, or it reads other neighbourhoods.
        """
        try:
            content = read_json(directory / SETTINGS)
            reads = content["neighbourhood_version"], tuple(content["node_columns"])
            if reads != (NEIGHBOURHOOD_VERSION, _NODE):
                raise RiskError(
                    f"{SETTINGS}: the network reads neighbourhoods of version {reads[0]} with "
                    f"{', '.join(reads[1])}; this release has version {NEIGHBOURHOOD_VERSION} "
                    f"with {', '.join(_NODE)}"
                )
            parameters = dict(content["parameters"])
            if parameters.get("shuffle_edges") is False:  # once a setting, off in every real model
                del parameters["shuffle_edges"]
            model = cls(feature_names, seed=content["seed"], parameters=parameters)
            model.own_scaler_ = Scaler.from_json(content["own_scaler"], len(feature_names))
            model.node_scaler_ = Scaler.from_json(content["node_scaler"], len(_NODE))
            network = model._build()
            weights = load_file(directory / WEIGHTS)
            require_finite(WEIGHTS, {name: one.numpy() for name, one in weights.items()})
            network.load_state_dict(weights)
        except (KeyError, TypeError, ValueError, RuntimeError, SafetensorError) as error:
            if isinstance(error, RiskError):
                raise
            raise RiskError(
                f"{WEIGHTS} and {SETTINGS} do not hold a GraphSAGE network: {error!r}"
            ) from error
        model.network_ = network.eval()
        return model

    def _build(self) -> Network:
        widths = 2 * len(self.feature_names), 2 * len(_NODE)
        given = self.parameters
        return Network(*widths, hidden=given["hidden"], dropout=given["dropout"])

    def _fitted(self) -> Network:
        if self.network_ is None:
            raise RiskError("this graph network has not been fitted")
        return self.network_

    def _batch(self, inputs: GraphInputs) -> Batch:
        return Batch.of(
            self.own_scaler_.scale(inputs.features),
            self.node_scaler_.scale(inputs.trees.values),
            inputs.trees,
        )

    def _best_epochs(self, learn: _Labelled, stop: _Labelled) -> int:
        """Return after how many epochs the loss on ``stop`` is least, within ``patience``."""
        network = self._build()
        batch, truth = self._batch(stop.rows), target(stop.y_true)
        weight = balanced(stop.y_true, stop.weights)
        best, best_epoch = np.inf, 0
        epochs = islice(self._descend(network, learn), self.parameters["epochs"])
        for epoch, _ in enumerate(epochs, start=1):
            with torch.no_grad():
                said = network.eval()(batch)
                loss = float(binary_cross_entropy_with_logits(said, truth, weight))
            if loss < best:
                best, best_epoch = loss, epoch
            elif epoch - best_epoch >= self.parameters["patience"]:
                break
        if best_epoch == 0:
            raise RiskError("the network's loss is not finite: lower learning_rate")
        return best_epoch

    def _descend(self, network: Network, given: _Labelled) -> Iterator[None]:
        """Train for one epoch a step, without end."""
        settings = self.parameters
        optimiser = torch.optim.Adam(
            network.parameters(),
            lr=settings["learning_rate"],
            weight_decay=settings["weight_decay"],
        )
        truth, weight = target(given.y_true), balanced(given.y_true, given.weights)
        generator = np.random.default_rng(self.seed)
        while True:
            network.train()
            mixed = generator.permutation(len(given.rows))
            for at in range(0, len(mixed), settings["batch_rows"]):
                some = np.sort(mixed[at : at + settings["batch_rows"]])
                optimiser.zero_grad()
                said = network(self._batch(given.rows.take(some)))
                loss = binary_cross_entropy_with_logits(said, truth[some], weight[some])
                torch.autograd.backward(loss)
                optimiser.step()
            yield


def _shapley(values: Float64, player: int) -> Float64:
    """Return the Shapley value (n,) of one of three players; column s of values is coalition s."""
    total = np.zeros(len(values))
    for without in range(8):
        if not without >> player & 1:
            others = without.bit_count()
            weight = factorial(others) * factorial(2 - others) / factorial(3)
            total += weight * (values[:, without | 1 << player] - values[:, without])
    return total


def _chunks(inputs: GraphInputs) -> Iterator[GraphInputs]:
    for first in range(0, len(inputs), CHUNK):
        yield inputs.take(np.arange(first, min(first + CHUNK, len(inputs))))
