"""Clusters as of t are those of a union-find that saw nothing later, however they came about."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.clusters import Clusters, Spends
from tests.clustered import Spend, add, made
from tests.naive.clusters import clusters as naive

WALLETS = [f"w{n:02}" for n in range(12)]
LATEST = 9
SPENDS = st.dictionaries(
    st.integers(0, 40).map(str),
    st.tuples(
        st.integers(0, LATEST),
        st.lists(st.sampled_from(WALLETS), min_size=2, max_size=4, unique=True),
    ),
    max_size=25,
)


def assert_as_naive(clusters: Clusters, spends: dict[str, Spend]) -> None:
    """At every instant, for every wallet: cluster, size and members."""
    for instant in range(LATEST + 2):
        at = np.full(len(WALLETS), instant)
        expected = naive(spends.values(), instant)
        of = [expected.get(wallet, {wallet}) for wallet in WALLETS]
        assert clusters.sizes(WALLETS, at).tolist() == [len(each) for each in of]
        roots = clusters.roots(WALLETS, at).tolist()
        for wallet, root, cluster in zip(WALLETS, roots, of, strict=True):
            assert clusters.members(wallet, instant) == sorted(cluster)
            same = {w for w, r in zip(WALLETS, roots, strict=True) if r == root and r >= 0}
            assert same == cluster or (len(cluster) == 1 and same <= cluster)


@settings(max_examples=30)
@given(SPENDS, st.data())
def test_late_and_retracted_spends_leave_what_a_rebuilt_union_find_finds(
    spends: dict[str, Spend], data: st.DataObject
) -> None:
    clusters, order = Clusters(), data.draw(st.permutations(list(spends)))
    cut = data.draw(st.integers(0, len(order)))
    gone = set(data.draw(st.lists(st.sampled_from(order), unique=True))) if order else set()
    for some in (order[:cut], order[cut:]):
        assert add(clusters, {tx_id: spends[tx_id] for tx_id in some}) == len(some)
    assert_as_naive(clusters, spends)
    assert add(clusters, spends) == 0
    assert clusters.retract([*gone, "unknown"]) == len(gone)
    assert_as_naive(clusters, {tx_id: each for tx_id, each in spends.items() if tx_id not in gone})
    assert add(clusters, spends) == len(gone)
    assert_as_naive(clusters, spends)


def test_a_merge_is_not_known_before_it_happens() -> None:
    clusters = made((5, ["a", "b"]), (7, ["b", "c"]))
    assert [clusters.members("a", instant) for instant in (5, 6, 7, 8)] == [
        ["a"], ["a", "b"], ["a", "b"], ["a", "b", "c"],
    ]  # fmt: skip


def test_a_wallet_never_heard_of_is_by_itself() -> None:
    clusters = made((5, ["a", "b"]))
    assert clusters.members("x", 9) == ["x"]
    assert clusters.sizes(["x", "a"], np.array([9, 9])).tolist() == [1, 2]
    assert clusters.roots(["x"], np.array([9])).tolist() == [-1]


def test_sizes_of_a_cluster_of_many_links_are_those_of_each_instant() -> None:
    clusters = made(*((n, ["hub", f"w{n:04}"]) for n in range(500)))
    at = np.arange(501)
    assert clusters.sizes(["hub"] * 501, at).tolist() == (at + 1).tolist()


def test_a_merge_of_two_known_owners_is_told() -> None:
    clusters = made(
        (1, ["a1", "a2"]),
        (2, ["b1", "b2", "b3"]),
        (3, ["a2", "x"]),
        (4, ["x", "b3"]),
        (5, ["a1", "b1"]),
    )
    owners = pd.Series({"a1": "Alpha", "a2": "Alpha", "b2": "Beta", "elsewhere": "Gamma"})
    (merge,) = clusters.impossible_merges(owners)
    assert merge.tx_id == "3"
    assert set(merge.owners) == {"Alpha", "Beta"}
    assert sorted(merge.sizes) == [3, 3]
    assert merge.time == pd.Timestamp(4, unit="us", tz="UTC")
    assert clusters.impossible_merges(owners.replace("Beta", "Alpha")) == []


@pytest.mark.parametrize("latest", [False, True])
def test_nothing_changes_without_spends(latest: bool) -> None:
    clusters = made((5, ["a", "b"])) if latest else Clusters()
    assert clusters.append([], Spends.none()) == 0
    assert clusters.retract([]) == 0
    assert clusters.n_wallets == 2 * latest
