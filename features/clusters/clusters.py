"""Clusters that grow with what is seen, take late and retracted spends, and know no future."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.clusters import tree as forest
from features.clusters.disk import read_spends, write_spends
from features.clusters.spends import Spends
from features.clusters.tree import empty_tree
from features.contracts.text import Texts, as_text, strings
from features.kernel import Int32s, Int64s
from features.ledger.names import Names, by_hash

_ROOM = 1.5  # how much more there is room for than is needed, when it has to grow


class Merge(NamedTuple):
    """Two clusters of known owners that one transaction joined, which one of them did not make.

    Attributes
    ----------
    tx_id : str
        The transaction, as a rule a CoinJoin that no rule knows, or a payment by both.
    time : Timestamp
    owners : tuple of str
    sizes : tuple of int
        Wallets of each, before.
    """

    tx_id: str
    time: pd.Timestamp
    owners: tuple[str, str]
    sizes: tuple[int, int]


class Clusters:
    """Wallets that are one owner's as far as could be seen before an instant.

    Wallets that paid for one transaction together are taken for one owner's (Meiklejohn et al.,
    "A fistful of bitcoins", IMC 2013, heuristic 1); whoever makes the spends leaves out CoinJoins.
    A wallet that never spent with another is a cluster by itself, a wallet never heard of as well.
    """

    def __init__(self) -> None:
        self.names = Names(pa.array([], pa.large_string()), np.zeros(0, dtype=np.uint64))
        self.spends = Spends.none()
        self.tree, self.links = empty_tree(0)
        self.made = 0  # links

    @property
    def n_wallets(self) -> int:
        """Wallets that spent together with another."""
        return len(self.names)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Read saved clusters; raises as :func:`features.clusters.disk.read_spends` does."""
        found = cls()
        found.append(*read_spends(path))
        return found

    def save(self, path: Path) -> None:
        """Write the spends to a file, from which :meth:`open` makes the clusters again."""
        write_spends(path, self.names.all_text(), self.spends)

    def append(self, wallets: Texts, spends: Spends) -> int:
        """Add spends; those that came late are put where they belong.

        Parameters
        ----------
        wallets : texts, shape (w,)
            Distinct names of the codes of ``spends``.
        spends : Spends
            Of at least two wallets each; transactions that are known are passed over.

        Returns
        -------
        int
            How many were new.
        """
        new = self._new(spends)
        if not new.time.size:
            return 0
        new = new._replace(wallet=self._codes(as_text(wallets))[new.wallet])
        new = _in_order(new)
        kept = int(np.searchsorted(self.spends.time, new.time[0], side="right"))
        self._replace_from(kept, self._late(kept, new))
        return int(new.time.size)

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take transactions back, as a reorganisation does; how many were there."""
        gone = np.asarray(
            pc.is_in(self.spends.tx_id, value_set=pa.array(tx_ids, pa.large_string()))
        )
        at = np.flatnonzero(gone)
        if at.size:
            later = np.arange(at[0], gone.size)
            self._replace_from(int(at[0]), self.spends.at(later[~gone[at[0] :]]))
        return int(at.size)

    def roots(self, wallets: Texts, instants: Int64s) -> Int32s:
        """Number of each wallet's cluster as of its instant, ``-1`` for a wallet by itself.

        Equal numbers are one cluster, at one instant; the numbers mean nothing else.

        Parameters
        ----------
        wallets : texts, shape (n,)
        instants : int64 array, shape (n,), microseconds
            What happened at an instant or later is not known as of it.
        """
        codes = self.names.first_rows(wallets)
        found, known = np.full(codes.size, -1, dtype=np.int32), codes >= 0
        out = np.empty(int(known.sum()), dtype=np.int32)
        forest.roots(self.tree, codes[known], instants[known], out)
        found[known] = out
        return found

    def sizes(self, wallets: Texts, instants: Int64s) -> Int64s:
        """Number of wallets in each wallet's cluster as of its instant; see :meth:`roots`."""
        codes = self.names.first_rows(wallets)
        found, known = np.ones(codes.size, dtype=np.int64), codes >= 0
        out = np.empty(int(known.sum()), dtype=np.int64)
        forest.sizes(self.tree, self.links, codes[known], instants[known], out)
        found[known] = out
        return found

    def size(self, wallet: str, instant: int) -> int:
        """:meth:`sizes` of one wallet, without its set-up cost."""
        code = self.names.first_row(wallet)
        if code < 0:
            return 1
        out = np.empty(1, dtype=np.int64)
        forest.sizes(
            self.tree, self.links, np.array([code], np.int32), np.array([instant], np.int64), out
        )
        return int(out[0])

    def members(self, wallet: str, instant: int) -> list[str]:
        """The wallets of a wallet's cluster as of an instant, itself among them, by name."""
        code = self.names.first_row(wallet)
        if code < 0:
            return [wallet]
        root, out = np.empty(1, np.int32), np.empty(self.size(wallet, instant), np.int32)
        one, at = np.array([code], np.int32), np.array([instant], np.int64)
        forest.roots(self.tree, one, at, root)
        forest.members(self.tree, self.links, int(root[0]), instant, out)
        return sorted(self.names.texts(out))

    def impossible_merges(self, owners: "pd.Series[str]") -> list[Merge]:
        """Merges of clusters that are known to be of two owners: each is to be looked into.

        Parameters
        ----------
        owners : Series of str, indexed by wallet
            Who a wallet is known to belong to, such as the name of an exchange.
        """
        codes = self.names.first_rows(pa.array(owners.index, pa.large_string()))
        known = codes >= 0
        number, names = pd.factorize(owners[known])
        mark = np.zeros(self.n_wallets, dtype=np.int32)
        mark[codes[known]] = number + 1
        found = np.empty(self.made, dtype=np.int32)
        n = forest.foreign_merges(self.tree, self.links, self.made, mark, found)
        return [self._merge(int(link), mark, names) for link in found[:n]]

    def _merge(self, link: int, mark: Int32s, names: "pd.Index[str]") -> Merge:
        child = int(self.links.child[link])
        root, spend = int(self.tree.parent[child]), int(self.links.spend[link])
        before = int(self.links.before[link])
        own = 1 if before < 0 else int(self.links.size[before])
        return Merge(
            str(self.spends.tx_id[spend]),
            pd.Timestamp(int(self.spends.time[spend]), unit="us", tz="UTC"),
            (str(names[mark[root] - 1]), str(names[mark[child] - 1])),
            (own, int(self.links.size[link]) - own),
        )

    def _new(self, spends: Spends) -> Spends:
        """Those that are not here; a transaction comes again with its time."""
        if not spends.time.size:
            return spends
        since = int(np.searchsorted(self.spends.time, spends.time.min()))
        known = np.asarray(pc.is_in(spends.tx_id, value_set=self.spends.tx_id[since:]))
        return spends.at(np.flatnonzero(~known)) if known.any() else spends

    def _codes(self, wallets: pa.LargeStringArray) -> Int32s:
        """Codes of wallets; those that are new get one."""
        if not len(self.names):
            self.names, codes = by_hash(wallets)
        else:
            codes = self.names.first_rows(wallets)
            new = np.flatnonzero(codes < 0)
            codes[new] = len(self.names) + np.arange(new.size, dtype=np.int32)
            self.names.extend(strings(wallets.take(new)))
        self._make_room(len(self.names))
        return codes

    def _make_room(self, wallets: int) -> None:
        had = self.tree.parent.size
        if wallets <= had:
            return
        tree, links = empty_tree(max(wallets, int(_ROOM * had)))
        for old, new in ((self.tree, tree), (self.links, links)):
            for name in old._fields:
                getattr(new, name)[:had] = getattr(old, name)
        self.tree, self.links = tree, links

    def _late(self, kept: int, new: Spends) -> Spends:
        """New spends and those behind the first ``kept``, in order of time."""
        behind = self.spends.at(np.arange(kept, self.spends.time.size))
        if not behind.time.size:
            return new
        return _in_order(behind.then(new))

    def _replace_from(self, kept: int, spends: Spends) -> None:
        """Keep the first spends, and put others behind them instead of those that were there."""
        self.made = forest.cut_back(self.tree, self.links, self.made, kept)
        if kept < self.spends.time.size:
            self.spends = self.spends.at(np.arange(kept))
        self.spends = self.spends.then(spends) if kept else spends
        self.made = forest.grow(
            self.tree, self.links, self.made, self.spends.time, self.spends.first,
            self.spends.wallet, kept,
        )  # fmt: skip


def _in_order(spends: Spends) -> Spends:
    """Spends in order of time; those of one instant as they are."""
    if (np.diff(spends.time) >= 0).all():
        return spends
    return spends.at(np.argsort(spends.time, kind="stable"))
