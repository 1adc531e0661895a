"""What is learnt from and what is judged: panels, entities, late and doubtful labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from features.views import VIEWS
from training import OutOfTime, TrainConfig, Trained, out_of_time_shares, rolling_origins, train
from training.group_folds import folds
from training.recipe import Recipe, recipe_of
from training.trained import judge, ship
from training.truth import truth_of

MONTHS = pd.date_range("2024-01-01", periods=12, freq="MS", tz="UTC")
NAMES = ["amounts_cv_in_ratio", "amounts_cv_out_ratio"]
LINEAR = TrainConfig(model="logistic", base_rate=0.01, columns=NAMES, folds=3)
WALLETS = 80


def make_panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every wallet once a month for a year; the first column carries the label."""
    generator = np.random.default_rng(0)
    names = [f"w{number:03d}" for number in range(WALLETS)]
    index = pd.MultiIndex.from_product([names, MONTHS], names=["wallet", "as_of"])
    illicit = np.arange(WALLETS) % 3 == 0
    table = pd.DataFrame(generator.normal(size=(len(index), 2)), index=index, columns=NAMES)
    table[NAMES[0]] += np.repeat(illicit * 1.0, len(MONTHS))
    table["coverage_in_count"] = table["coverage_out_count"] = 5.0
    labels = pd.DataFrame(
        {
            "wallet": names,
            "label": np.where(illicit, "illicit", "licit"),
            "known_at": pd.Timestamp("2023-01-01", tz="UTC"),
        }
    )
    return table, labels


@pytest.fixture(scope="module")
def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    return make_panel()


def origins(table: pd.DataFrame, wallets: str = "together") -> tuple[OutOfTime, ...]:
    whole = out_of_time_shares(
        table, test_share=0.5, calibrate_share=0.2, wallets=wallets,  # type: ignore[arg-type]
    )  # fmt: skip
    return rolling_origins(table, whole, 3)


@pytest.fixture(scope="module")
def yearly(panel: tuple[pd.DataFrame, pd.DataFrame]) -> Trained:
    table, labels = panel
    return train(table, labels, origins(table), LINEAR)


def test_a_wallet_asked_about_every_month_can_be_learnt(yearly: Trained) -> None:
    assert len(yearly.scores) == WALLETS * 6
    assert yearly.metrics["rows_seen"] == WALLETS * 6
    assert yearly.metrics["rows_new"] == 0
    assert yearly.metrics["rows_shipped"] == WALLETS * 12
    assert yearly.metrics["pr_auc"] > yearly.metrics["prevalence"] + 0.1


def test_every_origin_is_told_apart(yearly: Trained) -> None:
    assert yearly.scores["origin"].value_counts().to_dict() == dict.fromkeys((1, 2, 3), WALLETS * 2)
    learnt = [len(one.rows.learnt) for one in yearly.judged]
    assert learnt == sorted(learnt)
    assert yearly.metrics["pr_auc_origin_3"] == yearly.judged[2].metrics["pr_auc"]


def test_wallets_apart_says_what_to_do(panel: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, labels = panel
    with pytest.raises(RiskError, match='wallets = "together" keeps the rows') as caught:
        train(table, labels, origins(table, "apart"), LINEAR)
    assert "test: wallet is learnt from" in str(caught.value)


def test_wallets_of_an_entity_are_on_one_side(panel: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, labels = panel
    # one row a wallet; pairs of wallets are one entity, an early and a late one
    rows = np.concatenate([np.arange(40) * 12, np.arange(40, 80) * 12 + 11])
    once = table.iloc[rows]
    split = OutOfTime(MONTHS[1], MONTHS[1], MONTHS[2], MONTHS[2], MONTHS[11] + pd.Timedelta("1D"))
    early, late = once.iloc[1:40], once.iloc[40:]
    shifted = early.reset_index()
    shifted.loc[20:, "as_of"] = MONTHS[1]
    once = pd.concat([shifted.set_index(["wallet", "as_of"]), late])
    pairs = pd.Series({f"w{number:03d}": f"e{number % 40}" for number in range(45, 80)})
    pairs = pd.concat([pairs, pd.Series({f"w{number:03d}": f"e{number}" for number in range(40)})])
    recipe = Recipe.of(once, labels, LINEAR, ledger=None, views=VIEWS, groups=pairs)
    kept = once.index[recipe.rows(split).test].get_level_values("wallet").tolist()
    # w040 to w044 are of no entity; e5 to e39 were learnt from
    assert kept == [f"w{number:03d}" for number in range(40, 45)]


def test_a_wallet_of_two_entities_is_refused(panel: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, labels = panel
    twice = pd.Series(["a", "b"], index=["w001", "w001"])
    with pytest.raises(RiskError, match="got two for 'w001'"):
        Recipe.of(table, labels, LINEAR, ledger=None, views=VIEWS, groups=twice)


def test_late_labels_are_not_learnt_from(panel: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, labels = panel
    split = origins(table)[0]
    late = labels.assign(known_at=split.test_from - pd.Timedelta(10, "D"))
    late.loc[:9, "known_at"] = labels["known_at"][:10]
    recipe = Recipe.of(table, late, LINEAR, ledger=None, views=VIEWS)
    delayed = replace(split, label_delay=pd.Timedelta(10, "D"))
    assert len(recipe.rows(split).learnt) == WALLETS * 6
    rows = recipe.rows(delayed)
    assert len(rows.learnt) == 10 * 6
    assert rows.dropped["label not known before test_from"] == 70 * 6
    # rows as of a day before its label was known are not listed, those after are
    assert rows.listed.sum() == 10 * 12 + 70 * 6


def test_doubt_reaches_the_fit(panel: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, labels = panel
    lies = pd.Series(np.arange(WALLETS) < 60)
    flipped = labels["label"].map({"illicit": "licit", "licit": "illicit"})
    mixed = labels.assign(
        label=labels["label"].where(~lies, flipped), confidence=np.where(lies, 0.05, 1.0)
    )
    split = origins(table)[-1]

    def agreement(config: TrainConfig) -> float:
        recipe = Recipe.of(table, mixed, config, ledger=None, views=VIEWS)
        scores = judge(recipe, split).scores
        return float(scores["probability"].corr(table.loc[scores.index, NAMES[0]]))

    assert agreement(LINEAR) > 0 > agreement(LINEAR.model_copy(update={"confidence": False}))


def test_lists_that_disagree_are_less_sure() -> None:
    labels = pd.DataFrame(
        {
            "wallet": ["a", "a", "b", "b"],
            "label": ["illicit", "licit", "illicit", "illicit"],
            "known_at": pd.to_datetime(["2024-01-01", "2024-06-01"] * 2, utc=True),
            "confidence": [0.8, 0.5, 0.9, 0.4],
        }
    )
    rows = pd.DataFrame({"wallet": ["a", "b"]})
    np.testing.assert_allclose(truth_of(labels, rows).confidence, [0.4, 0.9])
    early = truth_of(labels, rows, at=pd.Timestamp("2024-03-01", tz="UTC"))
    np.testing.assert_allclose(early.confidence, [0.8, 0.9])


def test_out_of_fold_scores_never_saw_the_wallet(
    panel: tuple[pd.DataFrame, pd.DataFrame], yearly: Trained
) -> None:
    table, labels = panel
    assert yearly.out_of_fold.index.equals(table.index)
    recipe = Recipe.of(table, labels, LINEAR, ledger=None, views=VIEWS)
    rows, _, truth = recipe.known()
    sample = recipe.sample(rows, truth.y_true, truth.confidence)
    parts = folds(sample.y_true, sample.groups, 3, LINEAR.seed)
    assert np.sort(np.concatenate([held for _, held in parts])).tolist() == rows.tolist()
    for learnt, held in parts:
        assert not set(sample.groups[learnt]) & set(sample.groups[held])
        copy = recipe.new().fit(
            sample.inputs(learnt), sample.y_true[learnt], sample.weights[learnt]
        )
        said = copy.log_odds(sample.inputs(held))
        np.testing.assert_array_equal(yearly.out_of_fold["raw"].to_numpy()[held], said)


def test_too_few_labels_to_calibrate_are_said() -> None:
    with pytest.raises(RiskError, match="2 wallets of each class must be learnt from, got 1 ill"):
        folds(np.array([1, 0, 0], np.int8), np.arange(3), 5, 0)


def test_the_recipe_of_a_model_is_its_configuration(
    panel: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    table, labels = panel
    config = LINEAR.model_copy(update={"half_life": "90d", "seed": 4})
    model = ship(Recipe.of(table, labels, config, ledger=None, views=VIEWS)).model
    assert recipe_of(model.manifest) == config


def test_wallets_without_a_label_are_learnt_from_where_asked(
    panel: tuple[pd.DataFrame, pd.DataFrame],
) -> None:
    table, labels = panel
    few = labels.iloc[:12]
    split = origins(table)[-1]

    def scores(share: float | None) -> pd.Series:
        config = LINEAR.model_copy(update={"unlabelled": share})
        recipe = Recipe.of(table, few, config, ledger=None, views=VIEWS)
        assert len(recipe.rows(split).unlabelled) == (WALLETS - 12) * 10
        return judge(recipe, split).scores["probability"]

    without, some, many = scores(None), scores(0.1), scores(0.6)
    assert not np.allclose(without, some)
    assert not np.allclose(some, many)
    with pytest.raises(ValueError, match="less than 1"):
        TrainConfig(model="logistic", base_rate=0.01, unlabelled=1.0)


def test_the_later_labelled_are_without_a_label_at_the_origin() -> None:
    table, labels = make_panel()
    split = origins(table)[0]
    late = labels.assign(known_at=labels["known_at"].where(labels.index < 30, split.test_from))
    rows = Recipe.of(table, late, LINEAR, ledger=None, views=VIEWS).rows(split)
    assert len(rows.learnt) == 30 * 6
    assert len(rows.unlabelled) == (WALLETS - 30) * 6
