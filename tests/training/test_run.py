"""From files to a registered, promoted and loaded model."""

from __future__ import annotations

from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from features import Ledger, feature_table
from features.sources.files import read_spine
from training import RiskModel, tracking
from training.promotion import promote
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
    done = run(folder / "lightgbm.toml", progress=lambda *stage: stages.append(stage))
    assert promote(done.version, tracking_uri=uri).promoted
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


def test_a_worse_model_is_not_promoted(first: Run, folder: Path, uri: str) -> None:
    second = run(folder / "logistic.toml")
    assert int(second.version) > int(first.version)
    version = tracking.find("walletrisk", second.version, tracking_uri=uri)
    assert version.tags["champion_version"] == first.version
    assert version.metrics["champion_pr_auc"] == first.trained.metrics["pr_auc"]
    better = second.trained.metrics["pr_auc"] >= first.trained.metrics["pr_auc"]
    outcome = promote(second.version, tracking_uri=uri)
    line = {line.name: line for line in outcome.lines}["not worse than the champion"]
    assert line.passed is better is False
    assert not outcome.promoted
    champion = tracking.champion("walletrisk", tracking_uri=uri)
    assert champion is not None
    assert champion.number == first.version


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
