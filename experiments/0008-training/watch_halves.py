"""One set of wallets cut in two by where they come from: learn from one part, ask about the other.

Cut by crawl centre (the graph component, and within the largest one the nearest of sixteen labelled
centres), by period, and by label list (the set's phishing wallets that an early list names too, and
the wallets of the ledger that only other lists name).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from experiments.common import arms
from experiments.common import ethereum_phishing as protocol
from features import Ledger, check_labels, feature_table
from features.views import VIEWS

LISTS = protocol.DATA.parent / "ethereum_labels" / "labels.parquet"
CRIMES = {"malicious", "phishing", "scam", "Dodgy", "darklist"}
# words of the lists that are neither a crime nor an honest business
UNCLEAR = {"malicious_contract", "blocked", "take-action", "ofac-sanctions-lists", "old-contract"}
EARLY = "darklist"  # the oldest of the lists, of 2018
CENTRES = 16
LEAST_OF_A_CLASS = 20  # wallets, on both sides: fewer teach nothing and measure nothing

Int64s = npt.NDArray[np.int64]
Wallets = frozenset[str]


@dataclass(frozen=True, slots=True)
class Known:
    """Wallets of both sources and what is known of them.

    Attributes
    ----------
    labels
        Of all wallets.
    own, others
        Wallets that the set labels, and those that only other lists do.
    early
        Wallets that the early list names.
    tables
        Feature tables of all wallets, by k.
    """

    labels: pd.DataFrame
    own: Wallets
    others: Wallets
    early: Wallets
    tables: dict[str, pd.DataFrame]


@dataclass(frozen=True, slots=True)
class Half:
    """A cut: its name, and the wallets on each side."""

    name: str
    one: Wallets
    other: Wallets


def read_known(ledger: Ledger, firsts: tuple[str, ...]) -> Known:
    """Read both sources, and compute the columns that need no labels."""
    labels = protocol.read_labels()
    lists = pd.read_parquet(LISTS)
    lists["address"] = lists["address"].str.lower()
    crime = frozenset(lists.loc[lists["category"].isin(CRIMES), "address"])
    honest = frozenset(lists.loc[~lists["category"].isin(CRIMES | UNCLEAR), "address"]) - crime
    own = frozenset(labels["wallet"])
    others = {
        wallet: "illicit" if wallet in crime else "licit"
        for wallet in sorted((crime | honest) - own)
        if ledger.code(wallet) >= 0
    }
    more = pd.DataFrame({"wallet": list(others), "label": list(others.values())})
    both = pd.concat([labels, check_labels(more.assign(known_at=protocol.KNOWN_AT))])
    views = tuple(view for view in VIEWS if view.name not in arms.LABELS)
    spines = {first: protocol.spine(ledger, both, first) for first in firsts}
    return Known(
        both, own, frozenset(others),
        frozenset(lists.loc[lists["category"] == EARLY, "address"]) & own,
        {first: feature_table(ledger, rows, views=views) for first, rows in spines.items()},
    )  # fmt: skip


def halves(known: Known, first: str) -> Iterator[Half]:
    """All cuts of the wallets that have a row of this k."""
    largest, near = crawls(known)
    yield Half("component", largest, known.own - largest)
    yield Half("centre", near, largest - near)
    table = known.tables[first]
    as_of = table.index.get_level_values("as_of")
    mine = table.index.get_level_values("wallet").isin(known.own)
    middle = as_of[mine].sort_values()[int(mine.sum()) // 2]
    early = frozenset(table.index.get_level_values("wallet")[mine & (as_of < middle)])
    yield Half("period", early, known.own - early)
    licit = known.labels.loc[known.labels["label"] == "licit", "wallet"]
    licit = licit[licit.isin(known.own)].sort_values()
    drawn = frozenset(licit.sample(frac=0.5, random_state=1))
    yield Half("early list", known.early | drawn, known.own - known.early - drawn)
    yield Half("other lists", known.own, known.others)


def crawls(known: Known) -> tuple[Wallets, Wallets]:
    """Labelled wallets of the largest component, and a half of them by nearest centre.

    Centres are the labelled wallets with most counterparties; each wallet goes to the nearest in
    hops, and whole neighbourhoods go to the half that has fewer wallets so far, largest first.
    """
    frame = pd.read_parquet(protocol.DATA / "transactions.parquet", columns=["sender", "recipient"])
    codes, names = pd.factorize(np.concatenate([frame["sender"], frame["recipient"]]))
    ends = codes.reshape(2, -1)
    pairs = np.unique(np.concatenate([ends, ends[::-1]], axis=1), axis=1)
    graph = csr_array((np.ones(pairs.shape[1]), (pairs[0], pairs[1])), shape=(len(names),) * 2)
    component = connected_components(graph, directed=False)[1]
    place = pd.Index(names).get_indexer(pd.Index(sorted(known.own)))
    inner = place[component[place] == np.bincount(component).argmax()]
    degree = np.diff(graph.indptr)
    centres = inner[np.argsort(-degree[inner], kind="stable")[:CENTRES]]
    _, _, nearest = dijkstra(
        graph, indices=centres, unweighted=True, min_only=True, return_predecessors=True
    )
    chosen: set[int] = set()
    sizes = [0, 0]
    for centre, size in pd.Series(nearest[inner]).value_counts().items():
        side = int(sizes[0] > sizes[1])
        sizes[side] += int(size)
        if side == 0:
            chosen.add(int(str(centre)))
    near = inner[np.isin(nearest[inner], list(chosen))]
    return frozenset(map(str, names[inner])), frozenset(map(str, names[near]))


def rows_of(known: Known, first: str, wallets: Wallets) -> pd.DataFrame:
    """Rows of some wallets."""
    table = known.tables[first]
    return table[table.index.get_level_values("wallet").isin(wallets)]


def read(path: Path) -> Ledger:
    """The ledger, made where it is not there yet."""
    if (path / "ledger").is_dir():
        return Ledger.open(path / "ledger")
    return protocol.ingest(path)
