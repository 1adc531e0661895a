"""A model folder as an MLflow model: signature, requirements, and the code that no index has."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import Any

import mlflow
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, ParamSchema, ParamSpec, Schema, TensorSpec
from mlflow.types.schema import AnyType

from training.beside import BESIDE
from training.risk_model import RiskModel
from training.running_code import copy_code, running_hash
from training.scores import COUNTS, SAID

with warnings.catch_warnings():
    # mlflow.pyfunc is loaded late and then warns of type hints of its own
    warnings.filterwarnings("ignore", ".*Any type hint is inferred", UserWarning)
    import mlflow.pyfunc

ANY = AnyType()  # type: ignore[no-untyped-call]
_BESIDE: dict[str, DataType | AnyType] = {
    "known": ANY,
    "ledger_age_s": DataType.double,
    "stale": DataType.boolean,
}
FOLDER = "model"
# what features and training import to load and to score; mlflow adds itself
REQUIREMENTS = (
    "lightgbm", "numba", "numpy", "pandas", "pyarrow", "pydantic", "scikit-learn", "scipy",
)  # fmt: skip


def log_model(model: RiskModel, folder: Path) -> str:
    """Log a model folder into the active run; return its URI."""
    with _described(model, folder) as described:
        return str(mlflow.pyfunc.log_model(name=FOLDER, **described).model_uri)


def save_model(model: RiskModel, folder: Path, to: Path) -> None:
    """Write a model folder as an MLflow model, which needs no store to be served."""
    with _described(model, folder) as described:
        mlflow.pyfunc.save_model(to, **described)


@contextmanager
def _described(model: RiskModel, folder: Path) -> Iterator[dict[str, Any]]:
    """Give MLflow's arguments for a model folder."""
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as code:
        # an example would be scored at once; the signature is stated, not inferred from one
        warnings.filterwarnings("ignore", ".*An input example was not provided", UserWarning)
        yield {
            "loader_module": "training.pyfunc",
            "data_path": str(folder),
            "code_paths": [str(path) for path in copy_code(Path(code))],
            "signature": signature(model),
            # without this MLflow guesses in a subprocess, slowly and wrongly
            "pip_requirements": requirements(model.estimator.libraries),
            "metadata": {"model_version": model.version, "code_sha256": running_hash()},
        }


def signature(model: RiskModel) -> ModelSignature:
    """Say what a model takes: columns with the counts of coverage, or wallets and a ledger."""
    text = {"status": DataType.string}
    kinds = () if model.categories is None else model.categories.columns
    said: list[ColSpec | TensorSpec] = [
        ColSpec(text.get(name, DataType.double), name) for name in (*SAID, *kinds)
    ]
    if model.estimator.reads == "table":
        columns: list[ColSpec | TensorSpec] = [
            ColSpec(DataType.double, name)
            for name in dict.fromkeys((*model.feature_names, *COUNTS))
        ]
        return ModelSignature(inputs=Schema(columns), outputs=Schema(said))
    # MLflow's datetime refuses time zones, which a spine must have
    columns = [ColSpec(DataType.string, "wallet"), ColSpec(ANY, "as_of")]
    places = ParamSchema([ParamSpec(name, DataType.string, "") for name in ("ledger", "labels")])
    said += [ColSpec(_BESIDE[name], name) for name in BESIDE]
    return ModelSignature(inputs=Schema(columns), outputs=Schema(said), params=places)


def requirements(libraries: tuple[str, ...]) -> list[str]:
    """Return what is to be installed to load a model of a kind that depends on the libraries."""
    names = dict.fromkeys((*REQUIREMENTS, *libraries))
    return [f"{name}=={metadata.version(name)}" for name in names]
