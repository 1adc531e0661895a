"""``walletrisk train``: features, model, calibration, MLflow run, registered version."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from features.guests import all_views
from features.ledger import Ledger
from features.sources.context import read_context
from features.sources.files import read_labels, read_spine
from features.sources.known import read_known
from features.table import feature_table, join_context
from features.view import View
from training.config import ConfigError, RunConfig
from training.gate.evidence import Material, gather
from training.gate.logged import Evidence
from training.gate.replay import Endpoint, Served
from training.gate.rival import present_champion
from training.origins import origins_text
from training.splits import OutOfTime
from training.trained import Trained, label_shuffle, train

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Run:
    """What a run gives: the training, and where it was recorded."""

    trained: Trained
    name: str
    version: str
    run_id: str


def run(
    config_path: str | Path,
    *,
    progress: Progress | None = None,
    endpoint: Endpoint | None = None,
) -> Run:
    """Train what a TOML file describes and register it as a new version.

    Parameters
    ----------
    config_path
        See :class:`training.config.RunConfig`.
    progress
        Called with (stage, steps done, steps in all).
    endpoint
        What the gate replays rows through, such as :func:`serving.in_process.answers`.

    Returns
    -------
    Run
        With the registered version; promote it with :func:`training.gate.promotion.promote`.

    Raises
    ------
    RiskError
        If the configuration, the data or the split cannot be used.
    """
    say = progress or (lambda _stage, _done, _total: None)
    config = RunConfig.read(Path(config_path))
    ledger = Ledger.open(config.data.ledger)
    spine = read_spine(config.data.spine)
    labels = read_labels(config.data.labels)
    known = read_known(config.data.exposure)
    views = all_views()
    table = _features(ledger, spine, known, views, say)
    table = _with_context(table, config, views)
    splits = config.split.splits(spine)
    say("model", 0, 3)
    trained = train(table, labels, splits, config.model, ledger=ledger, views=views)
    say("model", 1, 3)
    shuffled = label_shuffle(table, labels, splits, config.model, ledger=ledger, views=views)
    say("model", 2, 3)
    material = Material(table, labels, config.model, config.gate, ledger, known, views)
    evidence = _evidence(config, trained, material, endpoint)
    with tempfile.TemporaryDirectory() as files:
        evidence.write(Path(files))
        version = _record(
            config, Path(config_path), trained, shuffled, splits, material, Path(files)
        )
    say("model", 3, 3)
    return version


def _evidence(
    config: RunConfig, trained: Trained, material: Material, endpoint: Endpoint | None
) -> Evidence:
    """Measure what the gate asks, the present champion's recipe on this run's rows among it."""
    where = config.mlflow
    champion = present_champion(where.name, tracking_uri=where.tracking_uri, views=material.views)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder) / "model"
        trained.model.save(model)
        served = Served(model, config.data.ledger, config.data.exposure)
        return gather(trained, material, champion, served=served, endpoint=endpoint)


def _features(
    ledger: Ledger,
    spine: pd.DataFrame,
    labels: pd.DataFrame | None,
    views: tuple[View, ...],
    say: Progress,
) -> pd.DataFrame:
    done = 0

    def step(rows: int) -> None:
        nonlocal done
        done += rows
        say("features", done, len(spine))

    return feature_table(ledger, spine, labels=labels, views=views, progress=step)


def _with_context(table: pd.DataFrame, config: RunConfig, views: tuple[View, ...]) -> pd.DataFrame:
    """Join the own columns that the model is to learn from."""
    wanted, path = config.model.context, config.data.context
    if not wanted:
        return table
    if path is None:
        raise ConfigError("[model] context names columns, but [data] context no file to read")
    context = read_context(path)
    missing = [name for name in wanted if name not in context.columns]
    if missing:
        raise ConfigError(f"{path} lacks the columns of [model] context: {', '.join(missing)}")
    return join_context(table, context[wanted], views=views)


def _record(
    config: RunConfig,
    config_path: Path,
    trained: Trained,
    shuffled: float,
    splits: tuple[OutOfTime, ...],
    material: Material,
    files: Path,
) -> Run:
    from training import tracking
    from training.plots import calibration_figure, precision_recall_figure

    where = config.mlflow
    model = trained.model
    what = tracking.Record(
        parameters={
            **config.model.model_dump(exclude={"parameters"}),
            **{f"parameters.{name}": value for name, value in config.model.parameters.items()},
            "origins": origins_text(splits),
        },
        metrics={**trained.metrics, "pr_auc_label_shuffle": shuffled},
        tags={
            "data_sha256": data_hash(
                material.table, material.labels, splits, config.model.min_transfers
            ),
            "kind": model.kind,
            "feature_definitions": model.manifest.feature_definitions,
            "best_single_feature": trained.best_feature,
        },
        figures={
            "precision_recall.png": precision_recall_figure(trained.scores),
            "calibration.png": calibration_figure(trained.scores),
        },
        texts={
            "config.toml": config_path.read_text(encoding="utf-8"),
            "dropped.json": json.dumps(trained.dropped, indent=1),
        },
        files=files,
    )
    version = tracking.record(
        model,
        what,
        experiment=where.experiment,
        name=where.name,
        tracking_uri=where.tracking_uri,
    )
    return Run(trained, where.name, version.number, version.run_id)


def data_hash(
    table: pd.DataFrame, labels: pd.DataFrame, splits: tuple[OutOfTime, ...], min_transfers: int
) -> str:
    """Return the sha256 of all that picks and holds the rows: equal hashes make runs comparable."""
    borders = [{name: str(value) for name, value in asdict(one).items()} for one in splits]
    digest = hashlib.sha256(json.dumps([borders, min_transfers]).encode())
    for frame in (table, labels):
        rows = pd.util.hash_pandas_object(frame).to_numpy(np.uint64)
        digest.update(json.dumps([str(name) for name in frame.columns]).encode())
        digest.update(rows.tobytes())
    return digest.hexdigest()
