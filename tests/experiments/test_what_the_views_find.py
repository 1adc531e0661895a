"""What experiment 0004 counts is right; its quick run works where the data are."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from experiments.common.amlworld import dollar_rates
from experiments.common.arms import flagged, joint_rarity

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "experiments" / "0004-what-the-views-find"
DATA = Path(os.environ.get("WALLETRISK_DATA", ROOT.parent / "shared" / "data"))
sys.path.insert(0, str(FOLDER))


from label_neighbourhood import label_neighbourhood  # noqa: E402
from trail_figure import Edge, places  # noqa: E402

REFERENCE = np.array([True] * 100 + [False] * 3)


def test_rarity_is_that_of_the_most_unusual_column() -> None:
    table = pd.DataFrame(
        {
            "a": [*range(100), 150.0, 98.0, np.nan],
            "b": [0.0] * 100 + [0.0, 1.0, 0.0],
        }
    )
    assert joint_rarity(table, REFERENCE)[100:].tolist() == [0.01, 0.01, 1.0]
    assert joint_rarity(table[["a"]], REFERENCE)[[50, 98, 99]].tolist() == [0.5, 0.02, 0.01]


def test_no_more_of_the_reference_is_flagged_than_allowed() -> None:
    table = pd.DataFrame({"a": [*range(100), 99.5, 97.5, 0.0]})
    rarity = joint_rarity(table, REFERENCE)
    flags = flagged(rarity, REFERENCE, 0.02)
    assert flags[REFERENCE].sum() == 2
    assert flags[100:].tolist() == [True, True, False]


def test_nothing_is_flagged_where_ties_would_break_the_budget() -> None:
    table = pd.DataFrame({"a": [1.0] * 50 + [0.0] * 50 + [1.0, 1.0, 0.0]})
    assert not flagged(joint_rarity(table, REFERENCE), REFERENCE, 0.02).any()


def test_rates_follow_from_chains_of_ratios() -> None:
    rows = pd.DataFrame(
        [("US Dollar", "Euro", 2.0, 1.0), ("Euro", "Yen", 1.0, 100.0), ("Yen", "Yen", 5.0, 5.0)],
        columns=["Payment Currency", "Receiving Currency", "Amount Paid", "Amount Received"],
    )
    assert dollar_rates(rows).to_dict() == pytest.approx({"Euro": 2, "US Dollar": 1, "Yen": 0.02})


def test_currencies_that_are_not_tied_are_refused() -> None:
    rows = pd.DataFrame(
        [("US Dollar", "US Dollar", 2.0, 2.0), ("Yen", "Yen", 5.0, 5.0)],
        columns=["Payment Currency", "Receiving Currency", "Amount Paid", "Amount Received"],
    )
    with pytest.raises(ValueError, match="do not tie all 2 currencies"):
        dollar_rates(rows)


@pytest.mark.parametrize("seed", range(3))
def test_label_neighbourhood_counts_as_a_loop_does(seed: int) -> None:
    generator = np.random.default_rng(seed)
    wallets = pd.Series([f"w{k}" for k in range(12)])
    ends = generator.integers(12, size=(40, 2))
    transfers = pd.DataFrame(
        {"sender": wallets.to_numpy()[ends[:, 0]], "recipient": wallets.to_numpy()[ends[:, 1]]}
    )
    illicit = generator.random(12) < 0.4
    found = label_neighbourhood(transfers, wallets, illicit)
    out = {(int(a), int(b)) for a, b in ends if a != b}
    sides = {"to": out, "from": {(b, a) for a, b in out}}
    for me in range(12):
        row = found.iloc[me]
        for mine, pairs in sides.items():
            around = [b for a, b in pairs if a == me]
            assert row[f"around_{mine}"] == len(around)
            assert row[f"around_{mine}_illicit"] == illicit[around].sum()
            for theirs, further in sides.items():
                behind = [[x for h, x in further if h == other and x != me] for other in around]
                counts = [int(illicit[some].sum()) if some else 0 for some in behind]
                assert row[f"around_{mine}_{theirs}_illicit_sum"] == sum(counts)
                assert row[f"around_{mine}_{theirs}_illicit_greatest"] == max(counts, default=0)


def test_own_label_never_counts() -> None:
    transfers = pd.DataFrame({"sender": ["a", "b", "c"], "recipient": ["b", "a", "b"]})
    wallets = pd.Series(["a", "b", "c"])
    with_own = label_neighbourhood(transfers, wallets, np.array([True, False, True]))
    without = label_neighbourhood(transfers, wallets, np.array([False, False, True]))
    assert with_own.loc[["a"]].equals(without.loc[["a"]])
    assert not with_own.loc[["c"]].equals(without.loc[["c"]])


def test_places_of_a_trail_are_as_high_as_what_passes() -> None:
    edges = [Edge("s", "a", 1, 3.0), Edge("s", "b", 1, 1.0), Edge("a", "c", 2, 2.0)]
    found = places(edges)
    assert {wallet: place.hop for wallet, place in found.items()} == {
        "s": 0,
        "a": 1,
        "b": 1,
        "c": 2,
    }
    assert {wallet: place.amount for wallet, place in found.items()} == {
        "s": 4.0, "a": 3.0, "b": 1.0, "c": 2.0,
    }  # fmt: skip
    assert found["s"].height == pytest.approx(1.0)
    assert found["a"].low > found["b"].top


@pytest.mark.skipif(
    not (DATA / "amlworld").is_dir() or not (DATA / "ethereum_incidents").is_dir(),
    reason="needs the data sets amlworld, ethereum_incidents, ethereum_labels, tornado_cash",
)
def test_quick_run() -> None:
    before = sorted(FOLDER.iterdir())
    command = [sys.executable, str(FOLDER / "run.py"), "--quick"]
    done = subprocess.run(
        [*command, "--stage", "amlworld", "--stage", "trails"],
        env={**os.environ, "WALLETRISK_DATA": str(DATA)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "amlworld cycle: a wallet flagged by its own columns" in done.stdout
    assert "trails ronin: wallets at 2 hops from the exploiter: 36" in done.stdout
    ignored = {FOLDER / "__pycache__"}
    assert set(FOLDER.iterdir()) - ignored == set(before) - ignored
