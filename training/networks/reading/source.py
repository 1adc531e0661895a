"""What a network reads of rows, drawn from the ledger when it is asked for, a batch at a time.

Rows are held as wallet, instant and table row; subgraphs of all of them at once would be some
hundred nodes each. What is drawn depends on a row alone, so that a batch is the same bits whoever
asks for it, and as often as one likes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from features.past import past_of
from features.subgraphs import (
    Described,
    Subgraphs,
    known_labels,
    node_rows,
    recent_transfers,
    subgraphs,
)
from training.models.estimator import Inputs, Told

if TYPE_CHECKING:
    from features.ledger import Ledger
    from features.past import LabelEvents

Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]
Int64 = NDArray[np.int64]


class Reading(NamedTuple):
    """What is read around a wallet.

    Attributes
    ----------
    fan_out
        Transfers of each node, a hop a number.
    draw
        ``"latest"``, or ``"recent"``: at random, later ones more often.
    views
        What nodes are described by.
    bucket_s
        A node is described as of the start of the row's bucket of so many seconds; 0: as of its
        own instant.
    labels
        Whether what is known of other wallets is read.
    steps
        How many of the wallet's own latest transfers are read in order.
    """

    fan_out: tuple[int, ...]
    draw: Literal["latest", "recent"]
    views: Described
    bucket_s: int
    labels: bool
    steps: int


class Around(NamedTuple):
    """What lies around n rows, unscaled.

    Attributes
    ----------
    subgraphs
        m nodes, e transfers.
    nodes
        float64 (m, columns), of the views.
    known
        float64 (m, 3): illicit known, licit known, logarithm of its age.
    steps, present
        float64 (n, length, columns) and bool (n, length): the wallet's own latest transfers.
    """

    subgraphs: Subgraphs
    nodes: Float64
    known: Float64
    steps: Float64
    present: NDArray[np.bool_]

    def take(self, rows: Int64) -> Around:
        """Return what lies around some rows; ``rows`` ascends without repetition."""
        chosen = np.zeros(self.subgraphs.n_rows, np.bool_)
        chosen[rows] = True
        nodes = chosen[self.subgraphs.row]
        return Around(
            self.subgraphs.take(rows), self.nodes[nodes], self.known[nodes], self.steps[rows],
            self.present[rows],
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return what lies around the rows of several, at least one, one after the other."""
        drawn = [part.subgraphs for part in parts]
        hops = np.concatenate(
            [np.repeat(np.arange(len(one.hops) - 1), np.diff(one.hops)) for one in drawn]
        )
        nodes = np.argsort(hops, kind="stable")  # by hop, then by part
        place = np.empty_like(nodes)
        place[nodes] = np.arange(len(nodes))
        before = _starts([len(one.row) for one in drawn])
        child, parent = (
            place[np.concatenate([one + at for one, at in zip(ends, before, strict=True)])]
            for ends in ([one.child for one in drawn], [one.parent for one in drawn])
        )
        edges = np.argsort(parent, kind="stable")
        rows = _starts([one.n_rows for one in drawn])
        whole = Subgraphs(
            sum(one.n_rows for one in drawn), np.sum([one.hops for one in drawn], axis=0),
            np.concatenate([one.row + at for one, at in zip(drawn, rows, strict=True)])[nodes],
            np.concatenate([one.code for one in drawn])[nodes], child[edges], parent[edges],
            np.concatenate([one.side for one in drawn])[edges],
            np.concatenate([one.transfer for one in drawn])[edges],
            np.concatenate([one.values for one in drawn])[edges],
        )  # fmt: skip
        return cls(
            whole, np.concatenate([part.nodes for part in parts])[nodes],
            np.concatenate([part.known for part in parts])[nodes],
            np.concatenate([part.steps for part in parts]),
            np.concatenate([part.present for part in parts]),
        )  # fmt: skip


def _starts(sizes: Sequence[int]) -> list[int]:
    return [0, *np.cumsum(sizes)[:-1].tolist()]


@dataclass(frozen=True, slots=True)
class GraphInputs(Inputs):
    """Rows of the feature table, and where to read what lies around them.

    Parameters
    ----------
    ledger
        Of the wallets.
    codes
        int32 (n,), wallet codes; -1 for one that the ledger does not know.
    as_of
        int64 (n,), microseconds since 1970 UTC.
    labels
        Of other wallets; cut at each row's instant.
    reading
        What is read.
    held
        What lies around all of them, where it was drawn already.
    """

    ledger: Ledger
    codes: Int32
    as_of: Int64
    labels: LabelEvents
    reading: Reading
    held: Around | None = None

    @property
    def wallets(self) -> Int64:
        """int64 (n,), a number for each wallet; each of those that are not known has its own."""
        return np.where(self.codes < 0, -1 - np.arange(len(self)), self.codes)

    @property
    def told(self) -> Told:
        """Transfers into and out of the wallets asked about; draws where nothing is held."""
        around = self.around().subgraphs
        near = around.parent < around.n_rows
        return Told(around.parent[near], around.side[near], around.transfer[near])

    def take(self, rows: Int64) -> Self:
        """Return some rows; of drawn ones ``rows`` ascends without repetition."""
        return replace(
            self, features=self.features[rows], codes=self.codes[rows], as_of=self.as_of[rows],
            held=None if self.held is None else self.held.take(rows),
        )  # fmt: skip

    def chunks(self, rows: int) -> Iterator[Self]:
        """Yield all rows in their order, at most so many at a time."""
        for first in range(0, len(self), rows):
            yield self.take(np.arange(first, min(first + rows, len(self))))

    def drawn(self) -> Self:
        """Return the same with what lies around all rows: for few."""
        return replace(self, held=self.around())

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return one of several, at least one, that were drawn for the same estimator."""
        held = [part.around() for part in parts]
        return replace(
            parts[0], features=np.concatenate([part.features for part in parts]),
            codes=np.concatenate([part.codes for part in parts]),
            as_of=np.concatenate([part.as_of for part in parts]), held=Around.joined(held),
        )  # fmt: skip

    def around(self) -> Around:
        """Draw what lies around all rows: call it on a batch."""
        if self.held is not None:
            return self.held
        reading = self.reading
        past = past_of(self.ledger, self.codes, self.as_of, self.labels)
        drawn = subgraphs(past, self.ledger.assets, fan_out=reading.fan_out, draw=reading.draw)
        told = reading.labels and self.labels.known_at.size > 0
        known = known_labels(past, drawn) if told else np.zeros((len(drawn.row), 3))
        steps, present = recent_transfers(past, reading.steps)
        nodes = node_rows(self.ledger, past, drawn, views=reading.views, bucket_s=reading.bucket_s)
        return Around(drawn, nodes, known, steps, present)
