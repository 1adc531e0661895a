"""From what is read of rows to the tensors of a network: scalers, and what they were fitted to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from training.networks.layers import Pna
from training.networks.reading.batch import Batch
from training.networks.reading.held import HeldBatch
from training.networks.reading.ranks import RankScaler
from training.networks.reading.scales import Columns, Scales
from training.networks.reading.source import Around, GraphInputs

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
MOST_HELD = 16_384  # rows whose surroundings are held while a network learns: below 2 GB
MOST_SCALED = 1024  # rows whose surroundings scalers are fitted to


def drawn_if_few(inputs: GraphInputs) -> GraphInputs:
    """Return the same with what lies around all rows, where they are few enough to hold it."""
    return inputs.drawn() if len(inputs) <= MOST_HELD else inputs


class Source:
    """Rows to learn from; what lies around few is drawn once, around many whenever it is read.

    Parameters
    ----------
    inputs
        The rows.
    bare
        Their rows of the table as if nobody's label were known; None where they tell of none.
    """

    def __init__(self, inputs: GraphInputs, bare: Float64 | None = None) -> None:
        self.inputs = drawn_if_few(inputs)
        self.bare = bare

    @property
    def is_held(self) -> bool:
        """Whether what lies around all rows was drawn."""
        return self.inputs.held is not None

    def take(self, rows: Int64) -> tuple[GraphInputs, Around]:
        """Return some rows and what lies around them; ``rows`` ascends without repetition."""
        some = self.inputs.take(rows)
        return some, some.around()

    def batches(self, prepared: Prepared) -> Callable[[Int64], Batch]:
        """Return what makes a batch of ascending positions: cut out of one of all rows, or read."""
        if self.inputs.held is None:
            return lambda rows: prepared.batch(*self.take(rows), torch.float32)
        whole = prepared.batch(self.inputs, self.inputs.held, torch.float32)
        return HeldBatch.of(whole).take


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What is learnt of the inputs before a network learns.

    Parameters
    ----------
    own
        Of the rows of the feature table.
    scales
        Of what lies around them.
    reads_labels
        Whether any label was known: else none may be read later, which no weight was learnt for.
    """

    own: RankScaler
    scales: Scales
    reads_labels: bool

    @classmethod
    def fit(cls, source: Source, rows: Int64, columns: Columns, scales: Scales | None) -> Self:
        """Learn from some rows of a source; with ``scales`` of a folder those are kept."""
        spread = np.linspace(0, len(rows) - 1, min(len(rows), MOST_SCALED)).astype(np.int64)
        if scales is None:
            scales = Scales.fit(source.take(rows[spread])[1], columns)
        told = source.inputs.labels.known_at.size > 0
        return cls(RankScaler.fit(source.inputs.features[rows]), scales, told)

    @property
    def own_width(self) -> int:
        """Columns of a row as a network reads it: one of zeros where none tells anything."""
        return max(1, self.own.width)

    def rows(self, features: Float64) -> Float64:
        """Return rows of the table (n, own_width), scaled."""
        own = np.zeros((len(features), self.own_width))
        own[:, : self.own.width] = self.own.scale(features)
        return own

    def batch(self, inputs: GraphInputs, around: Around, dtype: torch.dtype) -> Batch:
        """Return rows as a network reads them."""
        if not self.reads_labels:
            around = around._replace(known=np.zeros_like(around.known))
        values = self.scales.values(around, self.rows(inputs.features))
        return Batch.of(values, around.subgraphs, dtype)

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "own": self.own.to_json(),
            "scales": self.scales.to_json(),
            "reads_labels": self.reads_labels,
        }

    @classmethod
    def from_json(cls, content: dict[str, Any], own: int, columns: Columns) -> Self:
        """Read what :meth:`to_json` gave; raises RiskError if it is of other columns."""
        return cls(
            RankScaler.from_json(content["own"], own),
            Scales.from_json(content["scales"], columns),
            bool(content["reads_labels"]),
        )


def learn_degrees(network: nn.Module, source: Source, rows: Int64) -> None:
    """Tell layers that scale by the number of messages what is usual among these rows."""
    layers = [layer for layer in network.modules() if isinstance(layer, Pna)]
    if layers:
        around = source.take(rows[:MOST_SCALED])[1].subgraphs
        counts = np.bincount(around.parent, minlength=max(1, int(around.hops[-2])))
        for layer in layers:
            layer.learn_degrees(torch.from_numpy(counts))
