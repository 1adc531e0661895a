"""MLflow: one run a training, one registered version a model. Nothing else imports it."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import mlflow
from matplotlib.figure import Figure
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType

from features.errors import RiskError
from training.risk_model import RiskModel

with warnings.catch_warnings():
    # mlflow.pyfunc is loaded late and then warns of type hints of its own
    warnings.filterwarnings("ignore", ".*Any type hint is inferred", UserWarning)
    import mlflow.pyfunc

CHAMPION = "champion"
ANY = AnyType()  # type: ignore[no-untyped-call]
FOLDER = "model"
REQUIREMENTS = ("lightgbm", "numba", "numpy", "pandas", "pyarrow", "pydantic")


class TrackingError(RiskError):
    """A run, version or alias that the tracking store does not have."""


@dataclass(frozen=True, slots=True)
class Record:
    """What a run is to hold.

    Parameters
    ----------
    parameters, metrics, tags
        By name.
    figures
        Figures by file name.
    texts
        Small texts by file name, such as the configuration.
    files
        Folder whose files are logged as they are.
    """

    parameters: Mapping[str, Any]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]
    figures: Mapping[str, Figure]
    texts: Mapping[str, str]
    files: Path


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
    """
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(tracking_uri or before)
    try:
        yield mlflow.MlflowClient()
    except MlflowException as error:
        raise TrackingError(f"MLflow at {tracking_uri or before}: {error.message}") from error
    finally:
        mlflow.set_tracking_uri(before)


def record(
    model: RiskModel, what: Record, *, experiment: str, name: str, tracking_uri: str | None
) -> Version:
    """Log one run with its model and register the model as a new version.

    Parameters
    ----------
    model
        To log as an MLflow model whose data is the model folder.
    what
        Parameters, metrics, tags, figures and texts.
    experiment, name
        Experiment of the run, registered name of the model.
    tracking_uri
        See :func:`store`.

    Returns
    -------
    Version
        The new version; no alias points to it yet.
    """
    with store(tracking_uri) as client, tempfile.TemporaryDirectory() as folder:
        model.save(Path(folder) / FOLDER)
        _set_experiment(client, experiment)
        with mlflow.start_run() as run:
            mlflow.log_params(dict(what.parameters))
            mlflow.log_metrics(dict(what.metrics))
            mlflow.set_tags({**what.tags, "model_version": model.version})
            for file, figure in what.figures.items():
                mlflow.log_figure(figure, file)
            for file, text in what.texts.items():
                mlflow.log_text(text, file)
            mlflow.log_artifacts(str(what.files))
            uri = _log_model(model, Path(folder) / FOLDER)
        number = mlflow.register_model(uri, name).version
        return _version(client, name, str(number), run.info.run_id)


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


def resolve(uri: str, *, tracking_uri: str | None = None) -> Path:
    """Return the local model folder behind ``models:/name@alias`` or ``models:/name/version``.

    Raises
    ------
    TrackingError
        If the store has no such version.
    """
    with store(tracking_uri):
        local = Path(mlflow.artifacts.download_artifacts(artifact_uri=uri))
    folder = local / "data" / FOLDER
    if not folder.is_dir():
        raise TrackingError(f"{uri} is no walletrisk model: it holds no data/{FOLDER}")
    return folder


def _log_model(model: RiskModel, folder: Path) -> str:
    """Log a model folder into the active run; return its URI."""
    with warnings.catch_warnings():
        # an example would be scored at once; the signature is stated, not inferred from one
        warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
        logged = mlflow.pyfunc.log_model(
            name=FOLDER,
            loader_module="training.pyfunc",
            data_path=str(folder),
            signature=_signature(model),
            # without this MLflow guesses in a subprocess, slowly and wrongly
            pip_requirements=_requirements(model.estimator.libraries),
        )
    return str(logged.model_uri)


def _set_experiment(client: mlflow.MlflowClient, experiment: str) -> None:
    """Choose the experiment; a new one of a SQLite store keeps its files beside the database."""
    uri = mlflow.get_tracking_uri()
    if client.get_experiment_by_name(experiment) is None:
        beside = Path(uri.removeprefix("sqlite:///")).resolve().parent / "mlartifacts"
        location = beside.as_uri() if uri.startswith("sqlite:///") else None
        client.create_experiment(experiment, artifact_location=location)
    mlflow.set_experiment(experiment)


def _signature(model: RiskModel) -> ModelSignature:
    output = Schema([ColSpec(DataType.double)])
    if model.estimator.reads == "table":
        columns: list[ColSpec | TensorSpec] = [
            ColSpec(DataType.double, name) for name in model.feature_names
        ]
        return ModelSignature(inputs=Schema(columns), outputs=output)
    # MLflow's datetime refuses time zones, which a spine must have
    columns = [ColSpec(DataType.string, "wallet"), ColSpec(ANY, "as_of")]
    places = ParamSchema([ParamSpec(name, DataType.string, "") for name in ("ledger", "labels")])
    return ModelSignature(inputs=Schema(columns), outputs=output, params=places)


def _requirements(libraries: tuple[str, ...]) -> list[str]:
    names = dict.fromkeys((*REQUIREMENTS, *libraries))
    return [f"{name}=={metadata.version(name)}" for name in names]


def _version(client: mlflow.MlflowClient, name: str, number: str, run_id: str) -> Version:
    data = client.get_run(run_id).data
    own = client.get_model_version(name, number).tags
    return Version(name, number, run_id, dict(data.metrics), {**data.tags, **own})
