"""From files to a registered, promoted and loaded model."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.exceptions import MlflowException

from features import Ledger, RiskError, feature_table
from features.sources.files import read_labels, read_spine
from features.views import VIEWS
from serving.in_process import answers
from serving.models.place import Registry
from tests.run_files import WALLETS, make_files
from training import RiskModel, labels_to_y, registry, tracking, train
from training.config import RunConfig
from training.fetch import fetch
from training.gate.promotion import compare_versions, evidence_of, promote, rows_of
from training.models.trees import TreesEstimator
from training.provenance import git_commit
from training.repeat import repeat
from training.run import Run, run
from training.run_inputs import read_inputs
from training.tracking import TrackingError

FILES = {
    "gate.json", "gate.md", "alerts.png", "calibration.png",
    "config.toml", "contributions.png", "dropped.json",
    "features.json", "importances.csv", "importances.png", "inputs.json", "model_card.html",
    "model_card.md", "origins.txt", "precision_recall.png", "rows.parquet", "scores_by_class.png",
}  # fmt: skip


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
    (folder / "stored.toml").write_text(config)
    assert RunConfig.read(folder / "stored.toml") == RunConfig.read(folder / "lightgbm.toml")
    assert files >= FILES
    params, tags = logged.data.params, logged.data.tags
    assert params["parameters.trees"] == "40"
    assert params["parameters.leaves"] == str(TreesEstimator.defaults["leaves"])
    assert params["split.origins"] == params["origins"] == "3"
    assert params["data.labels"] == str(folder / "labels.csv")
    assert logged.info.run_name == "lightgbm, all columns, 3 origins, until 2024-07-25, seed 1"
    assert logged.data.metrics["pr_auc"] == first.trained.metrics["pr_auc"]
    assert 0 < logged.data.metrics["pr_auc_label_shuffle"] < first.trained.metrics["pr_auc"]
    assert tags["model_version"] == first.trained.model.version
    assert len(tags["data_sha256"]) == 64
    assert tags["git_commit"] == git_commit()
    assert logged.inputs is not None
    inputs = {one.dataset.name: one.tags[0].value for one in logged.inputs.dataset_inputs}
    assert inputs == {"features": "train", "labels": "labels", "test rows": "test"}


def test_every_test_row_is_kept_with_its_score(first: Run, uri: str) -> None:
    with tracking.store(uri) as client:
        where = client.get_run(first.run_id).info.artifact_uri
        local = mlflow.artifacts.download_artifacts(artifact_uri=f"{where}/rows.parquet")
    kept = pd.read_parquet(local)
    pd.testing.assert_frame_equal(kept[first.trained.scores.columns], first.trained.scores)


def test_each_origin_is_a_nested_run(first: Run, uri: str) -> None:
    with tracking.store(uri) as client:
        experiment = client.get_run(first.run_id).info.experiment_id
        parent = f"tags.`mlflow.parentRunId` = '{first.run_id}'"
        nested = client.search_runs([experiment], parent, order_by=["attributes.start_time"])
    assert len(nested) == len(first.trained.judged) == 3
    for one, judged in zip(nested, first.trained.judged, strict=True):
        assert one.data.metrics["pr_auc"] == judged.metrics["pr_auc"]
        assert one.data.params["test_from"] == str(judged.split.test_from)
    assert nested[0].info.run_name.startswith("origin 1: tests 2024-")


def test_the_version_bears_the_hash_of_the_model(first: Run, uri: str) -> None:
    with tracking.store(uri) as client:
        version = client.get_model_version(first.name, first.version)
    assert version.tags["model_version"] == first.trained.model.version
    assert first.trained.model.version in str(version.description)


def test_the_card_tells_recipe_and_shipped_model_apart(first: Run, uri: str) -> None:
    with tracking.store(uri) as client:
        where = client.get_run(first.run_id).info.artifact_uri
        card = mlflow.artifacts.load_text(f"{where}/model_card.md")
        page = mlflow.artifacts.load_text(f"{where}/model_card.html")
    metrics = first.trained.metrics
    low, high = metrics["pr_auc_low"], metrics["pr_auc_high"]
    assert f"| {metrics['pr_auc']:.3f} [{low:.3f}, {high:.3f}] |" in card
    for title in ("Purpose", "Data", "Protocol", "Results of the recipe", "Limits"):
        assert f"\n## {title}\n" in card
        assert f"<h2>{title}</h2>" in page
    assert "The shipped model has none of its own" in card
    assert page.count('src="data:image/png;base64,') >= 6


def test_a_ready_table_gives_the_same_model(
    first: Run, folder: Path, features: pd.DataFrame
) -> None:
    features.to_parquet(folder / "table.parquet")
    text = (folder / "lightgbm.toml").read_text()
    text = text.replace('spine = "spine.parquet"', 'table = "table.parquet"')
    (folder / "ready.toml").write_text(text.replace('ledger = "ledger"\n', ""))
    config = RunConfig.read(folder / "ready.toml")
    read = read_inputs(config, VIEWS, lambda *_: None)
    assert read.ledger is None
    splits = config.split.splits(read.table)
    again = train(read.table, read.labels, splits, config.model)
    assert again.model.version == first.trained.model.version
    assert again.metrics == first.trained.metrics


def test_progress_reaches_its_end(first: Run, stages: list[tuple[str, int, int]]) -> None:
    assert first.version
    assert ("features", WALLETS, WALLETS) in stages
    assert stages[-1] == ("model", 2, 2)


def test_the_champion_resolves_to_the_model_folder(
    first: Run, uri: str, features: pd.DataFrame
) -> None:
    model = RiskModel.load(tracking.resolve("models:/walletrisk@champion", tracking_uri=uri))
    assert model.version == first.trained.model.version
    np.testing.assert_array_equal(
        model.predict_proba(features), first.trained.model.predict_proba(features)
    )


def test_an_endpoint_fetches_the_champion_without_mlflow(
    first: Run, uri: str, tmp_path: Path
) -> None:
    mark = f"models:/walletrisk/{first.version}"
    place = Registry("models:/walletrisk@champion", uri)
    found = place.fetch(tmp_path, ())  # in a process of its own
    assert found.mark == mark
    assert found.folder is not None
    assert tmp_path in found.folder.parents
    assert RiskModel.load(found.folder).version == first.trained.model.version
    here = partial(fetch, tracking_uri=uri, into=tmp_path)
    assert here("models:/walletrisk@champion", unless=[mark]) == {"mark": mark, "folder": None}
    assert here(mark, unless=[mark])["mark"] == mark
    with pytest.raises(TrackingError, match="nothing"):
        here("models:/nothing@champion", unless=[])
    with pytest.raises(RiskError, match="is no registered model"):
        here("models:/walletrisk", unless=[])
    before = place.stamp()
    assert before == place.stamp()
    with tracking.store(uri) as client:
        client.set_registered_model_tag("walletrisk", "note", "another")
    assert before != place.stamp()


def test_mlflow_gives_the_same_probabilities(
    first: Run, uri: str, features: pd.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])  # MLflow puts the model's code there
    with tracking.store(uri):
        loaded = mlflow.pyfunc.load_model("models:/walletrisk@champion")
    expected = first.trained.model.score_table(features)
    for given in (features, features[features.columns[::-1]]):
        pd.testing.assert_frame_equal(loaded.predict(given), expected, check_exact=True)
    with pytest.raises(MlflowException, match="missing inputs"):
        loaded.predict(features.drop(columns=first.trained.model.feature_names[3]))


def test_mlflow_evaluates_a_version(
    first: Run, uri: str, features: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    y_true = labels_to_y(read_labels(folder / "labels.csv"), features)
    rows = features.assign(y_true=y_true.astype(np.int64)).reset_index(drop=True)
    with tracking.store(uri), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        mlflow.set_experiment("judged by MLflow")
        judged = mlflow.models.evaluate(  # type: ignore[no-untyped-call]
            "models:/walletrisk/1", rows, targets="y_true", predictions="probability",
            model_type="regressor", evaluator_config={"log_explainer": False},
        )  # fmt: skip
    probability = first.trained.model.predict_proba(features)
    said = judged.metrics["mean_squared_error"]
    assert said == pytest.approx(((probability - y_true) ** 2).mean())


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
    fits = [f"{side}_{fit}" for side in ("candidate", "champion") for fit in range(1, 3)]
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


def test_a_run_repeats_to_equal_metrics(second: Run, uri: str) -> None:
    again = repeat(second.run_id, tracking_uri=uri)
    assert again.different == {}
    assert again.changed == ()
    assert again.compared > len(second.trained.metrics)
    assert again.run.trained.model.version == second.trained.model.version
    tags = tracking.find("walletrisk", again.run.version, tracking_uri=uri).tags
    assert tags["repeats"] == second.run_id
