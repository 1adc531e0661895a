"""The manifest of a model folder: what the model is, and the hash of every file beside it.

A folder holds data only. Reading it checks, in this order: the format, every file's hash, that
no file is unlisted, and that the features of this release are those the model was trained on.
"""

from __future__ import annotations

import difflib
import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from features.errors import RiskError
from features.views import DEFINITIONS, VIEWS

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
OWN_HASH = "sha256"

LIBRARIES = ("walletrisk", "numpy", "pandas", "numba")
LIBRARIES_OF = {
    "logistic": ("scikit-learn",),
    "lightgbm": ("lightgbm",),
    "graphsage": ("safetensors", "torch", "torch-geometric"),
}


class ModelError(RiskError):
    """A model folder, or a table given to a model, that cannot be accepted."""


class Manifest(BaseModel):
    """``manifest.json``.

    Parameters
    ----------
    format_version
        Of the folder's layout.
    kind
        Kind of model.
    feature_names
        Columns of the feature table that the model reads, in its order.
    feature_definitions
        ``features.views.DEFINITIONS`` at training.
    feature_list
        Every column of the feature table at training as ``view@version column``, to show what
        differs where the definitions do.
    trained_until
        Labels known at or after this instant, and rows from it on, were not learnt from.
    base_rate
        Share of illicit wallets the probabilities are for.
    min_transfers
        Wallets with fewer transfers are not scored.
    columns, seed, parameters
        As configured.
    libraries
        Versions at training.
    created_at
        When; not part of :attr:`version`.
    files
        Name to sha256 of every other file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    format_version: Literal[1] = 1
    kind: Literal["logistic", "lightgbm", "graphsage"]
    feature_names: tuple[str, ...]
    feature_definitions: str
    feature_list: tuple[str, ...]
    trained_until: AwareDatetime
    base_rate: float
    min_transfers: int
    columns: Literal["all", "scale_free"] | tuple[str, ...]
    seed: int
    parameters: dict[str, Any]
    libraries: dict[str, str]
    created_at: AwareDatetime
    files: dict[str, str]

    @property
    def version(self) -> str:
        """Twelve hex digits; two trainings of the same data and settings share them."""
        content = json.dumps(self.model_dump(mode="json", exclude={"created_at"}), sort_keys=True)
        return sha256(content.encode())[:12]

    def to_json(self) -> str:
        """Return the file's text, with the hash of all it says."""
        content = self.model_dump(mode="json")
        content[OWN_HASH] = content_hash(content)
        return json.dumps(content, indent=1, sort_keys=True) + "\n"

    @classmethod
    def read(cls, directory: Path) -> Self:
        """Read the manifest of a folder and check the folder against it.

        Raises
        ------
        ModelError
            If the folder is no model folder, was changed, or is for other features.
        """
        try:
            content = json.loads((directory / MANIFEST).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ModelError(f"{directory} is no model folder: {MANIFEST}: {error}") from error
        found = content.get("format_version") if isinstance(content, dict) else None
        if found != FORMAT_VERSION:
            raise ModelError(
                f"{directory} has model format {found!r}; this release reads {FORMAT_VERSION}"
            )
        told = content.pop(OWN_HASH, None)
        try:
            manifest = cls.model_validate_json(json.dumps(content))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"]))
            raise ModelError(f"{directory / MANIFEST}: {where}: {first['msg']}") from error
        if told != content_hash(content):
            raise ModelError(f"{directory / MANIFEST} was changed: its hash differs")
        manifest._check_files(directory)
        manifest._check_features(directory)
        return manifest

    def _check_files(self, directory: Path) -> None:
        present = {path.name for path in directory.iterdir()} - {MANIFEST}
        unlisted, missing = sorted(present - set(self.files)), sorted(set(self.files) - present)
        if unlisted or missing:
            raise ModelError(
                f"{directory} does not hold the files its manifest lists: "
                f"unlisted {unlisted or 'none'}, missing {missing or 'none'}"
            )
        for name, wanted in self.files.items():
            path = directory / name
            found = sha256(path.read_bytes()) if path.is_file() else "no file"
            if found != wanted:
                raise ModelError(
                    f"{path} was changed: its sha256 is {found}, the manifest says {wanted}"
                )

    def _check_features(self, directory: Path) -> None:
        here = feature_list()
        if self.feature_definitions == DEFINITIONS and self.feature_list == here:
            return
        lines = difflib.unified_diff(self.feature_list, here, n=0, lineterm="")
        changes = [line for line in lines if not line.startswith(("---", "+++", "@@"))]
        shown = "; ".join(changes[:12]) or "the same columns, computed otherwise"
        more = f"; and {len(changes) - 12} more" if len(changes) > 12 else ""
        raise ModelError(
            f"{directory} was trained on feature definitions {self.feature_definitions}, this "
            f"release has {DEFINITIONS} (- model, + here): {shown}{more}"
        )


def feature_list() -> tuple[str, ...]:
    """Return every column of this release's feature table as ``view@version column``."""
    return tuple(
        f"{view.name}@{view.version} {column.name}" for view in VIEWS for column in view.columns
    )


def library_versions(kind: str) -> dict[str, str]:
    """Return the versions of the libraries a kind of model depends on."""
    versions = {}
    for name in (*LIBRARIES, *LIBRARIES_OF[kind]):
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            # run from a checkout that was never installed
            versions[name] = "not installed"
    return versions


def sha256(content: bytes) -> str:
    """Return the hash as 64 hex digits."""
    return hashlib.sha256(content).hexdigest()


def content_hash(content: dict[str, Any]) -> str:
    """Hash of a manifest's content, the hash itself apart."""
    return sha256(json.dumps(content, sort_keys=True).encode())
