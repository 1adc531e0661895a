"""From files to a registered, promoted and loaded model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from features import Ledger, feature_table
from features.errors import RiskError
from features.sources.files import read_spine
from features.views import VIEWS
from serving.in_process import answers
from training import RiskModel, registry, tracking
from training.gate.promotion import compare_versions, evidence_of, promote, rows_of
from training.run import Run, data_hash, run
from training.splits import OutOfTime

WALLETS = 400


def make_files(folder: Path) -> str:
    """Write all a run reads: illicit is who either passes all on or has one sender, not both."""
    generator = np.random.default_rng(0)
    start = pd.Timestamp("2024-01-01", tz="UTC")
    rows, labels, spine = [], [], []
    for number in range(WALLETS):
        wallet, illicit = f"w{number:04d}", generator.random() < 0.4
        passes_on = generator.random() < 0.5
        one_sender = passes_on != illicit if generator.random() < 0.95 else passes_on
        first = start + pd.Timedelta(generator.random() * 200, "D")
        for step in range(6):
            time = first + pd.Timedelta(step, "D")
            amount = float(generator.lognormal())
            kept = 0.02 if passes_on else 0.5
            sender = f"s{number}" if one_sender else f"s{number}-{step}"
            rows.append((time, sender, wallet, amount))
            rows.append((time + pd.Timedelta(1, "h"), wallet, f"r{step}", amount * (1 - kept)))
        spine.append((wallet, first + pd.Timedelta(7, "D")))
        labels.append((wallet, "illicit" if illicit else "licit", first))
    frame = pd.DataFrame(rows, columns=["timestamp", "sender", "recipient", "amount"])
    frame["tx_id"], frame["asset"] = [f"t{at}" for at in range(len(frame))], "ETH"
    frame["position"] = np.int32(0)
    Ledger.from_transfers(frame).save(folder / "ledger")
    pd.DataFrame(spine, columns=["wallet", "as_of"]).to_parquet(folder / "spine.parquet")
    pd.DataFrame(labels, columns=["wallet", "label", "known_at"]).to_csv(
        folder / "labels.csv", index=False
    )
    uri = f"sqlite:///{folder / 'mlflow.db'}"
    for kind, parameters in {"lightgbm": "trees = 40\nmin_leaf_rows = 5", "logistic": ""}.items():
        (folder / f"{kind}.toml").write_text(
            f"""
[data]
ledger = "ledger"
spine = "spine.parquet"
labels = "labels.csv"

[split]
test_share = 0.3
calibrate_share = 0.3

[model]
model = "{kind}"
base_rate = 0.02
seed = 1

[model.parameters]
{parameters}

[mlflow]
tracking_uri = "{uri}"
"""
        )
    return uri


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("run")


@pytest.fixture(scope="module")
def uri(folder: Path) -> str:
    return make_files(folder)


@pytest.fixture(scope="module")
def stages() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture(scope="module")
def first(folder: Path, uri: str, stages: list[tuple[str, int, int]]) -> Run:
    done = run(
        folder / "lightgbm.toml", progress=lambda *stage: stages.append(stage), endpoint=answers
    )
    outcome = promote(done.version, why="the first one", tracking_uri=uri)
    assert outcome.promoted, outcome.lines
    assert all(line.passed for line in outcome.lines if "base rate" not in line.name)
    return done


@pytest.fixture(scope="module")
def features(folder: Path) -> pd.DataFrame:
    return feature_table(Ledger.open(folder / "ledger"), read_spine(folder / "spine.parquet"))


def test_the_run_holds_all_that_repeats_it(first: Run, folder: Path, uri: str) -> None:
    with tracking.store(uri) as client:
        logged = client.get_run(first.run_id)
        files = {item.path for item in client.list_artifacts(first.run_id)}
        config = mlflow.artifacts.load_text(f"{logged.info.artifact_uri}/config.toml")
    assert config == (folder / "lightgbm.toml").read_text()
    assert {"config.toml", "dropped.json", "precision_recall.png", "calibration.png"} <= files
    assert logged.data.params["parameters.trees"] == "40"
    assert logged.data.params["split.test_from"] == str(
        pd.Timestamp(first.trained.model.manifest.trained_until)
    )
    assert logged.data.metrics["pr_auc"] == first.trained.metrics["pr_auc"]
    assert 0 < logged.data.metrics["pr_auc_label_shuffle"] < first.trained.metrics["pr_auc"]
    assert logged.data.tags["model_version"] == first.trained.model.version
    assert len(logged.data.tags["data_sha256"]) == 64


def test_progress_reaches_its_end(first: Run, stages: list[tuple[str, int, int]]) -> None:
    assert first.version
    assert ("features", WALLETS, WALLETS) in stages
    assert stages[-1] == ("model", 3, 3)


def test_the_champion_resolves_to_the_model_folder(
    first: Run, uri: str, features: pd.DataFrame
) -> None:
    model = RiskModel.load(tracking.resolve("models:/walletrisk@champion", tracking_uri=uri))
    assert model.version == first.trained.model.version
    np.testing.assert_array_equal(
        model.predict_proba(features), first.trained.model.predict_proba(features)
    )


def test_mlflow_gives_the_same_probabilities(first: Run, uri: str, features: pd.DataFrame) -> None:
    with tracking.store(uri):
        loaded = mlflow.pyfunc.load_model("models:/walletrisk@champion")
    expected = first.trained.model.predict_proba(features)
    np.testing.assert_array_equal(loaded.predict(features), expected)
    np.testing.assert_array_equal(loaded.predict(features[features.columns[::-1]]), expected)
    with pytest.raises(MlflowException, match="missing inputs"):
        loaded.predict(features.drop(columns=first.trained.model.feature_names[3]))


def test_nothing_logged_is_a_pickle(first: Run, folder: Path) -> None:
    names = {path.name for path in (folder / "mlartifacts").rglob("*") if path.is_file()}
    assert first.run_id
    assert "manifest.json" in names
    assert not [name for name in names if name.endswith((".pkl", ".pickle", ".joblib", ".skops"))]


@pytest.fixture(scope="module")
def second(first: Run, folder: Path) -> Run:
    assert first.version
    return run(folder / "logistic.toml")


def test_a_worse_model_is_not_promoted(first: Run, second: Run, uri: str) -> None:
    assert int(second.version) > int(first.version)
    version = tracking.find("walletrisk", second.version, tracking_uri=uri)
    evidence = evidence_of(version, tracking_uri=uri)
    assert evidence is not None
    assert evidence.champion == first.version
    outcome = promote(second.version, tracking_uri=uri)
    assert not outcome.promoted
    assert outcome.lines[-1].passed is False
    assert outcome.lines[-1].detail.startswith("refused: PR-AUC -")
    champion = tracking.champion("walletrisk", tracking_uri=uri)
    assert champion is not None
    assert champion.number == first.version


def test_both_recipes_are_scored_on_the_rows_that_were_judged(
    first: Run, second: Run, uri: str
) -> None:
    mine, other = (
        rows_of(tracking.find("walletrisk", one.version, tracking_uri=uri), tracking_uri=uri)
        for one in (second, first)
    )
    assert mine.index.equals(second.trained.scores.index)
    fits = [f"{side}_{fit}" for side in ("candidate", "champion") for fit in range(1, 6)]
    assert mine.columns.tolist() == [*second.trained.scores.columns, *fits]
    assert other.columns.tolist() == [*first.trained.scores.columns, "candidate_1"]
    # the champion's first fit here is the fit that its own run judged
    pd.testing.assert_series_equal(
        mine["champion_1"].groupby(mine["origin"]).rank(),
        other["candidate_1"].groupby(other["origin"]).rank(),
        check_names=False,
    )


def test_versions_judged_on_the_same_rows_are_compared(first: Run, second: Run, uri: str) -> None:
    both = [tracking.find("walletrisk", one.version, tracking_uri=uri) for one in (first, second)]
    found = compare_versions(both[0], both[1], margin=0.03, tracking_uri=uri)
    assert found.difference == pytest.approx(
        -compare_versions(both[1], both[0], margin=0.03, tracking_uri=uri).difference
    )
    assert found.low > 0
    assert found.verdict == "no worse"  # one fit of one of them proves nothing
    strange = replace(both[1], tags={"data_sha256": "other"})
    with pytest.raises(RiskError, match="judged on other data"):
        compare_versions(both[0], strange, margin=0.03, tracking_uri=uri)


def test_rollback_goes_back_to_the_former_champion_and_says_who_when_why(
    first: Run, second: Run, uri: str
) -> None:
    with pytest.raises(tracking.TrackingError, match="none before it is known"):
        registry.rollback("walletrisk", why="no", tracking_uri=uri, views=VIEWS)
    version = tracking.find("walletrisk", second.version, tracking_uri=uri)
    registry.crown(version, how="promote", why="by hand", tracking_uri=uri)
    change = registry.rollback("walletrisk", why="too many alerts", tracking_uri=uri, views=VIEWS)
    assert (change.version, change.before) == (first.version, second.version)
    champion = tracking.champion("walletrisk", tracking_uri=uri)
    assert champion is not None
    assert champion.number == first.version
    assert champion.tags["crowned_why"] == "too many alerts"
    assert champion.tags["crowned_by"] == change.by != ""
    assert champion.tags["replaced_why"] == "by hand"
    told = registry.history("walletrisk", tracking_uri=uri)
    assert [(one.how, one.why) for one in told] == [
        ("promote", "the first one"), ("promote", "by hand"), ("rollback", "too many alerts"),
    ]  # fmt: skip
    assert registry.history("nobody", tracking_uri=uri) == ()
    listed = registry.versions("walletrisk", tracking_uri=uri)
    assert [one.number for one in listed] == [second.version, first.version]
    with pytest.raises(tracking.TrackingError, match="no version of 'nobody'"):
        registry.versions("nobody", tracking_uri=uri)


def test_unknown_versions_are_refused(uri: str, first: Run) -> None:
    assert first.version
    with pytest.raises(tracking.TrackingError, match="version=99"):
        promote("99", tracking_uri=uri)
    with pytest.raises(tracking.TrackingError, match="nobody"):
        tracking.resolve("models:/nobody@champion", tracking_uri=uri)


def test_the_former_store_is_set_again(uri: str, first: Run) -> None:
    assert first.version
    before = mlflow.get_tracking_uri()
    with tracking.store(uri):
        assert mlflow.get_tracking_uri() == uri
    assert mlflow.get_tracking_uri() == before
    with pytest.raises(KeyError), tracking.store(uri):
        raise KeyError
    assert mlflow.get_tracking_uri() == before


def test_the_data_hash_sees_every_change(
    data: tuple[pd.DataFrame, pd.DataFrame], split: OutOfTime
) -> None:
    table, labels = data
    first = data_hash(table, labels, (split,), 3)
    changed = table.copy()
    changed.iloc[5, 5] = 0.123
    assert data_hash(table.copy(), labels, (split,), 3) == first
    assert data_hash(changed, labels, (split,), 3) != first
    assert data_hash(table, labels[1:], (split,), 3) != first
    assert data_hash(table, labels, (split, split), 3) != first
    assert data_hash(table, labels, (split,), 5) != first
