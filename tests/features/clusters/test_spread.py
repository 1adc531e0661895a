"""A label is known of another wallet of the cluster once it is known and both are in one."""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import walletrisk
from features import check_labels
from features.clusters import Clusters
from features.clusters.spread import spread
from features.contracts.labels import labels_as_of
from tests.clustered import Spend, add, made
from tests.features.clusters.test_clusters import LATEST, SPENDS, WALLETS
from tests.naive.clusters import clusters as naive

Known = tuple[str, int, int | None]  # wallet, since, until
LABELS = st.lists(
    st.tuples(
        st.sampled_from(WALLETS),
        st.integers(0, LATEST),
        st.one_of(st.none(), st.integers(1, LATEST).map(lambda n: n)),
    ).map(lambda known: (*known[:2], None if known[2] is None else known[1] + known[2])),
    max_size=6,
    unique=True,
)


def at(micros: int | None) -> pd.Timestamp:
    return pd.NaT if micros is None else pd.Timestamp(micros, unit="us", tz="UTC")  # type: ignore[return-value]


def labels(known: Sequence[Known]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "wallet": pd.Series([wallet for wallet, *_ in known], dtype="str"),
            "label": pd.Series(["illicit"] * len(known), dtype="str"),
            "known_at": pd.to_datetime([at(since) for _, since, _ in known], utc=True),
            "until": pd.to_datetime([at(until) for *_, until in known], utc=True),
            "source": pd.Series([f"list {number}" for number in range(len(known))], dtype="str"),
        }
    )


def expected(
    spends: dict[str, Spend], known: Sequence[Known], most: int
) -> set[tuple[object, ...]]:
    """By going through all instants, in order."""
    found: set[tuple[object, ...]] = set()
    for number, (wallet, since, until) in enumerate(known):
        got: set[str] = set()
        for instant in range(since, LATEST + 1):
            cluster = naive(spends.values(), instant + 1).get(wallet, {wallet})
            if len(cluster) > most:
                break
            for other in cluster - got - {wallet}:
                got.add(other)
                if until is None or instant < until:
                    found.add((other, at(instant), until, f"list {number} (cluster)"))
    return found


@settings(max_examples=60)
@given(SPENDS, LABELS, st.integers(2, 9))
def test_a_label_spreads_from_the_later_of_knowing_and_merging_on(
    spends: dict[str, Spend], known: list[Known], most: int
) -> None:
    clusters = Clusters()
    ordered = dict(sorted(spends.items(), key=lambda item: item[1][0]))
    add(clusters, ordered)
    found = spread(clusters, labels(known), most=most).labels
    rows = found[["wallet", "known_at", "until", "source"]].itertuples(index=False)
    said = [
        (wallet, since, None if pd.isna(until) else until.value // 1000, source)
        for wallet, since, until, source in rows
    ]
    assert len(said) == len(set(said))
    assert set(said) == expected(ordered, known, most)
    assert (found["confidence"] == 0.5).all()


def test_labels_of_too_large_a_cluster_are_counted() -> None:
    clusters = made(*((n, [one, other]) for n, (one, other) in enumerate(pairwise("abcdef"))))
    some = labels([("a", 0, None), ("a", 4, None), ("x", 0, None)])
    found = spread(clusters, some, most=3)
    assert found.too_large == 1
    assert found.labels["wallet"].tolist() == ["b", "c"]
    assert found.labels["source"].unique().tolist() == ["list 0 (cluster)"]


def test_the_wallets_own_label_goes_before_what_came_by_a_cluster() -> None:
    clusters = made((5, ["a", "b"]))
    own = labels([("a", 1, None), ("b", 2, None)]).assign(label=["illicit", "licit"])
    every = check_labels(pd.concat([check_labels(own), spread(clusters, own).labels]))
    assert labels_as_of(every)["label"].tolist() == ["illicit", "licit"]


def test_the_command_writes_the_labels_of_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made((5, ["a", "b"])).save(tmp_path / "clusters.arrow")
    (tmp_path / "known.csv").write_text("wallet,label,known_at\na,illicit,2026-01-01T00:00:00Z\n")
    command = ["clusters", "spread", "known.csv", "--clusters", "clusters.arrow", "--to"]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        assert walletrisk.run([*command, "out.csv"]) == 0
        assert pd.read_csv("out.csv")["wallet"].tolist() == ["b"]
        assert "1 labels of 1 wallets came by clusters" in capsys.readouterr().out
        assert walletrisk.run([*command, "out.txt"]) == 2
        assert "unknown kind of file" in capsys.readouterr().err
