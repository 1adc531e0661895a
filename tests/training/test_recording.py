"""Trainings that are recorded from Python, a store that is locked, and the hash of the data."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pandas as pd
import pytest

from features import RiskError
from training import RiskModel, Trained, tracking
from training.config import TrackingConfig
from training.gate.config import GateConfig
from training.gate.evidence import Material
from training.recipe import recipe_of
from training.repeat import repeat
from training.run import data_hash, log
from training.splits import OutOfTime

Data = tuple[pd.DataFrame, pd.DataFrame]


@pytest.fixture(scope="module")
def uri(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"


def material_of(trained: Trained, data: Data) -> Material:
    return Material(*data, recipe_of(trained.model.manifest), GateConfig(repeats=2))


@pytest.mark.parametrize("trained", ["logistic"], indirect=True)
def test_what_was_made_in_python_is_recorded_where_asked(
    trained: Trained, data: Data, uri: str
) -> None:
    where = TrackingConfig(tracking_uri=uri, experiment="notebook", name="mine")
    done = log(trained, material_of(trained, data), where=where)
    assert (done.name, done.version) == ("mine", "1")
    assert done.metrics["pr_auc"] == trained.metrics["pr_auc"]
    with pytest.raises(RiskError, match="was recorded from Python and names no files"):
        repeat(done.run_id, tracking_uri=uri)


@pytest.mark.parametrize("trained", ["logistic"], indirect=True)
def test_a_locked_store_leaves_the_model_on_disk(
    uri: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: Data, trained: Trained
) -> None:
    monkeypatch.chdir(tmp_path)
    where = TrackingConfig(tracking_uri=f"{uri}?timeout=0.1")
    tracking.require_store(experiment="walletrisk", tracking_uri=uri)
    held = sqlite3.connect(uri.removeprefix("sqlite:///"))
    held.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(
            tracking.TrackingError, match=r"database is locked.* is kept in"
        ) as told:
            log(trained, material_of(trained, data), where=where)
        with pytest.raises(tracking.TrackingError, match="database is locked"):
            tracking.require_store(experiment="walletrisk", tracking_uri=where.tracking_uri)
    finally:
        held.close()
    assert "\n" not in str(told.value)
    kept = tmp_path / f"unrecorded-{trained.model.version}"
    assert RiskModel.load(kept / "model").version == trained.model.version
    assert (kept / "importances.csv").exists()


def test_the_data_hash_sees_every_change(data: Data, split: OutOfTime) -> None:
    table, labels = data
    first = data_hash(table, labels, (split,), 3)
    changed = table.copy()
    changed.iloc[5, 5] = 0.123
    assert data_hash(table.copy(), labels, (split,), 3) == first
    assert data_hash(changed, labels, (split,), 3) != first
    assert data_hash(table, labels[1:], (split,), 3) != first
    assert data_hash(table, labels, (split, split), 3) != first
    assert data_hash(table, labels, (split,), 5) != first
