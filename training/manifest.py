"""The manifest of a model folder: what the model is, and the hash of every file beside it.

A folder holds data only. Reading it checks, in this order: the format, every file's hash, that
no file is unlisted, and that the views here are those the model was trained on. Only the views that
it reads count: others may come, change and go.
"""

from __future__ import annotations

import hashlib
import json
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

from features.errors import RiskError
from features.json_file import read_json, read_regular
from features.ledger.counted import Counted
from features.view import View, fingerprint

FORMAT_VERSION = 4
MANIFEST = "manifest.json"
OWN_HASH = "sha256"

LIBRARIES = ("walletrisk", "numpy", "pandas", "numba")
SHOWN = 8
MAX_FILE_BYTES = 4 << 30  # of a file beside the manifest; the largest models have some megabytes


class ModelError(RiskError):
    """A model folder, or a table given to a model, that cannot be accepted."""


class ViewRead(BaseModel):
    """A view that a model reads, as it was at training.

    Parameters
    ----------
    version, fingerprint
        See :class:`features.view.View`, :func:`features.view.fingerprint`.
    columns
        Name to meaning, to show what differs where the fingerprint does.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int
    fingerprint: str
    columns: dict[str, str]

    @classmethod
    def of(cls, view: View) -> Self:
        """Write a view down."""
        columns = {column.name: column.meaning for column in view.columns}
        return cls(version=view.version, fingerprint=fingerprint(view), columns=columns)

    def differences(self, view: View) -> list[str]:
        """Say what is otherwise in a view of today."""
        if self.fingerprint == fingerprint(view):
            return []
        here = {column.name: column.meaning for column in view.columns}
        said = [] if self.version == view.version else [f"version {self.version} -> {view.version}"]
        said += [f"-{name}" for name in self.columns if name not in here]
        said += [f"+{name}" for name in here if name not in self.columns]
        said += [
            f"{name}: {meaning!r} -> {here[name]!r}"
            for name, meaning in self.columns.items()
            if here.get(name, meaning) != meaning
        ]
        return said or ["its columns stand in another order, or it is defined by other words"]


class Manifest(BaseModel):
    """``manifest.json``.

    Parameters
    ----------
    format_version
        Of the folder's layout.
    kind
        Name of the kind of model; see :mod:`training.models.kinds`.
    feature_names
        Columns that the model reads, in its order.
    views
        The views that these are of, and coverage, by name.
    context
        Those of ``feature_names`` that are the user's own and of no view.
    chain, unit, assets
        Of the ledger that it learnt from: its chain, its unit of account, and the assets that most
        of its transfers are of; empty where nobody said. See
        :class:`features.ledger.counted.Counted`.
    trained_until
        Labels known at or after this instant, and rows from it on, were not learnt from.
    base_rate
        Share of illicit wallets the probabilities are for.
    min_transfers
        Wallets with fewer transfers are not scored.
    columns, leave_out, seed, parameters, folds, confidence, unlabelled, half_life
        As configured; see :class:`training.config.TrainConfig`.
    libraries
        Versions at training.
    created_at
        When; not part of :attr:`version`.
    files
        Name to sha256 of every other file.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    format_version: Literal[4] = 4
    kind: str
    feature_names: tuple[str, ...]
    views: dict[str, ViewRead]
    context: tuple[str, ...] = ()
    chain: str = ""
    unit: str = ""
    assets: tuple[str, ...] = ()
    trained_until: AwareDatetime
    base_rate: float
    min_transfers: int
    columns: Literal["all", "scale_free"] | tuple[str, ...]
    leave_out: tuple[str, ...] = ()
    seed: int
    parameters: dict[str, Any]
    folds: int
    confidence: bool
    unlabelled: float | None
    half_life: str | None
    libraries: dict[str, str]
    created_at: AwareDatetime
    files: dict[str, str]

    @property
    def version(self) -> str:
        """Twelve hex digits; two trainings of the same data and settings share them."""
        content = json.dumps(self.model_dump(mode="json", exclude={"created_at"}), sort_keys=True)
        return sha256(content.encode())[:12]

    @property
    def feature_definitions(self) -> str:
        """Sixteen hex digits of the views that the model reads."""
        read = {name: view.fingerprint for name, view in self.views.items()}
        return content_hash(read)[:16]

    def require_fit(self, here: Counted, what: str) -> None:
        """Refuse what counts in another unit, or is of another chain, than what was learnt from.

        Raises
        ------
        ModelError
            Both are named.
        """
        said = Counted(self.chain, self.unit).contradiction(here)
        if said:
            raise ModelError(
                f"the model {said.format(what)}: it learnt nothing about those; score with a model "
                "that was trained on such a ledger"
            )

    @property
    def facts(self) -> dict[str, str]:
        """What a notebook, and the model card, say of the model first."""
        return {
            "kind": self.kind,
            "version": self.version,
            "trained until": self.trained_until.isoformat(),
            "chain": self.chain or "not said",
            "unit of account": self.unit or "not said",
            "assets": ", ".join(self.assets) or "not said",
            "base rate": f"{self.base_rate:g}",
            "columns": str(len(self.feature_names)),
            "views": ", ".join(self.views),
            "context": ", ".join(self.context) or "none",
        }

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
            If the folder is no model folder or was changed.
        """
        try:
            content = read_json(directory / MANIFEST)
        except RiskError as error:
            raise ModelError(f"{directory} is no model folder: {error}") from error
        found = content.get("format_version") if isinstance(content, dict) else None
        if found != FORMAT_VERSION:
            raise ModelError(
                f"{directory} has model format {found!r}; this release reads {FORMAT_VERSION}: "
                "train the model again"
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
            found = sha256(read_regular(path, MAX_FILE_BYTES))
            if found != wanted:
                raise ModelError(
                    f"{path} was changed: its sha256 is {found}, the manifest says {wanted}"
                )

    def views_among(self, given: tuple[View, ...]) -> tuple[View, ...]:
        """Return the views that the model reads out of those given, in their order.

        Raises
        ------
        ModelError
            If one is missing or is not as it was at training; the difference is shown.
        """
        views = tuple(view for view in given if view.name in self.views)
        missing = sorted(set(self.views) - {view.name for view in views})
        if missing:
            raise ModelError(
                f"the model reads the view {', '.join(missing)}, which is not among the views "
                f"given: {', '.join(view.name for view in given)}; give it by views=, or install "
                "the package that has it"
            )
        for view in views:
            said = self.views[view.name].differences(view)
            if said:
                more = f"; and {len(said) - SHOWN} more" if len(said) > SHOWN else ""
                raise ModelError(
                    f"the view {view.name} is not what the model was trained on "
                    f"(model -> here): {'; '.join(said[:SHOWN])}{more}"
                )
        return views


def library_versions(libraries: tuple[str, ...]) -> dict[str, str]:
    """Return the versions of the libraries that every model, and that one kind, depend on."""
    versions = {}
    for name in (*LIBRARIES, *libraries):
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
