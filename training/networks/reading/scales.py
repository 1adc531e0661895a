"""What an encoder's inputs are scaled by, and which of their columns it reads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from features.errors import RiskError
from training.networks.reading.batch import Values
from training.networks.reading.ranks import RankScaler

if TYPE_CHECKING:
    from training.networks.reading.source import Around

Float64 = NDArray[np.float64]


class Columns(NamedTuple):
    """Names of what is drawn around a row, and which of them may be read.

    Attributes
    ----------
    node, edge, step
        Names, in the order of the columns.
    read
        Those that an encoder may read.
    """

    node: tuple[str, ...]
    edge: tuple[str, ...]
    step: tuple[str, ...]
    read: frozenset[str]


@dataclass(frozen=True, slots=True, eq=False)
class Scales:
    """Learnt of what lies around rows.

    Parameters
    ----------
    node, edge, step
        Scalers of nodes, of transfers, and of the wallet's own latest ones.
    ages
        Places of the columns of transfers that are times in seconds.
    """

    node: RankScaler
    edge: RankScaler
    step: RankScaler
    ages: tuple[int, ...]

    @classmethod
    def fit(cls, around: Around, columns: Columns) -> Self:
        """Learn from what lies around rows that precede all that is judged."""
        ages = [at for at, name in enumerate(columns.edge) if name.endswith("_s")]
        return cls(
            RankScaler.fit(_readable(around.nodes, columns.node, columns.read)),
            RankScaler.fit(_readable(around.subgraphs.values, columns.edge, columns.read)),
            RankScaler.fit(_readable(around.steps[around.present], columns.step, columns.read)),
            tuple(at for at in ages if columns.edge[at] in columns.read),
        )

    def values(self, around: Around, own: Float64) -> Values:
        """Scale what lies around n rows; ``own`` is float64 (n, width), scaled already."""
        n, length, width = around.steps.shape
        steps = self.step.scale(around.steps.reshape(n * length, width))
        times = around.subgraphs.values[:, list(self.ages)]
        return Values(
            own,
            self.node.scale(around.nodes),
            around.known,
            self.edge.scale(around.subgraphs.values),
            np.log1p(np.maximum(times, 0.0)),
            steps.reshape(n, length, self.step.width),
            around.present,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        parts = {name: getattr(self, name).to_json() for name in ("node", "edge", "step")}
        return {**parts, "ages": list(self.ages)}

    @classmethod
    def from_json(cls, content: dict[str, Any], columns: Columns) -> Self:
        """Read what :meth:`to_json` gave.

        Raises
        ------
        RiskError
            If it is of other columns.
        """
        ages = tuple(content["ages"])
        if not set(ages) <= set(range(len(columns.edge))):
            raise RiskError(f"scales: ages {list(ages)} of {len(columns.edge)} columns")
        node, edge, step = (
            RankScaler.from_json(content[name], len(getattr(columns, name)))
            for name in ("node", "edge", "step")
        )
        return cls(node, edge, step, ages)


def _readable(values: Float64, names: Sequence[str], read: frozenset[str]) -> Float64:
    """Empty the columns that may not be read: a scaler leaves out what is empty."""
    return np.where(np.array([name in read for name in names], bool), values, np.nan)
