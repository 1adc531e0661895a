"""The champion's recipe is judged with its own inputs, on the rows of the candidate."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import Ledger, feature_table
from features.errors import RiskError
from features.views import VIEWS
from training import OutOfTime, TrainConfig
from training.gate.comparison import compare
from training.gate.rival import Champion, champion_table, paired_scores
from training.recipe import Recipe
from training.trained import Judged

SOME = tuple(view for view in VIEWS if view.name in ("coverage", "exposure"))
EXPOSED = "exposure_illicit_direct_in_amount"


def champion(*columns: str, context: tuple[str, ...] = (), reads_labels: bool = False) -> Champion:
    recipe = TrainConfig(
        model="logistic", base_rate=0.01, columns=list(columns), context=list(context)
    )
    return Champion("1", recipe, reads_labels)


@pytest.fixture(scope="module")
def asked(ledger: Ledger) -> pd.DataFrame:
    wallets = [ledger.wallet(code) for code in range(20)]
    as_of = pd.date_range("2024-06-01", periods=20, freq="4D", tz="UTC").as_unit("us")
    return pd.DataFrame({"wallet": wallets, "as_of": as_of})


@pytest.fixture(scope="module")
def known(ledger: Ledger) -> pd.DataFrame:
    wallets = [ledger.wallet(code) for code in range(20, ledger.n_wallets)]
    return pd.DataFrame(
        {"wallet": wallets, "label": "illicit", "known_at": pd.Timestamp("2024-01-02", tz="UTC")}
    )


def test_a_champion_that_reads_exposure_gets_it(
    ledger: Ledger, asked: pd.DataFrame, known: pd.DataFrame
) -> None:
    without = feature_table(ledger, asked, views=SOME)
    assert without[EXPOSED].isna().all()
    rival = champion("coverage_in_count", EXPOSED, reads_labels=True)
    given = champion_table(rival, without, ledger, known, SOME)
    wanted = feature_table(ledger, asked, labels=known, views=SOME)
    pd.testing.assert_series_equal(given[EXPOSED], wanted[EXPOSED])
    assert given[EXPOSED].notna().any()
    assert given.index.equals(without.index)
    assert given.columns.is_unique
    with pytest.raises(RiskError, match="no ledger"):
        champion_table(rival, without, None, known, SOME)


def test_columns_of_the_user_must_be_there(
    ledger: Ledger, asked: pd.DataFrame, known: pd.DataFrame
) -> None:
    table = feature_table(ledger, asked, views=SOME)
    rival = champion("coverage_in_count", context=("limit",))
    with pytest.raises(RiskError, match=r"own that this run has not: \['limit'\]"):
        champion_table(rival, table, ledger, known, SOME)
    given = champion_table(rival, table.assign(limit=1.0, mine=2.0), ledger, known, SOME)
    assert "limit" in given
    assert "mine" not in given  # the candidate's own column is none of the champion's


def test_a_champion_that_cannot_be_loaded_has_no_table(
    ledger: Ledger, asked: pd.DataFrame, known: pd.DataFrame
) -> None:
    with pytest.raises(RiskError, match="version 7 is unusable: other views"):
        champion_table(
            Champion("7", None, unusable="other views"),
            feature_table(ledger, asked, views=SOME), ledger, known, SOME,
        )  # fmt: skip


def test_both_recipes_score_the_same_rows_under_several_seeds(
    table: pd.DataFrame, labels: pd.DataFrame, split: OutOfTime
) -> None:
    few = [str(name) for name in table.columns[:12]]
    trees = {"trees": 5}
    config = TrainConfig(
        model="lightgbm", base_rate=0.01, columns=few, parameters=trees, seed=3, min_transfers=3
    )
    own = Recipe.of(table, labels, config, ledger=None, views=VIEWS)
    stricter = config.model_copy(update={"min_transfers": 6})
    other = Recipe.of(table, labels, stricter, ledger=None, views=VIEWS)
    rows = own.rows(split)
    judged = [Judged(split, rows, pd.DataFrame(), {})]
    paired = paired_scores(own, own, judged, 2)
    assert paired.index.equals(table.index[rows.test])
    np.testing.assert_array_equal(paired["candidate_1"], paired["champion_1"])
    assert not np.array_equal(paired["candidate_1"], paired["candidate_2"])
    assert compare(paired, margin=0.03).difference == 0.0
    # whatever rows the champion would have learnt from, it answers for the candidate's
    strict = paired_scores(own, other, judged, 2)
    assert strict.index.equals(paired.index)
    assert not np.array_equal(strict["champion_1"], paired["champion_1"])
