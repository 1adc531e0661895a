from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import cross_val_score

from features import RiskError
from training import TimeFolds, labels_to_y

DAY = pd.Timedelta(1, "D")


def test_folds_learn_from_the_past_of_other_wallets(table: pd.DataFrame) -> None:
    earlier = table[-40:].reset_index()
    earlier["as_of"] -= 200 * DAY
    pooled = pd.concat([table, earlier.set_index(["wallet", "as_of"])])
    times, wallets = (pooled.index.get_level_values(name) for name in ("as_of", "wallet"))
    tested: list[int] = []
    folds = TimeFolds(4, gap=3 * DAY)
    assert folds.get_n_splits() == 4
    for train, test in folds.split(pooled):
        assert times[train].max() <= times[test].min() - 3 * DAY
        assert not set(wallets[train]) & set(wallets[test])
        tested += test.tolist()
    assert len(tested) == len(set(tested))
    assert len(tested) > 0.7 * len(table)


def test_cross_val_score_takes_them(table: pd.DataFrame, labels: pd.DataFrame) -> None:
    y = labels_to_y(labels, table)
    some = table[[column for column in table.columns if table[column].notna().any()][:40]]
    forest = RandomForestClassifier(n_estimators=10, random_state=0)
    scores = cross_val_score(forest, some, y, cv=TimeFolds(3), scoring="average_precision")
    assert scores.shape == (3,)
    assert np.isfinite(scores).all()


def test_folds_that_cannot_be_are_refused(table: pd.DataFrame) -> None:
    with pytest.raises(RiskError, match="n_splits must be 1 or more"):
        TimeFolds(0)
    with pytest.raises(RiskError, match="0 rows to learn from"):
        list(TimeFolds(5, gap=400 * DAY).split(table))
    with pytest.raises(RiskError, match="folds need rows indexed by"):
        list(TimeFolds(2).split(table.reset_index(drop=True)))


def test_labels_known_too_late_are_no_label(table: pd.DataFrame, labels: pd.DataFrame) -> None:
    middle = labels["known_at"].sort_values().iloc[len(labels) // 2]
    y, early = labels_to_y(labels, table.index), labels_to_y(labels, table, at=middle)
    assert set(y) == {0, 1}
    late = (labels["known_at"] >= middle).to_numpy()
    np.testing.assert_array_equal(early, np.where(late, -1, y))
    with pytest.raises(RiskError, match="rows to label need a wallet"):
        labels_to_y(labels, table.reset_index(drop=True))
