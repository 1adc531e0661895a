"""Files that are kept where a followed chain is: labels of its mixes, clusters of its wallets.

They change with the ledger, before it, while the state names every transaction that is about to
change: after a crash all of these are taken back here, too, and their blocks read again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import pandas as pd

from features.clusters import Clusters
from features.contracts.labels import check_labels
from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.errors import SourceError
from features.sources.files import read_labels
from features.sources.follow.chain import Block
from features.sources.tables import is_csv, write_table

_LABEL_COLUMNS = ["wallet", "label", "category", "original", "known_at", "source"]


class Kept(Protocol):
    """A file beside a ledger."""

    name: str

    def begin(self, *, anew: bool) -> None:
        """Read the file; ``anew`` where no block is in it yet.

        Raises
        ------
        SourceError, ClustersError
            It is not there although blocks are, or something else.
        """

    def change(self, tx_ids: Sequence[str], blocks: Sequence[Block]) -> None:
        """Take transactions back, those that are there, then add what blocks tell; saves."""

    def facts(self) -> dict[str, Any]:
        """Where it is and how much is in it."""

    def text(self) -> str:
        """The same for a reader."""


class KeptLabels:
    """Labels of CoinJoins, see :mod:`features.sources.bitcoin.mixes`; parquet or csv."""

    def __init__(self, path: Path) -> None:
        is_csv(path)  # of a kind that can be written
        self.path, self.name = path, f"labels {path.name}"
        self._labels = pd.DataFrame(columns=_LABEL_COLUMNS)

    def begin(self, *, anew: bool) -> None:
        """See :class:`Kept`; what another run left in the file goes where this one begins anew."""
        if not anew:
            _require(self.path)
            self._labels = read_labels(self.path)[_LABEL_COLUMNS]

    def change(self, tx_ids: Sequence[str], blocks: Sequence[Block]) -> None:
        """See :class:`Kept`."""
        told = [block.beside.labels() for block in blocks if block.beside is not None]
        new = [check_labels(labels)[_LABEL_COLUMNS] for labels in told if len(labels)]
        gone = self._labels["wallet"].isin([f"{PSEUDO_PREFIX}{tx_id}" for tx_id in tx_ids])
        parts = [part for part in (self._labels[~gone], *new) if len(part)]
        if parts:
            self._labels = pd.concat(parts, ignore_index=True)
        else:
            self._labels = self._labels.iloc[:0]
        if new or gone.any() or not self.path.exists():
            write_table(self._labels, self.path)

    def facts(self) -> dict[str, Any]:
        """See :class:`Kept`."""
        return {"labels_file": str(self.path), "labels": len(self._labels)}

    def text(self) -> str:
        """See :class:`Kept`."""
        return f"{self.path}: {len(self._labels)} labels"


class KeptClusters:
    """Clusters, see :class:`features.clusters.Clusters`; those of other files may be in it."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, f"clusters {path.name}"
        self._clusters = Clusters()

    def begin(self, *, anew: bool) -> None:
        """See :class:`Kept`."""
        if not anew:
            _require(self.path)
        if self.path.exists():
            self._clusters = Clusters.open(self.path)

    def change(self, tx_ids: Sequence[str], blocks: Sequence[Block]) -> None:
        """See :class:`Kept`."""
        changed = self._clusters.retract(list(tx_ids))
        for block in blocks:
            if block.beside is not None:
                changed += self._clusters.append(*block.beside.spends())
        if changed or not self.path.exists():
            self._clusters.save(self.path)

    def facts(self) -> dict[str, Any]:
        """See :class:`Kept`."""
        return {"clusters": str(self.path), "spends": self._clusters.spends.time.size}

    def text(self) -> str:
        """See :class:`Kept`."""
        return f"{self.path}: {self._clusters.spends.time.size} spends"


def _require(path: Path) -> None:
    if not path.exists():
        raise SourceError(
            f"{path} is gone, and the blocks read so far would be missing in a new one: put it "
            "back, or build the ledger anew"
        )
