"""Around: labelled wallets one and two steps away, whichever way the money went."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.contracts.categories import CATEGORIES
from features.kernel import DAY
from features.views.around.around import AROUND
from tests import compare
from tests.exposed import THIEF, Moves, labels
from tests.strategies import World, at, spine, transfers, worlds


def row(moves: Moves, wallet: str, known: pd.DataFrame = THIEF, as_of: float = 1e6) -> pd.Series:
    ledger = Ledger.from_transfers(transfers(moves))
    values = feature_table(ledger, spine([wallet], at(as_of)), labels=known, views=(AROUND,))
    return values.iloc[0].rename(lambda name: str(name).removeprefix("around_"))


@given(worlds(), st.integers(0, 2**32 - 1))
def test_matches_its_slow_twin(world: World, seed: int) -> None:
    categories = np.random.default_rng(seed).choice(CATEGORIES, len(world.labels))
    labels = world.labels.assign(category=categories)
    compare.with_naive(World(world.transfers, labels, world.spine), AROUND)


@pytest.mark.parametrize(
    ("moves", "way"),
    [
        ([(0, "thief", "x", 1.0), (1, "x", "me", 1.0)], "in_in"),
        ([(0, "x", "me", 1.0), (1, "x", "thief", 1.0)], "in_out"),
        ([(0, "me", "x", 1.0), (1, "thief", "x", 1.0)], "out_in"),
        ([(0, "me", "x", 1.0), (1, "x", "thief", 1.0)], "out_out"),
        ([(0, "thief", "me", 1.0)], "in"),
        ([(0, "me", "thief", 1.0)], "out"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_a_thief_is_met_each_way_in_either_order(moves: Moves, way: str, *, turned: bool) -> None:
    if turned:
        moves = [(10 - time, sender, recipient, 1.0) for time, sender, recipient, _ in moves]
    values = row(moves, "me")
    counts = values[values.index.str.endswith("_count")]
    met = set(counts.index[counts > 0])
    assert met == {f"{kind}_{way}_count" for kind in ("illicit", "theft")}
    assert values[f"illicit_of_known_{way}_share"] == values[f"illicit_{way}_share"] == 1


def test_who_has_no_verdict_is_met_by_category_alone() -> None:
    known = labels(("mixer", "none", "mixer", -1.0), ("v", "none", "victim", -1.0))
    moves: Moves = [(0, "mixer", "me", 1.0), (1, "v", "me", 1.0), (2, "x", "me", 1.0)]
    moves += [(3, "x", "mixer", 1.0)]
    values = row(moves, "me", known)
    counts = values[values.index.str.endswith("_count")]
    assert counts[counts > 0].to_dict() == {"mixer_in_count": 1, "mixer_in_out_count": 1}
    assert values["illicit_in_share"] == values["licit_in_out_ratio"] == 0


def test_a_busy_wallet_in_between_weighs_less() -> None:
    moves: Moves = [(0, "x", "me", 1.0), (1, "x", "thief", 1.0), (2, "x", "me", 1.0)]
    moves += [(10.0 + i, "x", f"shop{i}", 1.0) for i in range(3)]
    assert row(moves, "me")["illicit_in_out_ratio"] == 1 / 4


def test_a_wallet_met_by_two_ways_counts_once_and_weighs_twice() -> None:
    moves: Moves = [
        (float(time), x, end, 1.0)
        for time, x in enumerate(("x", "y")) for end in ("me", "thief", "thief")
    ]  # fmt: skip
    values = row(moves, "me")
    assert values["illicit_in_out_count"] == 1
    assert values["illicit_in_out_ratio"] == 2


def test_nobody_is_looked_for_behind_a_hub_which_is_told() -> None:
    moves: Moves = [(float(i), "hub", f"w{i}", 1.0) for i in range(998)] + [
        (999, "hub", "thief", 1.0)
    ]
    some = row([*moves, (2000, "hub", "me", 1.0)], "me")
    assert (some["illicit_in_out_count"], some["hub_in_out_share"]) == (1, 0)
    more = row([*moves, (2000, "hub", "me", 1.0), (2001, "hub", "you", 1.0)], "me")
    assert (more["illicit_in_out_count"], more["hub_in_out_share"]) == (0, 1)
    assert more["truncated_ratio"] == 0


def test_64_latest_counterparties_are_looked_at_and_more_are_told() -> None:
    moves: Moves = [(0.0, "thief", "me", 1.0)] + [(1.0 + i, f"w{i}", "me", 1.0) for i in range(63)]
    assert row(moves, "me")["illicit_in_count"] == 1
    values = row([*moves, (90, "one more", "me", 1.0)], "me")
    assert (values["illicit_in_count"], values["truncated_ratio"]) == (0, 1)


def test_the_last_512_transfers_are_looked_at_and_more_are_told() -> None:
    moves: Moves = [(0.0, "thief", "me", 1.0)] + [(1.0 + i, "w", "me", 1.0) for i in range(511)]
    assert row(moves, "me")["truncated_ratio"] == 0
    values = row([*moves, (900, "w", "me", 1.0)], "me")
    assert (values["illicit_in_count"], values["truncated_ratio"]) == (0, 1)


def test_so_many_transfers_behind_the_counterparties_are_read_and_more_are_told() -> None:
    moves: Moves = [(float(i), f"x{k}", f"w{i}", 1.0) for k in range(8) for i in range(999)]
    moves += [(2000.0 + k, f"x{k}", "me", 1.0) for k in range(8)]  # 8,000
    few: Moves = (
        [(1990.0, "y", "thief", 1.0)] + [(1.0, "y", "w", 1.0)] * 190 + [(1995, "y", "me", 1.0)]
    )
    values = row([*moves, *few], "me")
    assert (values["illicit_in_out_count"], values["truncated_ratio"]) == (1, 0)
    values = row([*moves, *few, (3, "y", "w", 1.0)], "me")
    assert (values["illicit_in_out_count"], values["truncated_ratio"]) == (0, 1)


def test_its_own_label_is_not_met_behind_others_nor_in_transfers_to_itself() -> None:
    moves: Moves = [(0, "x", "thief", 1.0), (1, "thief", "x", 1.0), (2, "thief", "thief", 1.0)]
    values = row(moves, "thief")
    assert values.filter(like="illicit").fillna(0).eq(0).all()


def test_a_label_counts_only_after_it_was_known() -> None:
    moves: Moves = [(0, "x", "me", 1.0), (1, "x", "thief", 1.0)]
    late = labels(("thief", "illicit", "theft", 50.0))
    assert row(moves, "me", late, as_of=50)["illicit_in_out_count"] == 0
    assert row(moves, "me", late, as_of=50.000001)["illicit_in_out_count"] == 1


def test_dust_that_one_sends_to_labelled_wallets_does_not_make_it_look_better() -> None:
    good = labels(("good", "licit", "exchange", -DAY / 1e6))
    moves: Moves = [(float(i), "shop", "good", 100.0) for i in range(30)]
    moves += [(40, "x", "me", 1.0), (41, "me", "y", 1.0)]
    plain = row(moves, "me", good)
    dust = [(50, "me", "good", 1e-9), (51, "x", "good", 1e-9), (52, "y", "good", 1e-9)]
    dusted = row([*moves, *dust], "me", good)
    counts = [name for name in plain.index if name.endswith(("_count", "_ratio"))]
    pd.testing.assert_series_equal(plain[counts], dusted[counts])


def test_without_labels_nothing_is_said() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    assert feature_table(ledger, spine(["b"], at(1)), views=(AROUND,)).isna().all(axis=None)
