"""The model folder: what is written of a fitted model, and how it is read back.

All files are data. The manifest is written last, so that a part of a folder never loads.
"""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pandas as pd

from features.json_file import parse_json, read_regular
from features.ledger.counted import Counted
from features.view import View
from training.calibration import Calibration
from training.manifest import (
    MANIFEST,
    MAX_FILE_BYTES,
    Manifest,
    ModelError,
    ViewRead,
    library_versions,
    sha256,
)
from training.models.estimator import Estimator
from training.models.kinds import estimator_class
from training.reasons.typical import TYPICAL, Typical

if TYPE_CHECKING:
    from training.categories import Categories
    from training.config import TrainConfig

CALIBRATION = "calibration.json"
REFERENCE = "reference.json"


class ModelParts(NamedTuple):
    """What a risk model is made of.

    Attributes
    ----------
    estimator
        Fitted model of some kind.
    calibration
        From its raw log-odds to the base rate.
    manifest
        What the folder says of it.
    files
        Content of the folder's other files, by name.
    """

    estimator: Estimator
    calibration: Calibration
    manifest: Manifest
    files: Mapping[str, bytes]


def assemble_parts(
    estimator: Estimator,
    calibration: Calibration,
    config: TrainConfig,
    *,
    views: tuple[View, ...],
    trained_until: pd.Timestamp,
    counted: Counted,
    reference: bytes,
    typical: Typical,
    categories: Categories | None = None,
) -> ModelParts:
    """Write down a fitted model.

    ``views`` are those that it reads, ``counted`` what it learnt from counts in,
    ``reference`` the content of ``reference.json``; see
    :class:`training.watch.reference.Reference`. ``typical`` is what its reasons are told against.
    """
    with tempfile.TemporaryDirectory() as folder:
        estimator.save(Path(folder))
        files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
    files[REFERENCE] = reference
    files[TYPICAL] = typical.to_json()
    files |= {} if categories is None else categories.to_files()
    files[CALIBRATION] = calibration.to_json().encode()
    manifest = Manifest.model_validate(
        {
            "kind": estimator.kind,
            "feature_names": estimator.feature_names,
            "views": {view.name: ViewRead.of(view) for view in views},
            "context": tuple(name for name in estimator.feature_names if name in config.context),
            "chain": counted.chain,
            "unit": counted.unit,
            "assets": counted.assets,
            "trained_until": trained_until.to_pydatetime(),
            "base_rate": config.base_rate,
            "min_transfers": config.min_transfers,
            "columns": config.columns,
            "leave_out": config.leave_out,
            "seed": config.seed,
            "parameters": config.parameters,
            "folds": config.folds,
            "confidence": config.confidence,
            "unlabelled": config.unlabelled,
            "half_life": config.half_life,
            "libraries": library_versions(estimator.libraries),
            "created_at": datetime.now(UTC).replace(microsecond=0),
            "files": {name: sha256(content) for name, content in files.items()},
        }
    )
    return ModelParts(estimator, calibration, manifest, files)


def write_folder(parts: ModelParts, directory: Path, *, overwrite: bool = False) -> None:
    """Write a model folder.

    Parameters
    ----------
    parts
        What to write.
    directory
        Made where it is missing.
    overwrite
        Whether a model folder may stand there, which is then replaced as a whole: a reader finds
        the former one, none for an instant, or the new one.

    Raises
    ------
    ModelError
        If the folder exists, is not empty, and is not a model folder to be overwritten.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        if not overwrite:
            raise ModelError(f"{directory} exists and is not an empty folder")
        Manifest.read(directory)  # only a whole model, with no file of others in it, is replaced
    directory.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".model-", dir=directory.parent) as room:
        fresh = Path(room) / "new"
        fresh.mkdir()
        for name, content in parts.files.items():
            (fresh / name).write_bytes(content)
        (fresh / MANIFEST).write_text(parts.manifest.to_json(), encoding="utf-8", newline="\n")
        if directory.exists():
            directory.rename(Path(room) / "old")
        fresh.rename(directory)


def read_folder(directory: Path) -> ModelParts:
    """Read a model folder of any kind; which code the kind is, is known here and not there.

    Raises
    ------
    RiskError
        If the folder is incomplete, was changed, holds other files, has another format, or names a
        kind that is not known.
    """
    manifest = Manifest.read(directory)
    files = {name: read_regular(directory / name, MAX_FILE_BYTES) for name in manifest.files}
    try:
        fitted = parse_json(directory / CALIBRATION, files[CALIBRATION])
        calibration = Calibration.from_data(fitted, base_rate=manifest.base_rate)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"{directory / CALIBRATION} holds no calibration: {error}") from error
    estimator = estimator_class(manifest.kind).load(directory, manifest.feature_names)
    return ModelParts(estimator, calibration, manifest, files)
