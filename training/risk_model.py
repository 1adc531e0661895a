"""The risk model: estimator, calibration and manifest, as one folder of data.

Loading runs nothing from the folder. The probability is computed from one sum of log-odds,
whether reasons are asked for or not; reasons add up to that sum.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.spine import check_spine
from features.table import feature_table
from features.view import View
from features.views import DEFINITIONS, feature_columns
from features.views.exposure import EXPOSURES
from training.calibration import PlattCalibration, log_odds_of, probability_of
from training.manifest import (
    MANIFEST,
    Manifest,
    ModelError,
    feature_list,
    library_versions,
    sha256,
)
from training.models.estimator import Estimator, Inputs, views_holding
from training.models.kinds import estimator_class
from training.scores import Scores, statuses
from training.table_columns import model_columns

if TYPE_CHECKING:
    from features.ledger import Ledger
    from training.config import TrainConfig

__all__ = ["ModelError", "RiskModel", "Scores"]

Float64 = NDArray[np.float64]

CALIBRATION = "calibration.json"
COUNTS = ("coverage_in_count", "coverage_out_count")


class RiskModel:
    """A trained, calibrated model of any kind; get one from :func:`training.train` or a folder.

    Parameters
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

    def __init__(
        self,
        estimator: Estimator,
        calibration: PlattCalibration,
        manifest: Manifest,
        files: Mapping[str, bytes],
    ) -> None:
        self.estimator = estimator
        self.calibration = calibration
        self.manifest = manifest
        self.version = manifest.version
        self._files = dict(files)
        self._prior = log_odds_of(manifest.base_rate)
        read = estimator.feature_names if estimator.reads == "table" else ()
        self.views = views_holding((*COUNTS, *read))
        columns = [column.name for column in feature_columns(self.views)]
        self._counts = [columns.index(name) for name in COUNTS]
        self._reads = (
            np.array([columns.index(name) for name in estimator.feature_names])
            if estimator.reads == "table"
            else None
        )

    @classmethod
    def assemble(
        cls,
        estimator: Estimator,
        calibration: PlattCalibration,
        config: TrainConfig,
        *,
        trained_until: pd.Timestamp,
    ) -> Self:
        """Make a model of its fitted parts, with the manifest it will be saved under."""
        with tempfile.TemporaryDirectory() as folder:
            estimator.save(Path(folder))
            files = {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir())}
        fitted = {name: getattr(calibration, name) for name in ("slope", "intercept", "prevalence")}
        files[CALIBRATION] = (json.dumps(fitted, indent=1) + "\n").encode()
        manifest = Manifest.model_validate(
            {
                "kind": estimator.kind,
                "feature_names": estimator.feature_names,
                "feature_definitions": DEFINITIONS,
                "feature_list": feature_list(),
                "trained_until": trained_until.to_pydatetime(),
                "base_rate": config.base_rate,
                "min_transfers": config.min_transfers,
                "columns": config.columns,
                "seed": config.seed,
                "parameters": config.parameters,
                "libraries": library_versions(estimator.kind),
                "created_at": datetime.now(UTC).replace(microsecond=0),
                "files": {name: sha256(content) for name, content in files.items()},
            }
        )
        return cls(estimator, calibration, manifest, files)

    @property
    def kind(self) -> str:
        """Kind of model, such as ``lightgbm``."""
        return self.manifest.kind

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Columns of the feature table that the model reads."""
        return self.manifest.feature_names

    @property
    def context_names(self) -> tuple[str, ...]:
        return ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """What its contributions are of: features, or parts of the neighbourhood."""
        return self.estimator.reasons

    @property
    def reads_labels(self) -> bool:
        """Whether scores depend on labelled wallets, so that labels must be given."""
        return not EXPOSURES.isdisjoint(self.feature_names)

    @property
    def base_rate(self) -> float:
        """Share of illicit wallets in the world that the probabilities are for."""
        return self.manifest.base_rate

    def save(self, directory: str | Path) -> None:
        """Write the model folder; the manifest comes last, so a part of a folder never loads.

        Raises
        ------
        ModelError
            If the folder exists and is not empty.
        """
        directory = Path(directory)
        if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
            raise ModelError(f"{directory} exists and is not an empty folder")
        directory.mkdir(parents=True, exist_ok=True)
        for name, content in self._files.items():
            (directory / name).write_bytes(content)
        (directory / MANIFEST).write_text(self.manifest.to_json(), encoding="utf-8", newline="\n")

    @classmethod
    def load(cls, directory: str | Path, *, views: tuple[View, ...] = ()) -> Self:
        """Read a model folder of any kind.

        Raises
        ------
        ModelError
            If the folder is incomplete, was changed, holds other files, has another format, or
            was trained on other feature definitions (the difference is shown).
        """
        directory = Path(directory)
        manifest = Manifest.read(directory)
        files = {name: (directory / name).read_bytes() for name in manifest.files}
        try:
            fitted = json.loads(files[CALIBRATION])
            calibration = PlattCalibration(**fitted, base_rate=manifest.base_rate)
        except (KeyError, TypeError, json.JSONDecodeError) as error:
            raise ModelError(f"{directory / CALIBRATION} holds no calibration: {error}") from error
        estimator = estimator_class(manifest.kind).load(directory, manifest.feature_names)
        return cls(estimator, calibration, manifest, files)

    def predict_proba(self, table: pd.DataFrame) -> Float64:
        """Return P(illicit) of rows of a feature table; tabular kinds only.

        Parameters
        ----------
        table
            (n, any) with at least ``feature_names`` as float64 columns, in any order.

        Returns
        -------
        ndarray
            float64 (n,). Thin histories are not told apart here; :meth:`score` does.

        Raises
        ------
        ModelError
            If a column is missing or not float64, or the model reads more than a table.
        """
        return probability_of(self.log_odds(table))

    def log_odds(self, table: pd.DataFrame) -> Float64:
        """Return float64 (n,): log-odds of :meth:`predict_proba`."""
        return self.calibration.log_odds(self.estimator.log_odds(self._inputs_of(table)))

    def explain(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return additive reasons in log-odds.

        Returns
        -------
        DataFrame
            Index of the table; a column a feature, and ``base``. Rows sum to :meth:`log_odds`.
        """
        inputs = self._inputs_of(table)
        parts = self._contributions(
            inputs, self.calibration.log_odds(self.estimator.log_odds(inputs))
        )
        return pd.DataFrame(parts, index=table.index, columns=[*self.reasons, "base"])

    def score_rows(
        self, values: Float64, *, context: Float64 | None = None, reasons: bool = False
    ) -> Scores:
        """Score rows given as an array: the endpoint's way, without a DataFrame.

        Parameters
        ----------
        values
            float64 (n, k), the columns ``feature_columns(model.views)`` in this order, as
            ``feature_table(..., views=model.views)`` gives them.
        reasons
            Whether to compute contributions.

        Raises
        ------
        ModelError
            If the model reads more than a table.
        """
        if self._reads is None:
            raise self._needs_ledger()
        counts = values[:, self._counts[0]] + values[:, self._counts[1]]
        return self._judge(Inputs(values.take(self._reads, axis=1)), counts, reasons=reasons)

    def score(
        self, ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Score wallets as of instants; every kind of model.

        Parameters
        ----------
        ledger
            Transfers; only those before ``as_of`` are read.
        spine
            (n, 2) columns ``wallet``, ``as_of``.
        labels
            Known labels, for exposure features; only those with ``known_at < as_of`` are read.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); ``probability`` and ``status``: ``scored``,
            ``unknown_wallet`` (no transfer before ``as_of``) or ``insufficient_data`` (fewer than
            ``min_transfers``). A row that is not scored has the base rate as its probability.
        """
        spine = check_spine(spine)
        scores = self.score_spine(ledger, spine, labels=labels)
        return pd.DataFrame(
            {"probability": scores.probability, "status": scores.status},
            index=pd.MultiIndex.from_frame(spine),
        )

    def explain_wallets(
        self, ledger: Ledger, spine: pd.DataFrame, *, labels: pd.DataFrame | None = None
    ) -> pd.DataFrame:
        """Explain what :meth:`score` says; every kind of model.

        Returns
        -------
        DataFrame
            Index (wallet, as_of); a column a reason, and ``base``. Rows sum to the log-odds of
            the probability; a row that is not scored has only its base.
        """
        spine = check_spine(spine)
        scores = self.score_spine(ledger, spine, labels=labels, reasons=True)
        return pd.DataFrame(
            scores.contributions,
            index=pd.MultiIndex.from_frame(spine),
            columns=[*self.reasons, "base"],
        )

    def score_spine(
        self,
        ledger: Ledger,
        spine: pd.DataFrame,
        *,
        labels: pd.DataFrame | None = None,
        context: pd.DataFrame | None = None,
        reasons: bool = False,
    ) -> Scores:
        """Return :meth:`score` and, where asked for, :meth:`explain_wallets` from one pass.

        Parameters
        ----------
        ledger, spine, labels
            As for :meth:`score`.
        reasons
            Whether to compute contributions.

        Returns
        -------
        Scores
            Arrays in the order of the spine.
        """
        if self.reads_labels and labels is None:
            raise ModelError(
                "the model learnt from exposure to labelled wallets; give labels to score"
            )
        coverage = feature_table(ledger, spine, views=views_holding(COUNTS))
        counts = coverage[list(COUNTS)].to_numpy().sum(axis=1)
        return self._judge(self.estimator.inputs(ledger, spine, labels), counts, reasons=reasons)

    def _judge(self, inputs: Inputs, counts: Float64, *, reasons: bool) -> Scores:
        """Score all rows, then say of thin histories only the base rate."""
        log_odds = self.calibration.log_odds(self.estimator.log_odds(inputs))
        thin = counts < self.manifest.min_transfers
        parts = self._contributions(inputs, log_odds) if reasons else None
        probability = probability_of(log_odds)
        if thin.any():
            log_odds[thin], probability[thin] = self._prior, self.base_rate
            if parts is not None:
                parts[thin] = 0.0
                parts[thin, -1] = self._prior
        status = statuses(counts, self.manifest.min_transfers)
        return Scores(probability, log_odds, status, parts)

    def _contributions(self, inputs: Inputs, log_odds: Float64) -> Float64:
        parts = self.calibration.contributions(self.estimator.contributions(inputs))
        # summing trees and summing their reasons round differently: the base takes the rest
        parts[:, -1] += log_odds - parts.sum(axis=1)
        return parts

    def _inputs_of(self, table: pd.DataFrame) -> Inputs:
        if self._reads is None:
            raise self._needs_ledger()
        return Inputs(model_columns(table, self.feature_names))

    def _needs_ledger(self) -> ModelError:
        return ModelError(
            f"a {self.kind} model reads more than a row of the table: use score(ledger, spine)"
        )
