from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import Ledger, SpineError, feature_table
from features.views import feature_columns
from training import RiskModel, Trained
from training.calibration import log_odds_of, probability_of
from training.manifest import MANIFEST, OWN_HASH, content_hash, sha256
from training.model_folder import CALIBRATION, REFERENCE
from training.reasons.typical import TYPICAL
from training.risk_model import ModelError

KNOWN = pd.DataFrame(
    {
        "wallet": ["elsewhere"],
        "label": ["licit"],
        "known_at": [pd.Timestamp("2020-01-01", tz="UTC")],
    }
)


@pytest.fixture
def model(trained: Trained) -> RiskModel:
    return trained.model


@pytest.fixture
def saved(model: RiskModel, tmp_path: Path) -> Path:
    model.save(tmp_path / "model")
    return tmp_path / "model"


def test_loaded_models_give_the_same_bits(
    model: RiskModel, saved: Path, table: pd.DataFrame
) -> None:
    loaded = RiskModel.load(saved)
    np.testing.assert_array_equal(loaded.predict_proba(table), model.predict_proba(table))
    pd.testing.assert_frame_equal(loaded.explain(table), model.explain(table), check_exact=True)
    assert loaded.version == model.version
    assert loaded.manifest == model.manifest


def test_a_loaded_model_saves_the_same_files(saved: Path, tmp_path: Path) -> None:
    RiskModel.load(saved).save(tmp_path / "again")
    for path in saved.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes()


def test_a_folder_is_overwritten_only_where_asked(model: RiskModel, saved: Path) -> None:
    with pytest.raises(ModelError, match="exists and is not an empty folder"):
        model.save(saved)
    before = {path.name: path.read_bytes() for path in saved.iterdir()}
    model.save(saved, overwrite=True)
    assert {path.name: path.read_bytes() for path in saved.iterdir()} == before
    assert [path.name for path in saved.parent.iterdir()] == [saved.name]


def test_nothing_but_a_model_is_overwritten(model: RiskModel, saved: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work")
    with pytest.raises(ModelError, match="mine is no model folder"):
        model.save(mine, overwrite=True)
    (saved / "notes.txt").write_text("mine too")
    with pytest.raises(ModelError, match=r"unlisted \['notes.txt'\]"):
        model.save(saved, overwrite=True)
    assert (mine / "thesis.txt").exists()
    assert (saved / "notes.txt").exists()


def test_thin_rows_of_a_table_get_the_base_rate(model: RiskModel, table: pd.DataFrame) -> None:
    counts = ["coverage_in_count", "coverage_out_count"]
    rows = table.head(4).copy()
    rows[counts] = [[5.0, 5.0], [1.0, 1.0], [0.0, 0.0], [np.nan, np.nan]]
    said = model.score_table(rows)
    assert said["status"].tolist() == [
        "scored", "insufficient_data", "unknown_wallet", "unknown_wallet",
    ]  # fmt: skip
    np.testing.assert_array_equal(said["probability"][1:], 0.01)
    np.testing.assert_array_equal(model.predict_proba(rows), said["probability"])
    assert (model.explain(rows).iloc[1:, :-1] == 0).all(axis=None)


def test_to_judge_a_table_its_counts_are_needed(model: RiskModel, table: pd.DataFrame) -> None:
    with pytest.raises(ModelError, match="coverage_in_count"):
        model.score_table(table.drop(columns="coverage_in_count"))


def test_the_folder_holds_data_only(saved: Path) -> None:
    names = {path.name for path in saved.iterdir()}
    assert names in (
        {MANIFEST, CALIBRATION, REFERENCE, TYPICAL, "model.txt"},
        {MANIFEST, CALIBRATION, REFERENCE, TYPICAL, "logistic.json"},
    )


def test_every_changed_byte_is_refused(saved: Path) -> None:
    for path in saved.iterdir():
        if path.name == MANIFEST:
            continue
        good = path.read_bytes()
        changed = bytearray(good)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        with pytest.raises(ModelError, match=f"{path.name} was changed: its sha256"):
            RiskModel.load(saved)
        path.write_bytes(good)


def test_a_calibration_without_its_numbers_is_refused(model: RiskModel, saved: Path) -> None:
    (saved / CALIBRATION).write_text('{"slope": 1.0}')
    manifest = json.loads((saved / MANIFEST).read_text())
    manifest["files"][CALIBRATION] = sha256((saved / CALIBRATION).read_bytes())
    del manifest[OWN_HASH]
    manifest[OWN_HASH] = content_hash(manifest)
    (saved / MANIFEST).write_text(json.dumps(manifest))
    with pytest.raises(ModelError, match="holds no calibration"):
        RiskModel.load(saved)


def test_reasons_sum_to_the_log_odds_of_the_probability(
    model: RiskModel, table: pd.DataFrame
) -> None:
    reasons = model.explain(table)
    assert list(reasons.columns) == [*model.feature_names, "base"]
    assert reasons.index.equals(table.index)
    np.testing.assert_allclose(reasons.sum(axis=1), model.log_odds(table), rtol=0, atol=1e-9)
    np.testing.assert_allclose(
        probability_of(model.log_odds(table)), model.predict_proba(table), rtol=1e-14
    )


def test_columns_are_chosen_by_name(model: RiskModel, table: pd.DataFrame) -> None:
    mixed = table[table.columns[::-1]].assign(more=1)
    np.testing.assert_array_equal(model.predict_proba(mixed), model.predict_proba(table))


def test_missing_columns_are_shown_with_the_nearest(model: RiskModel, table: pd.DataFrame) -> None:
    name = model.feature_names[7]
    other = table.rename(columns={name: f"{name}x"})
    with pytest.raises(ModelError, match=rf"lacks 1 of .* columns: {name} \(nearest: {name}x\)"):
        model.predict_proba(other)
    with pytest.raises(ModelError, match="and 2 more"):
        model.predict_proba(table.drop(columns=list(model.feature_names[:10])))


def test_other_types_are_refused(model: RiskModel, table: pd.DataFrame) -> None:
    name = model.feature_names[7]
    for kind in ("float32", "str", "int64"):
        with pytest.raises(ModelError, match=rf"must be float64, got {{'{name}': '{kind}'}}"):
            model.predict_proba(table.fillna(0.0).astype({name: kind}))


def test_doubled_columns_are_refused(model: RiskModel, table: pd.DataFrame) -> None:
    doubled = pd.concat([table, table[[model.feature_names[0]]]], axis=1)
    with pytest.raises(ModelError, match="more than once"):
        model.predict_proba(doubled)


def test_no_rows_give_no_probabilities(model: RiskModel, table: pd.DataFrame) -> None:
    assert model.predict_proba(table[:0]).shape == (0,)
    assert model.explain(table[:0]).shape == (0, len(model.feature_names) + 1)


def test_rows_as_arrays_give_the_bits_of_the_table(model: RiskModel, table: pd.DataFrame) -> None:
    values = table[[column.name for column in feature_columns(model.views)]].to_numpy()
    scored = table[["coverage_in_count", "coverage_out_count"]].sum(axis=1).to_numpy() >= 3
    batch = model.score_rows(values, reasons=True)
    np.testing.assert_array_equal(batch.probability[scored], model.predict_proba(table)[scored])
    assert batch.contributions is not None
    np.testing.assert_array_equal(
        batch.contributions[scored], model.explain(table).to_numpy()[scored]
    )
    for at in range(20):
        with_reasons = model.score_rows(values[at : at + 1], reasons=True)
        without = model.score_rows(values[at : at + 1])
        assert without.contributions is None
        assert with_reasons.probability[0] == without.probability[0] == batch.probability[at]
        assert without.status == [batch.status[at]]
        np.testing.assert_array_equal(with_reasons.contributions, batch.contributions[[at]])


def make_spine(ledger: Ledger) -> pd.DataFrame:
    last = ledger.last_timestamp
    assert last is not None
    wallets = [f"w{number:05d}" for number in range(40)]
    rows = [(wallet, last) for wallet in wallets] + [("nobody", last), ("w00000", last)]
    early = last - pd.Timedelta(299, "D")
    rows += [(wallet, early) for wallet in wallets] + [("w00001", last - pd.Timedelta(9999, "D"))]
    return pd.DataFrame(rows, columns=["wallet", "as_of"])


def test_thin_histories_get_the_base_rate_and_say_so(model: RiskModel, ledger: Ledger) -> None:
    spine = make_spine(ledger)
    scores = model.score(ledger, spine, labels=KNOWN)
    table = feature_table(ledger, spine, labels=KNOWN)
    counts = (table["coverage_in_count"] + table["coverage_out_count"]).to_numpy()
    expected = np.where(
        counts == 0, "unknown_wallet", np.where(counts < 3, "insufficient_data", "scored")
    )
    assert set(expected) == {"unknown_wallet", "insufficient_data", "scored"}
    assert scores["status"].tolist() == expected.tolist()
    scored = expected == "scored"
    np.testing.assert_array_equal(scores["probability"][~scored], 0.01)
    np.testing.assert_array_equal(scores["probability"][scored], model.predict_proba(table)[scored])
    assert scores.index.equals(table.index)


def test_reasons_of_wallets_sum_to_what_score_says(model: RiskModel, ledger: Ledger) -> None:
    spine = make_spine(ledger)
    scores, reasons = (
        model.score(ledger, spine, labels=KNOWN),
        model.explain_wallets(ledger, spine, labels=KNOWN),
    )
    np.testing.assert_allclose(
        reasons.sum(axis=1),
        [log_odds_of(value) for value in scores["probability"]],
        rtol=0,
        atol=1e-9,
    )
    thin = reasons[(scores["status"] != "scored").to_numpy()]
    assert (thin.drop(columns="base") == 0).all(axis=None)


def test_a_spine_is_checked(model: RiskModel, ledger: Ledger) -> None:
    with pytest.raises(SpineError, match="as_of"):
        model.score(ledger, pd.DataFrame({"wallet": ["w"]}))


def test_scores_and_reasons_come_from_one_pass(model: RiskModel, ledger: Ledger) -> None:
    spine = make_spine(ledger)
    both = model.score_spine(ledger, spine, labels=KNOWN, reasons=True)
    scores = model.score(ledger, spine, labels=KNOWN)
    np.testing.assert_array_equal(both.probability, scores["probability"])
    assert both.status == scores["status"].tolist()
    np.testing.assert_array_equal(
        both.contributions, model.explain_wallets(ledger, spine, labels=KNOWN)
    )
    assert model.score_spine(ledger, spine, labels=KNOWN).contributions is None


def test_a_model_of_labelled_wallets_asks_for_labels(model: RiskModel, ledger: Ledger) -> None:
    assert model.reads_labels
    spine = pd.DataFrame({"wallet": ["w"], "as_of": [pd.Timestamp("2024-01-01", tz="UTC")]})
    with pytest.raises(ModelError, match="give labels to score"):
        model.score(ledger, spine)


def test_every_score_has_an_interval_around_it(
    model: RiskModel, ledger: Ledger, labels: pd.DataFrame
) -> None:
    wallets = [ledger.wallet(code) for code in range(ledger.n_wallets)]
    now = pd.Timestamp("2026-01-01", tz="UTC")
    spine = pd.DataFrame({"wallet": [*wallets, "nobody"], "as_of": now})
    scores = model.score(ledger, spine, labels)
    ends = scores[["probability_low", "probability_high"]]
    scored = scores["status"] == "scored"
    assert scored.any()
    assert ends[~scored].isna().all(axis=None)
    low, high = ends[scored].to_numpy().T
    said = scores["probability"][scored].to_numpy()
    assert ((low >= 0) & (low <= said) & (said <= high) & (high <= 1)).all()
    assert (low < high).any()
