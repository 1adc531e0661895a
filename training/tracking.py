"""MLflow: one run a training, one registered version a model."""

from __future__ import annotations

import errno
import os
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import mlflow
import pandas as pd
from mlflow.data.pandas_dataset import PandasDataset, from_pandas
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from features.errors import RiskError
from training.mlflow_model import FOLDER, log_model
from training.records import Dataset, Record
from training.risk_model import RiskModel

# a bar of its own for every small file would stand among what commands say
os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
CHAMPION = "champion"
SCHEMA_ROWS = 100
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


class TrackingError(RiskError):
    """A run, version or alias that the tracking store does not have, or a store out of reach."""


@dataclass(frozen=True, slots=True)
class Version:
    """A registered version with the numbers of its run, and the tags of both."""

    name: str
    number: str
    run_id: str
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


@contextmanager
def store(tracking_uri: str | None) -> Iterator[mlflow.MlflowClient]:
    """Use a tracking store inside the block, and the former one after it.

    Parameters
    ----------
    tracking_uri
        Such as ``sqlite:///mlflow.db``; None: what MLflow is set to.

    Raises
    ------
    TrackingError
        If the store lacks what is asked for, is locked or full, or cannot be reached.
    """
    before = mlflow.get_tracking_uri()
    where = tracking_uri or before
    try:
        mlflow.set_tracking_uri(where)
        yield mlflow.MlflowClient()
    except MlflowException as error:
        raise TrackingError(f"MLflow at {where}: {_first_line(error.message)}") from error
    except SQLAlchemyError as error:
        raise TrackingError(f"MLflow at {where}: {_first_line(str(error))}") from error
    except OSError as error:
        if error.errno not in _NO_ROOM:
            raise
        raise TrackingError(f"MLflow at {where}: {error.strerror}: {error.filename}") from error
    finally:
        mlflow.set_tracking_uri(before)


def require_store(*, experiment: str, tracking_uri: str | None) -> None:
    """Open a store and its experiment for writing, before hours of work end at a closed door.

    Raises
    ------
    TrackingError
        If it cannot be written to.
    """
    with store(tracking_uri) as client:
        found = _set_experiment(client, experiment)
        client.set_experiment_tag(found, "walletrisk", "experiment")


def record(
    model: RiskModel,
    what: Record,
    folder: Path,
    *,
    experiment: str,
    name: str,
    tracking_uri: str | None,
) -> Version:
    """Log one run with its model and register the model as a new version.

    Parameters
    ----------
    model
        To log as an MLflow model whose data is the model folder.
    what
        Parameters, metrics, tags, data sets and nested runs.
    folder
        Files of the run, with the model folder ``model`` among them.
    experiment, name
        Experiment of the run, registered name of the model.
    tracking_uri
        See :func:`store`.

    Returns
    -------
    Version
        The new version; no alias points to it yet.
    """
    with store(tracking_uri) as client:
        _set_experiment(client, experiment)
        with mlflow.start_run(run_name=what.run_name) as run:
            _log_numbers(what)
            for dataset in what.datasets:
                _log_dataset(dataset)
            for path in sorted(folder.iterdir()):
                if path.is_file():
                    mlflow.log_artifact(str(path))
            uri = log_model(model, folder / FOLDER)
            _log_nested(what)
        number = str(mlflow.register_model(uri, name).version)
        client.set_model_version_tag(name, number, "model_version", model.version)
        client.update_model_version(name, number, f"{what.run_name}; model {model.version}")
        return _version(client, name, number, run.info.run_id)


def record_numbers(what: Record, *, experiment: str, tracking_uri: str | None) -> str:
    """Log one run that makes no model, with its nested runs; returns its id."""
    with store(tracking_uri) as client:
        _set_experiment(client, experiment)
        with mlflow.start_run(run_name=what.run_name) as run:
            _log_numbers(what)
            _log_nested(what)
        return str(run.info.run_id)


def find(name: str, version: str, *, tracking_uri: str | None) -> Version:
    """Return a registered version, by number or as ``@alias``.

    Raises
    ------
    TrackingError
        If there is none.
    """
    with store(tracking_uri) as client:
        found = (
            client.get_model_version_by_alias(name, version[1:])
            if version.startswith("@")
            else client.get_model_version(name, version)
        )
        return _version(client, name, str(found.version), found.run_id or "")


def champion(name: str, *, tracking_uri: str | None) -> Version | None:
    """Return the version that the alias ``champion`` points to, or None."""
    with store(tracking_uri) as client:
        if not client.search_registered_models(filter_string=f"name = '{name}'"):
            return None
        aliases = client.get_registered_model(name).aliases
    if CHAMPION not in aliases:
        return None
    return find(name, str(aliases[CHAMPION]), tracking_uri=tracking_uri)


def crown(version: Version, *, tracking_uri: str | None) -> None:
    """Point the alias ``champion`` to a version."""
    with store(tracking_uri) as client:
        client.set_registered_model_alias(version.name, CHAMPION, version.number)


def resolve(uri: str, *, tracking_uri: str | None = None, into: Path | None = None) -> Path:
    """Return the local model folder behind ``models:/name@alias`` or ``models:/name/version``.

    Parameters
    ----------
    uri
        Of a registered model.
    tracking_uri
        See :func:`store`.
    into
        Folder for a copy; None: where the store keeps it, or one that MLflow makes.

    Raises
    ------
    TrackingError
        If the store has no such version.
    """
    with store(tracking_uri):
        where = None if into is None else str(into)
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri, dst_path=where))
    folder = local / "data" / FOLDER
    if not folder.is_dir():
        raise TrackingError(f"{uri} is no walletrisk model: it holds no data/{FOLDER}")
    return folder


def run_facts(
    run_id: str, files: tuple[str, ...], *, tracking_uri: str | None
) -> tuple[dict[str, float], dict[str, str], dict[str, str]]:
    """Return metrics and tags of a run, and the text of files of it, by name.

    Raises
    ------
    TrackingError
        If there is no such run, or it lacks a file.
    """
    with store(tracking_uri) as client:
        logged = client.get_run(run_id)
        where = logged.info.artifact_uri
        texts = {name: str(mlflow.artifacts.load_text(f"{where}/{name}")) for name in files}
    return dict(logged.data.metrics), dict(logged.data.tags), texts


def _log_numbers(what: Record) -> None:
    """Log parameters, metrics and tags into the active run."""
    mlflow.log_params({name: str(value) for name, value in what.parameters.items()})
    mlflow.log_metrics(dict(what.metrics))
    mlflow.set_tags(dict(what.tags))


def _log_nested(what: Record) -> None:
    for child in what.children:
        with mlflow.start_run(run_name=child.run_name, nested=True):
            _log_numbers(child)


def _log_dataset(dataset: Dataset) -> None:
    """Log a data set as an input of the active run; it is named and described, not copied."""
    logged = _described(dataset, dataset.frame)
    # to infer a schema MLflow looks at every cell, half a minute for 30,000 rows of 800 columns;
    # here the types are those of the columns, and the first rows show them
    vars(logged)["schema"] = _described(dataset, dataset.frame.head(SCHEMA_ROWS)).schema
    mlflow.log_input(logged, context=dataset.context)


def _described(dataset: Dataset, frame: pd.DataFrame) -> PandasDataset:
    with warnings.catch_warnings():
        # a path of this machine has two readers of one kind; either will do
        warnings.filterwarnings("ignore", ".*interpreted in multiple ways", UserWarning)
        return from_pandas(
            frame,
            source=dataset.source,  # type: ignore[arg-type] # its default is None
            name=dataset.name,
            targets=dataset.targets,
            predictions=dataset.predictions,
            digest=dataset.digest,
        )


def _set_experiment(client: mlflow.MlflowClient, experiment: str) -> str:
    """Return the experiment chosen; a new one of SQLite keeps its files beside the database."""
    uri = mlflow.get_tracking_uri()
    if client.get_experiment_by_name(experiment) is None:
        beside = Path(uri.removeprefix("sqlite:///")).resolve().parent / "mlartifacts"
        location = beside.as_uri() if uri.startswith("sqlite:///") else None
        client.create_experiment(experiment, artifact_location=location)
    return str(mlflow.set_experiment(experiment).experiment_id)


def _version(client: mlflow.MlflowClient, name: str, number: str, run_id: str) -> Version:
    data = client.get_run(run_id).data
    own = client.get_model_version(name, number).tags
    return Version(name, number, run_id, dict(data.metrics), {**data.tags, **own})


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else "no reason given"
