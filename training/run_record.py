"""From a training to what a run holds: numbers for the store, and files for a folder."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd

from training.config import RunConfig, TrainConfig
from training.gate.evidence import Material
from training.gate.logged import Evidence
from training.importances import contributions_figure, contributions_of, importances_figure
from training.manifest import Manifest
from training.model_card import model_card, write_card
from training.models.kinds import estimator_class
from training.origins import origins_text
from training.plots import (
    about,
    alerts_figure,
    precision_recall_figure,
    score_histogram_figure,
)
from training.plots_calibration import calibration_figure
from training.provenance import config_text, git_commit
from training.records import Dataset, Record
from training.splits import BORDERS
from training.trained import Judged, Trained

MODEL = "model"
CONFIG, INPUTS = "config.toml", "inputs.json"
DIGEST = 36  # characters, the longest that MLflow takes


class Source(NamedTuple):
    """The file behind a run.

    Attributes
    ----------
    config
        What it says, paths absolute.
    inputs
        Path and sha256 of each input; see :func:`training.provenance.input_hashes`.
    repeats
        The run that this one repeats, or none.
    """

    config: RunConfig
    inputs: Mapping[str, Mapping[str, str]]
    repeats: str | None = None


def record_of(
    trained: Trained,
    material: Material,
    source: Source | None,
    metrics: Mapping[str, float],
    data_sha256: str,
) -> Record:
    """Gather numbers, data sets and nested runs.

    Parameters
    ----------
    trained, material, source
        The training, what it was made from, and the file that said so.
    metrics
        Those of the training, and what was measured beside it.
    data_sha256
        Of all that picks and holds the rows.
    """
    manifest = trained.model.manifest
    commit = git_commit()
    return Record(
        run_name=run_name(manifest, len(trained.judged)),
        parameters={
            **config_parameters(material.config),
            **({} if source is None else file_parameters(source)),
            **{f"library.{name}": found for name, found in manifest.libraries.items()},
            "origins": len(trained.judged),
            "feature_columns": len(manifest.feature_names),
        },
        metrics=metrics,
        tags={
            "data_sha256": data_sha256,
            "kind": manifest.kind,
            "model_version": manifest.version,
            "feature_definitions": manifest.feature_definitions,
            "best_single_feature": trained.best_feature,
            "git_commit": commit,
            "mlflow.source.git.commit": commit.removesuffix("+changes"),
            **({"repeats": source.repeats} if source and source.repeats else {}),
        },
        datasets=_datasets(trained, material, source, data_sha256[:DIGEST]),
        children=tuple(_origin(one, at) for at, one in enumerate(trained.judged, 1)),
    )


def write_files(
    folder: Path, trained: Trained, material: Material, source: Source | None
) -> pd.DataFrame:
    """Write the model folder, figures and texts of a run.

    Parameters
    ----------
    folder
        Empty.
    trained, material, source
        As for :func:`record_of`.

    Returns
    -------
    DataFrame
        See :attr:`training.importances.Contributions.importances`.
    """
    model = trained.model
    model.save(folder / MODEL)
    said = about(model.manifest)
    tested = pd.concat([material.table.iloc[one.rows.test] for one in trained.judged])
    parts = contributions_of(
        model, tested, material.ledger, material.known, seed=model.manifest.seed
    )
    figures = {
        "precision_recall": precision_recall_figure(trained.scores, said),
        "calibration": calibration_figure(trained.scores, said, base_rate=model.base_rate),
        "scores_by_class": score_histogram_figure(trained.scores, said),
        "alerts": alerts_figure(trained.scores, model.base_rate, said),
        "importances": importances_figure(parts, said),
        "contributions": contributions_figure(parts, said),
    }
    for name, figure in figures.items():
        figure.savefig(folder / f"{name}.png", dpi=120)
    parts.importances.rename_axis("column").to_csv(folder / "importances.csv")
    texts = {
        "origins.txt": origins_text([one.split for one in trained.judged]) + "\n",
        "dropped.json": json.dumps(trained.dropped, indent=1),
        "features.json": json.dumps(list(model.feature_names), indent=1),
        INPUTS: json.dumps({} if source is None else source.inputs, indent=1),
    }
    if source is not None:
        texts[CONFIG] = config_text(source.config)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return parts.importances


def write_card_of(
    folder: Path,
    trained: Trained,
    material: Material,
    source: Source | None,
    metrics: Mapping[str, float],
    importances: pd.DataFrame,
    evidence: Evidence,
) -> None:
    """Write the model card into the folder that holds the figures of the run."""
    inputs = {} if source is None else source.inputs
    card = model_card(trained, material.labels, inputs, metrics, importances, evidence.lines)
    write_card(folder, trained, card)


def run_name(manifest: Manifest, origins: int) -> str:
    """Return what a run is called in a list.

    Examples
    --------
    ``lightgbm, all columns, 3 origins, until 2024-07-01, seed 0``
    """
    columns = (
        f"{len(manifest.columns)} columns"
        if isinstance(manifest.columns, tuple)
        else f"{manifest.columns.replace('_', '-')} columns"
    )
    return (
        f"{manifest.kind}, {columns}, {origins} origin{'s' if origins > 1 else ''}, "
        f"until {manifest.trained_until:%Y-%m-%d}, seed {manifest.seed}"
    )


def config_parameters(config: TrainConfig) -> dict[str, Any]:
    """Return every setting of a training, defaults of its kind included."""
    told = config.model_dump(exclude={"parameters"})
    if isinstance(config.columns, list):  # a value has a length that a list of names exceeds
        told["columns"] = f"{len(config.columns)} named, see features.json"
    resolved = {**estimator_class(config.model).defaults, **config.parameters}
    return {**told, **{f"parameters.{name}": value for name, value in resolved.items()}}


def file_parameters(source: Source) -> dict[str, Any]:
    """Return every key of the file that is not of ``[model]``."""
    sections = source.config.model_dump(mode="json", exclude={"model"})
    return {
        f"{section}.{name}": value
        for section, keys in sections.items()
        if isinstance(keys, dict)
        for name, value in keys.items()
    }


def _datasets(
    trained: Trained, material: Material, source: Source | None, digest: str
) -> tuple[Dataset, ...]:
    paths = {} if source is None else {name: one["path"] for name, one in source.inputs.items()}
    features = paths.get("table", paths.get("spine"))
    return (
        Dataset("features", "train", material.table, digest, features),
        Dataset("labels", "labels", material.labels, digest, paths.get("labels")),
        Dataset("test rows", "test", trained.scores, digest, None, "y_true", "probability"),
    )


def _origin(judged: Judged, at: int) -> Record:
    """Return the nested run of an origin."""
    split = judged.split
    return Record(
        run_name=f"origin {at}: tests {split.test_from:%Y-%m-%d} to {split.test_until:%Y-%m-%d}",
        parameters={name: getattr(split, name) for name in (*BORDERS, "label_delay", "wallets")},
        metrics={
            **judged.metrics,
            "rows_train": float(len(judged.rows.train)),
            "rows_calibrate": float(len(judged.rows.calibrate)),
            "rows_test": float(len(judged.rows.test)),
            "rows_dropped": float(sum(judged.rows.dropped.values())),
        },
        tags={"origin": str(at)},
    )
