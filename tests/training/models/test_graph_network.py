"""Graph networks: the estimator contract, the controls, and that edges are read at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError, feature_table
from features.past import NO_LABELS, label_events
from features.views import LABEL_COLUMNS
from tests.strategies import START, at, transfers
from training import RiskModel, TrainConfig, Trained, out_of_time, train
from training.metrics import average_precision
from training.models.estimator import Where

torch = pytest.importorskip("torch")

if TYPE_CHECKING:
    from training.models.graph_network import GraphEstimator
    from training.networks.reading.source import GraphInputs

OWN = ("coverage_in_count", "coverage_out_count", "coverage_age_s", "amounts_out_to_in_ratio")
QUICK: dict[str, Any] = {
    "hidden": 8,
    "epochs": 12,
    "steps": 4,
    "second_fan": 4,
    "batch_rows": 32,
    "learning_rate": 0.02,
    "dropout": 0.1,
}
WALLETS = 240


def rows_of(number: int, illicit: bool) -> list[tuple[float, str, str, float]]:
    """One wallet's world: all have one sender and one recipient; an illicit one's sender is paid
    by four others before, a licit one's by one."""
    start, me = 1000.0 * number, f"w{number:03d}"
    rows = [
        (start + payer, f"payer{number}_{payer}", f"sender{number}", 1.0 + payer)
        for payer in range(4 if illicit else 1)
    ]
    return [
        *rows,
        (start + 50, f"sender{number}", me, 5.0 + number % 7),
        (start + 60, me, f"shop{number % 5}", 2.0),
    ]


@pytest.fixture(scope="module")
def illicit() -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.random.default_rng(1).random(WALLETS) < 0.4


@pytest.fixture(scope="module")
def ledger(illicit: np.ndarray[Any, np.dtype[np.bool_]]) -> Ledger:
    rows = [row for number in range(WALLETS) for row in rows_of(number, bool(illicit[number]))]
    return Ledger.from_transfers(transfers(sorted(rows)))


@pytest.fixture(scope="module")
def spine() -> pd.DataFrame:
    as_of = [at(1000 * number + 100) for number in range(WALLETS)]
    wallets = [f"w{number:03d}" for number in range(WALLETS)]
    return pd.DataFrame({"wallet": wallets, "as_of": pd.DatetimeIndex(as_of).as_unit("us")})


Fitted = tuple["GraphEstimator", "GraphInputs"]


@pytest.fixture(scope="module")
def fit(
    ledger: Ledger, spine: pd.DataFrame, illicit: np.ndarray[Any, np.dtype[np.bool_]]
) -> Callable[..., Fitted]:
    from training.models.kinds import estimator_class

    def fitted(kind: str = "graphsage", **parameters: Any) -> Fitted:
        made = estimator_class(kind)(OWN, seed=5, parameters={**QUICK, **parameters})
        model = cast("GraphEstimator", made)
        own = feature_table(ledger, spine)[list(OWN)].to_numpy()
        inputs = model.inputs(own, Where.of_spine(ledger, spine, NO_LABELS))
        learn = np.arange(160)
        y_true = illicit[learn].astype(np.int8)
        return model.fit(inputs.take(learn), y_true, np.ones(160)), inputs

    return fitted


@pytest.fixture(scope="module")
def fitted(fit: Callable[..., Fitted]) -> Fitted:
    return fit()


def test_edges_carry_what_the_row_does_not(
    fitted: Fitted, fit: Callable[..., Fitted], illicit: np.ndarray[Any, np.dtype[np.bool_]]
) -> None:
    later = np.arange(160, WALLETS)
    quality = {}
    for name, (model, inputs) in {
        "real": fitted,
        "none": fit(first_fan=0),
    }.items():
        quality[name] = average_precision(
            illicit[later].astype(np.int8), model.log_odds(inputs)[later]
        )
    assert quality["real"] > 0.99
    assert quality["none"] < 0.7


def test_rows_count_by_their_weight(
    fitted: Fitted, illicit: np.ndarray[Any, np.dtype[np.bool_]]
) -> None:
    model, inputs = fitted
    learn, later = np.arange(160), np.arange(160, WALLETS)
    wrong = learn % 2 == 0
    y_true = (illicit[learn] ^ wrong).astype(np.int8)
    other = type(model)(OWN, seed=5, parameters=QUICK)
    other.fit(inputs.take(learn), y_true, np.where(wrong, 0.01, 1.99))
    assert average_precision(illicit[later].astype(np.int8), other.log_odds(inputs)[later]) > 0.9


def test_a_row_alone_scores_as_in_a_batch(fitted: Fitted) -> None:
    model, inputs = fitted
    batch = model.log_odds(inputs)
    alone = [model.log_odds(inputs.take(np.array([row])))[0] for row in range(0, WALLETS, 7)]
    np.testing.assert_allclose(alone, batch[::7], rtol=1e-9)


def test_the_same_call_gives_the_same_bits_also_with_its_state_kept(
    fitted: Fitted, fit: Callable[..., Fitted], tmp_path: Path
) -> None:
    from training.networks.learning.session import kept_in

    model, inputs = fitted
    with kept_in(tmp_path / "fits"):
        again, _ = fit()
        assert len(list((tmp_path / "fits").iterdir())) == 2  # how long, then from all rows
    np.testing.assert_array_equal(model.log_odds(inputs), again.log_odds(inputs))


def test_training_leaves_torch_as_it_was(fit: Callable[..., Fitted]) -> None:
    torch.manual_seed(7)
    before = torch.random.get_rng_state(), torch.get_num_threads()
    fit(epochs=1)
    assert torch.equal(before[0], torch.random.get_rng_state())
    assert before[1] == torch.get_num_threads()
    assert not torch.are_deterministic_algorithms_enabled()


def test_reasons_are_shapley_values(fitted: Fitted) -> None:
    model, inputs = fitted
    parts = model.contributions(inputs)
    np.testing.assert_allclose(parts.sum(axis=1), model.log_odds(inputs), rtol=0, atol=1e-9)
    assert model.reasons == ("own", "senders", "recipients", "labels", "sequence")
    assert np.abs(parts[:, 1]).mean() > 3 * np.abs(parts[:, [0, 2, 4]]).mean()
    assert not parts[:, 3].any()  # no label was known
    assert np.ptp(parts[:, 5]) < 1e-12  # a typical wallet without neighbours


def test_an_absent_side_contributes_nothing(fitted: Fitted) -> None:
    model, _ = fitted
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    spine = pd.DataFrame({"wallet": ["a", "b"], "as_of": [at(5), at(5)]})
    own = feature_table(ledger, spine)[list(OWN)].to_numpy()
    lonely = model.inputs(own, Where.of_spine(ledger, spine, NO_LABELS))
    parts = model.contributions(lonely)
    assert parts[0, 1] == 0.0  # nobody sent to a
    assert parts[1, 2] == 0.0  # b sent to nobody


def test_saved_and_loaded_it_is_the_same(fitted: Fitted, tmp_path: Path) -> None:
    model, inputs = fitted
    model.save(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "model.safetensors"]
    loaded = type(model).load(tmp_path, OWN)
    np.testing.assert_array_equal(model.log_odds(inputs), loaded.log_odds(inputs))
    np.testing.assert_array_equal(model.contributions(inputs), loaded.contributions(inputs))


def test_damaged_files_are_refused(fitted: Fitted, tmp_path: Path) -> None:
    model, _ = fitted
    model.save(tmp_path)
    with pytest.raises(RiskError, match="it is of 4 columns, wanted 3"):
        type(model).load(tmp_path, OWN[:3])
    settings = json.loads((tmp_path / "model.json").read_text())
    changed = {**settings, "reads": {**settings["reads"], "subgraph_version": 0}}
    (tmp_path / "model.json").write_text(json.dumps(changed))
    with pytest.raises(RiskError, match=r"otherwise than this release: subgraph_version 0 instead"):
        type(model).load(tmp_path, OWN)
    (tmp_path / "model.json").write_text(json.dumps({"neighbourhood_version": 1}))
    with pytest.raises(RiskError, match=r"of an earlier release, .*train it again"):
        type(model).load(tmp_path, OWN)
    (tmp_path / "model.json").write_text(json.dumps(settings))
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(RiskError, match="do not hold a graphsage network"):
        type(model).load(tmp_path, OWN)


def test_weights_that_are_no_numbers_are_refused(fitted: Fitted, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    model, _ = fitted
    model.save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    weights["line.bias"][0] = float("nan")
    save_file(weights, tmp_path / "model.safetensors")
    with pytest.raises(RiskError, match=r"1 weights of line\.bias are not finite"):
        type(model).load(tmp_path, OWN)


def test_nothing_to_score_and_nothing_fitted(fitted: Fitted) -> None:
    model, inputs = fitted
    none = inputs.take(np.empty(0, np.int64))
    assert model.log_odds(none).shape == (0,)
    assert model.contributions(none).shape == (0, 6)
    with pytest.raises(RiskError, match="has not been fitted"):
        type(model)(OWN, seed=0, parameters={}).log_odds(inputs)
    with pytest.raises(RiskError, match="has no parameter layers"):
        type(model)(OWN, seed=0, parameters={"layers": 3})


@pytest.mark.parametrize(("kind", "third_fan"), [("gatv2", 0), ("gine", 4), ("pna", 0)])
def test_all_kinds_read_edges_and_survive_their_folder(
    kind: str,
    third_fan: int,
    fit: Callable[..., Fitted],
    illicit: np.ndarray[Any, np.dtype[np.bool_]],
    tmp_path: Path,
) -> None:
    model, inputs = fit(kind, third_fan=third_fan, steps=0)
    later, said = np.arange(160, WALLETS), model.log_odds(inputs)
    assert average_precision(illicit[later].astype(np.int8), said[later]) > 0.95
    alone = model.log_odds(inputs.take(np.array([7])))[0]
    assert alone == pytest.approx(said[7], abs=1e-9)
    parts = model.contributions(inputs.take(np.arange(9)))
    np.testing.assert_allclose(parts.sum(axis=1), said[:9], rtol=0, atol=1e-9)
    model.save(tmp_path)
    loaded = type(model).load(tmp_path, OWN)
    np.testing.assert_array_equal(loaded.log_odds(inputs), said)


def test_labels_of_others_are_read_and_its_own_is_not(ledger: Ledger, spine: pd.DataFrame) -> None:
    from training.models.graph_kinds import GraphSageEstimator

    def known(own: Sequence[str], told: np.ndarray[Any, np.dtype[np.bool_]]) -> pd.DataFrame:
        senders = [f"sender{number}" for number in range(WALLETS)]
        return pd.DataFrame({
            "wallet": [*senders, *spine["wallet"]],
            "label": [*np.where(told, "illicit", "licit"), *own],
            "known_at": pd.Series([START] * 2 * WALLETS, dtype="datetime64[us, UTC]"),
        })  # fmt: skip

    own = np.zeros((WALLETS, 1))
    model = GraphSageEstimator(("coverage_in_count",), seed=1, parameters={**QUICK, "steps": 0})

    def asked(labels: pd.DataFrame) -> GraphInputs:
        return model.inputs(own, Where.of_spine(ledger, spine, label_events(ledger, labels)))

    # nothing but the label of its sender tells what a wallet is
    illicit, bad = np.random.default_rng(7).random(WALLETS) < 0.4, ["illicit"] * WALLETS
    y_true = illicit.astype(np.int8)
    given = asked(known(bad, illicit))
    model.fit(given.take(np.arange(160)), y_true[:160], np.ones(160))
    assert model.reads_labels
    said = model.log_odds(given)
    for row in (7, 100, 239):  # labels of others asked about are read, two steps away
        own_turned = asked(known([*bad[:row], "licit", *bad[row + 1 :]], illicit))
        assert model.log_odds(own_turned)[row] == said[row]
    turned = model.log_odds(asked(known(bad, ~illicit)))
    assert average_precision(y_true[160:], said[160:]) > 0.95
    assert average_precision(y_true[160:], -turned[160:]) > 0.95
    parts = model.contributions(given)
    labels = model.reasons.index("labels")
    assert average_precision(y_true[160:], parts[160:, labels]) > 0.95
    late = known(bad, illicit)
    late["known_at"] = spine["as_of"].max()
    first = model.log_odds(asked(late.iloc[:0]))[:-1]
    np.testing.assert_array_equal(model.log_odds(asked(late))[:-1], first)


@pytest.mark.parametrize(("hidden", "finds"), [(0.5, True), (0.0, False)])
def test_rows_with_known_neighbours_also_teach_those_without(
    hidden: float,
    finds: bool,
    ledger: Ledger,
    spine: pd.DataFrame,
    illicit: np.ndarray[Any, np.dtype[np.bool_]],
) -> None:
    from training.models.graph_kinds import GraphSageEstimator

    # who paid those that are learnt from is known, and that tells more of them than their shape;
    # of later ones nobody is known, so the shape must do
    told = illicit ^ (np.random.default_rng(2).random(WALLETS) < 0.25)
    labels = pd.DataFrame({
        "wallet": [f"sender{number}" for number in range(160)],
        "label": np.where(told[:160], "illicit", "licit"),
        "known_at": pd.Series([START] * 160, dtype="datetime64[us, UTC]"),
    })  # fmt: skip
    table = feature_table(ledger, spine, labels=labels)
    names = (*OWN, *(name for name in table.columns if name in LABEL_COLUMNS))
    given = {**QUICK, "steps": 0, "hide_labels": 0.0, "hide_known": hidden}
    model = GraphSageEstimator(names, seed=1, parameters=given)
    where = Where.of_spine(ledger, spine, label_events(ledger, labels))
    inputs = model.inputs(table[[*names]].to_numpy(), where)
    model.fit(inputs.take(np.arange(160)), told[:160].astype(np.int8), np.ones(160))
    said = model.log_odds(inputs.take(np.arange(160, WALLETS)))
    found = average_precision(illicit[160:].astype(np.int8), said)
    assert (found > 0.9) == finds


@pytest.fixture(scope="module")
def trained(
    ledger: Ledger, spine: pd.DataFrame, illicit: np.ndarray[Any, np.dtype[np.bool_]]
) -> Trained:
    labels = pd.DataFrame(
        {
            "wallet": spine["wallet"],
            "label": np.where(illicit, "illicit", "licit"),
            "known_at": pd.Series([START] * WALLETS, dtype="datetime64[us, UTC]"),
        }
    )
    table = feature_table(ledger, spine)
    split = out_of_time(table, train_until=at(120_000), calibrate_until=at(160_000))
    config = TrainConfig(
        model="graphsage",
        min_transfers=1,
        base_rate=0.01,
        columns=list(OWN),
        seed=2,
        folds=2,
        parameters={**QUICK, "epochs": 6},
    )
    with pytest.raises(RiskError, match="reads neighbourhoods: ledger="):
        train(table, labels, split, config)
    return train(table, labels, split, config, ledger=ledger)


def test_trained_saved_loaded_scored(
    trained: Trained, ledger: Ledger, spine: pd.DataFrame, tmp_path: Path
) -> None:
    assert trained.metrics["pr_auc"] > 0.99
    trained.model.save(tmp_path / "model")
    model = RiskModel.load(tmp_path / "model")
    scores = model.score(ledger, spine)
    pd.testing.assert_frame_equal(scores, trained.model.score(ledger, spine))
    reasons = model.explain_wallets(ledger, spine)
    assert list(reasons) == ["own", "senders", "recipients", "labels", "sequence", "base"]
    odds = np.log(scores["probability"]) - np.log1p(-scores["probability"])
    np.testing.assert_allclose(reasons.sum(axis=1), odds, rtol=1e-9)
    with pytest.raises(RiskError, match=r"use score\(ledger, spine\)"):
        model.predict_proba(feature_table(ledger, spine))


def test_wallets_that_came_after_training_are_scored(trained: Trained) -> None:
    later = [row for number, bad in ((500, True), (501, False)) for row in rows_of(number, bad)]
    unseen = Ledger.from_transfers(transfers(later))
    wallets = ["w500", "w501", "nobody"]
    asked = pd.DataFrame({"wallet": wallets, "as_of": [at(502_000)] * 3})
    scores = trained.model.score(unseen, asked)
    assert scores["status"].tolist() == ["scored", "scored", "unknown_wallet"]
    bad, good, unknown = scores["probability"]
    assert bad > good
    assert unknown == 0.01
