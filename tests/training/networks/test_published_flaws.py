"""Three flaws of published results on wallets: none can happen here, and a test of each shows it.

They stop training by the rows that they are judged on, scale columns by statistics of these, and
let a wallet be seen with edges of its future.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from features import Ledger, feature_table
from features.views import VIEWS
from tests.strategies import START, at, transfers
from training import TrainConfig, out_of_time
from training.recipe import Recipe

pytest.importorskip("torch")

WALLETS, LEARNT = 90, 60
COLUMNS = ["coverage_in_count", "coverage_age_s", "amounts_out_to_in_ratio"]
PARAMETERS: dict[str, Any] = {
    "hidden": 4, "epochs": 4, "steps": 4, "first_fan": 4, "second_fan": 2, "batch_rows": 32,
}  # fmt: skip
Rows = list[tuple[float, str, str, float]]


class World(NamedTuple):
    """What is learnt from and judged.

    Attributes
    ----------
    rows
        Transfers.
    table, labels
        Of wallets asked one after the other.
    """

    rows: Rows
    table: pd.DataFrame
    labels: pd.DataFrame


@pytest.fixture(scope="module")
def world() -> World:
    drawn = np.random.default_rng(3)
    illicit = drawn.random(WALLETS) < 0.4
    rows: Rows = []
    for number in range(WALLETS):
        start, payers = 1000.0 * number, 3 if illicit[number] else 1
        rows += [(start + one, f"payer{one}", f"w{number}", 1.0 + one) for one in range(payers)]
        rows.append((start + 50, f"w{number}", f"shop{number % 4}", 1.0 + number % 3))
    wallets = [f"w{number}" for number in range(WALLETS)]
    asked = pd.DatetimeIndex([at(1000 * number + 100) for number in range(WALLETS)]).as_unit("us")
    spine = pd.DataFrame({"wallet": wallets, "as_of": asked})
    labels = pd.DataFrame({
        "wallet": wallets,
        "label": np.where(illicit, "illicit", "licit"),
        "known_at": pd.Series([START] * WALLETS, dtype="datetime64[us, UTC]"),
    })  # fmt: skip
    return World(rows, feature_table(_ledger(rows), spine), labels)


def _ledger(rows: Rows) -> Ledger:
    return Ledger.from_transfers(transfers(sorted(rows)))


def _recipe(rows: Rows, table: pd.DataFrame, labels: pd.DataFrame) -> Recipe:
    config = TrainConfig(
        model="graphsage", base_rate=0.01, min_transfers=1, columns=COLUMNS, seed=1,
        parameters=PARAMETERS,
    )  # fmt: skip
    return Recipe.of(table, labels, config, ledger=_ledger(rows), views=VIEWS)


def _judged(world: World) -> NDArray[np.float64]:
    """Scores of the test rows by a network that learnt from those before."""
    recipe = _recipe(*world)
    split = out_of_time(
        world.table, train_until=at(1000 * (LEARNT - 20)), calibrate_until=at(1000 * LEARNT)
    )
    rows = recipe.rows(split)
    assert len(rows.test) == WALLETS - LEARNT
    return recipe.raw_scores(rows)


def test_nothing_stops_by_the_rows_that_are_judged(world: World) -> None:
    said = _judged(world)
    assert len(np.unique(said)) > 1
    turned = world.labels["label"].map({"illicit": "licit", "licit": "illicit"})
    later = np.arange(WALLETS) >= LEARNT
    labels = world.labels.assign(label=world.labels["label"].where(~later, turned))
    np.testing.assert_array_equal(_judged(world._replace(labels=labels)), said)


def test_nothing_is_scaled_by_the_rows_that_are_judged(world: World) -> None:
    said = _judged(world)
    others = np.arange(WALLETS) > LEARNT  # all that are judged but the first
    table = world.table.copy()
    for name in COLUMNS:
        table[name] = table[name].where(~others, 1e6 * np.arange(WALLETS))
    moved = _judged(world._replace(table=table))
    assert not np.array_equal(moved[1:], said[1:])
    assert moved[0] == pytest.approx(said[0], abs=1e-12)


def test_no_edge_of_the_future_is_seen(world: World) -> None:
    learnt = np.arange(LEARNT)
    border = 1000.0 * (LEARNT - 1) + 100  # as of the last of them
    known = {name for _, *ends, _ in world.rows for name in ends}
    future = [(border + place, name, f"w{LEARNT - 1}", 99.0) for place, name in enumerate(known)]
    before = [row for row in world.rows if row[0] < border]
    truth = (world.labels["label"] == "illicit").to_numpy().astype(np.int8)
    said = []
    for rows in (before, before + future):
        recipe = _recipe(rows, world.table, world.labels)
        inputs = recipe.inputs(learnt)
        model = recipe.new().fit(inputs, truth[learnt], np.ones(LEARNT))
        said.append(model.log_odds(inputs))
    np.testing.assert_array_equal(said[0], said[1])
