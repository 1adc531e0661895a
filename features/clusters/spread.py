"""Labels of a wallet for the others of its cluster, from the merge on that joined them."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from features.clusters import tree as forest
from features.clusters.clusters import Clusters
from features.clusters.entity import MOST_WALLETS
from features.contracts.labels import Labels, check_labels
from features.contracts.times import microseconds
from features.kernel import Int32s, Int64s

CONFIDENCE = 0.5  # of that of the label, so that what is said of a wallet itself goes before
BY_CLUSTER = " (cluster)"  # behind the source


class Spread(NamedTuple):
    """Labels that came by clusters.

    Attributes
    ----------
    labels : Labels
        Without those that were given.
    too_large : int
        Labels given that no other wallet got, as their clusters were too large when they came.
    """

    labels: Labels
    too_large: int


class _Given(NamedTuple):
    """Which wallets get a label, and from when on."""

    label: int
    wallet: Int32s
    known_at: Int64s


def spread(clusters: Clusters, labels: pd.DataFrame, *, most: int = MOST_WALLETS) -> Spread:
    """Give the wallets of each cluster each other's labels.

    A label is known of another wallet from when on it was known of its own and both were in one
    cluster, whichever came later; it ends when it ends. It counts ``CONFIDENCE`` of what it does.

    Parameters
    ----------
    clusters : Clusters
    labels : DataFrame
        Meets the contract of :func:`features.check_labels`, which is applied.
    most : int
        Labels do not get to wallets that come into a cluster as, or after, it grows beyond so many:
        it is a service's, or a mix of strangers' that no rule knew.

    Raises
    ------
    LabelsError
        The labels break their contract.
    """
    checked = check_labels(labels)
    parts, too_large = [], 0
    known_at = microseconds(checked["known_at"]).tolist()
    codes = clusters.names.first_rows(checked["wallet"])
    for label in np.flatnonzero(codes >= 0).tolist():
        others = _others(clusters, int(codes[label]), known_at[label], most)
        if others is None:
            too_large += 1
            continue
        wallets, since = others
        parts.append(_Given(label, wallets, since))
    return Spread(_labels(clusters, checked, parts), too_large)


def _others(
    clusters: Clusters, wallet: int, known_at: int, most: int
) -> tuple[Int32s, Int64s] | None:
    """Who gets a label of a wallet, and since when; None where its cluster is too large."""
    tree, links = clusters.tree, clusters.links
    until = forest.within(tree, links, clusters.spends.time, wallet, most)
    if known_at >= until:
        return None
    code, instant = np.array([wallet], np.int32), np.array([until], np.int64)
    size, root = np.empty(1, np.int64), np.empty(1, np.int32)
    forest.sizes(tree, links, code, instant, size)
    forest.roots(tree, code, instant, root)
    found = np.empty(size[0], np.int32)
    forest.members(tree, links, int(root[0]), until, found)
    found = found[found != wallet]
    since = np.empty(found.size, np.int64)
    forest.joined(tree, wallet, found, since)
    return found, np.maximum(since, known_at)


def _labels(clusters: Clusters, checked: Labels, parts: list[_Given]) -> Labels:
    """Labels of other wallets, those left out that had ended before."""
    if not parts:
        return check_labels(checked.iloc[:0])
    wallet = np.concatenate([part.wallet for part in parts])
    known_at = np.concatenate([part.known_at for part in parts])
    label = np.repeat([part.label for part in parts], [part.wallet.size for part in parts])
    frame = checked.iloc[label].reset_index(drop=True)
    frame = frame.assign(
        wallet=pd.Series(clusters.names.texts(wallet), dtype="str"),
        known_at=pd.to_datetime(known_at, unit="us", utc=True),
        confidence=frame["confidence"] * CONFIDENCE,
        source=frame["source"] + BY_CLUSTER,
    )
    frame = frame[~(frame["until"] <= frame["known_at"])]
    return check_labels(frame.sort_values(["wallet", "known_at", "source"], ignore_index=True))
