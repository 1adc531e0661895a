"""The feature table as a whole, on one larger ledger."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import VIEWS, Ledger, SpineError, check_transfers, feature_table
from features.checks.plain_past import PlainPast
from features.checks.suite import Twin
from features.table import compute_rows
from features.views import definitions, feature_columns
from tests import compare
from tests.naive.layering import chain_width
from tests.naive.past import label_list, micros, past, transfer_list
from tests.naive.patterns.patterns import shapes
from tests.strategies import World, at, spine, transfers

HUB_TRANSFERS = 12_000  # beyond features.past.history.HISTORY_CAP
DAY_S = 86_400


def _big_world() -> World:
    """400 wallets over 60 days with forwarding, repeats, round amounts and one hub."""
    random = np.random.default_rng(20261124)
    rows: list[tuple[float, str, str, float]] = []
    for _ in range(900):
        time, amount = random.uniform(0, 60 * DAY_S), float(random.lognormal(0, 2))
        path = random.integers(0, 400, random.integers(2, 7))
        for sender, recipient in pairwise(path):
            rows.append((time, f"w{sender}", f"w{recipient}", amount))
            time += random.choice([0, 1, 600, 40_000, 90_000])
            amount = float(amount * random.choice([1, 0.97, 0.92, 0.5]))
    for _ in range(HUB_TRANSFERS):
        other, time = f"w{random.integers(0, 400)}", random.uniform(0, 60 * DAY_S)
        ends = ("hub", other) if random.random() < 0.1 else (other, "hub")
        rows.append((round(time), *ends, float(random.integers(1, 200)) / 8))
    wallets = [f"w{i}" for i in range(0, 400, 5)]
    labels = pd.DataFrame(
        {
            "wallet": random.choice(wallets, 60),
            "label": random.choice(["illicit", "licit"], 60),
            "known_at": [at(second) for second in random.integers(0, 60 * DAY_S, 60).tolist()],
            "confidence": random.choice([0.5, 1.0], 60),
        }
    )
    wanted = random.choice(400, 150, replace=False)
    names = ["hub", "never seen", *(f"w{i}" for i in wanted)]
    instants = [at(day * DAY_S) for day in (0, 0.1, 1, 7, 20, 35, 59, 60, 90)]
    asked = pd.concat([spine(names, instant) for instant in instants], ignore_index=True)
    return World(transfers(rows), labels, asked)


# every so many rows are compared; fewer where a slow twin takes long
EVERY = 3
STEPS = {"patterns": 41, "exposure": 41, "depth": 5, "around": 5}


def _twin_rows(twin: Twin, cuts: dict[Any, PlainPast], asked: pd.DataFrame) -> pd.DataFrame:
    """Rows of a slow twin, of pasts that all twins share."""
    rows = [dict(twin(cuts[row.as_of], str(row.wallet))) for row in asked.itertuples()]
    return pd.DataFrame(rows, index=pd.MultiIndex.from_frame(asked), dtype="float64")


@pytest.fixture(scope="module")
def big_world() -> World:
    return _big_world()


def test_grid_matches_the_slow_twins(big_world: World) -> None:
    ledger = big_world.ledger()
    table = feature_table(ledger, big_world.spine, labels=big_world.labels)
    assert table["coverage_truncated_share"].max() > 0
    checked = check_transfers(big_world.transfers)
    labels = big_world.labels
    everything, known = transfer_list(checked), label_list(labels)
    # a search that was cut short by its width may have missed the longest chain
    wide = np.zeros(len(table), dtype=bool)
    cuts = {t: past(everything, known, micros(t)) for t in big_world.spine["as_of"].unique()}
    for place, row in enumerate(big_world.spine.itertuples()):
        wide[place] = any(
            chain_width(cuts[row.as_of], str(row.wallet), forward=forward) > 128
            for forward in (False, True)
        )
    assert wide.mean() < 0.02
    assert (table["layering_truncated_ratio"][wide] == 1).all()
    depths = ["layering_depth_backward_hops", "layering_depth_forward_hops"]
    scale = big_world.largest_amounts()
    for view in VIEWS:
        # the twin of the cycles passes through busy wallets, which takes too long around a hub
        twin = shapes if view.name == "patterns" else compare.twin_of(view)
        step = STEPS.get(view.name, EVERY)
        slow = _twin_rows(twin, cuts, big_world.spine.iloc[::step])
        assert view.name == "patterns" or len(slow.columns) == len(view.columns)
        fast = table[list(slow.columns)].iloc[::step]
        if view.name == "layering":
            cut, told = wide[::step], [*depths, "layering_truncated_ratio"]
            assert (fast.loc[cut, depths] <= slow.loc[cut, depths]).all(axis=None)
            slow.loc[cut, told] = fast.loc[cut, told]
        compare.close(fast, slow, rtol=1e-9, scale=scale[::step])


def test_threads_and_single_rows_give_the_same_bits(big_world: World) -> None:
    ledger = big_world.ledger()
    table = feature_table(ledger, big_world.spine, labels=big_world.labels)
    compare.identical(
        table, feature_table(ledger, big_world.spine, labels=big_world.labels, threads=2)
    )
    codes = ledger.codes(big_world.spine["wallet"])
    as_of = big_world.spine["as_of"].to_numpy("datetime64[us]").astype(np.int64)
    rows = range(0, len(table), 7)
    alone = [
        compute_rows(ledger, codes[i : i + 1], as_of[i : i + 1], labels=big_world.events(ledger))
        for i in rows
    ]
    compare.same_bits(table.to_numpy()[rows], np.concatenate(alone), list(table.columns))


def test_progress_counts_every_row(big_world: World) -> None:
    done: list[int] = []
    ledger = big_world.ledger()
    feature_table(ledger, big_world.spine, views=VIEWS[:1], progress=done.append)
    assert sum(done) == len(big_world.spine)
    assert len(done) > 1


def test_order_and_duplicates_of_the_spine_are_kept() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    asked = spine(["b", "a", "b", "nobody"], at(5))
    table = feature_table(ledger, asked)
    assert table.index.get_level_values("wallet").tolist() == ["b", "a", "b", "nobody"]
    assert table.index.names == ["wallet", "as_of"]
    compare.identical(table.iloc[[0]], table.iloc[[2]])


def test_nothing_asked_gives_an_empty_table() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    table = feature_table(ledger, spine([], at(0)))
    assert table.shape == (0, len(feature_columns()))


def test_a_ledger_without_transfers_gives_empty_histories() -> None:
    empty = Ledger.from_transfers(transfers([]))
    other = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    asked = spine(["x", "y"], at(5))
    compare.identical(feature_table(empty, asked), feature_table(other, asked))


def test_a_spine_without_time_zone_is_refused() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    asked = pd.DataFrame({"wallet": ["a"], "as_of": [pd.Timestamp("2024-01-01")]})
    with pytest.raises(SpineError, match="as_of has no time zone"):
        feature_table(ledger, asked)


def test_column_names_are_unique_and_fingerprinted() -> None:
    names = [column.name for column in feature_columns()]
    assert len(set(names)) == len(names)
    assert definitions() == definitions(VIEWS)
    assert definitions(VIEWS[:2]) != definitions()
