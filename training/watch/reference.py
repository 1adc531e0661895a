"""What a model's training looked like, kept in its folder: what a later window is compared with.

``reference.json`` holds quantiles of every column, some rows, and how scores of wallets that were
not learnt from were spread over the two classes. It names no wallet.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import RiskError
from features.json_file import parse_json
from training.metrics import average_precision
from training.model_folder import REFERENCE
from training.watch.columns import beyond, coarse

if TYPE_CHECKING:
    from training.risk_model import RiskModel

Float64 = NDArray[np.float64]

PARTS = 100  # parts of equal mass; each quantile is the middle of one, so the ends are 0.5 %
BINS = 20  # of the scores, of equal mass
SAMPLE_VALUES = 100_000  # values of the rows that are kept: under a megabyte
USUAL = 0.99  # share of the training rows that count as usual


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Training rows of a model, summed up.

    Parameters
    ----------
    names
        The k columns that the model reads.
    quantiles
        float64 (k, PARTS), quantiles (i + 0.5) / PARTS of the finite values of each column: a
        sample of equal parts of it. All nan where a column has none.
    missing
        float64 (k,), share of rows without a finite value.
    rows
        Number of training rows.
    sample
        float64 (m, k), some of the rows, for what tells rows of training from others.
    sample_illicit
        float64 (m,), 1 where such a row is illicit, 0 where licit.
    usual_beyond
        Share of a row's columns beyond the outer quantiles that 99 % of the training rows keep to.
    base_rate
        Share of illicit wallets that the scores are for.
    edges
        float64 (BINS - 1,) at most: where the log-odds are cut, rising.
    illicit, licit
        float64 (len(edges) + 1,): out-of-fold rows of each class in each bin.
    pr_auc
        Of the out-of-fold rows.

    Notes
    -----
    A bin holds the scores ``edges[i - 1] < score <= edges[i]``.
    """

    names: tuple[str, ...]
    quantiles: Float64
    missing: Float64
    rows: int
    sample: Float64
    sample_illicit: Float64
    usual_beyond: float
    base_rate: float
    edges: Float64
    illicit: Float64
    licit: Float64
    pr_auc: float

    def __repr__(self) -> str:
        return (
            f"<Reference {self.rows} rows of {len(self.names)} columns, "
            f"{self.prevalence:.1%} of them illicit, PR-AUC {self.pr_auc:.3f}>"
        )

    @property
    def prevalence(self) -> float:
        """Share of illicit rows among the out-of-fold ones."""
        illicit = float(self.illicit.sum())
        return illicit / (illicit + float(self.licit.sum()))

    @classmethod
    def of(
        cls,
        features: Float64,
        log_odds: Float64,
        y_true: NDArray[np.int8],
        names: tuple[str, ...],
        *,
        base_rate: float,
    ) -> Self:
        """Sum up the rows that a model learnt from.

        Parameters
        ----------
        features
            float64 (n, k), what the model read.
        log_odds
            float64 (n,), calibrated, out of fold, at the base rate.
        y_true
            int8 (n,), 1 = illicit; both classes.
        names
            The k columns.
        base_rate
            Share of illicit wallets that the log-odds are for.

        Raises
        ------
        RiskError
            If shapes differ, a class is missing, or a score is not finite.
        """
        _check_rows(features, log_odds, y_true, names)
        values = coarse(features)
        quantiles = equal_parts(values)
        outside = beyond(values, quantiles).mean(axis=1)
        edges = np.unique(np.quantile(log_odds, np.arange(1, BINS) / BINS))
        which = np.searchsorted(edges, log_odds)
        some = _some_rows(*values.shape)
        return cls(
            names=tuple(names),
            quantiles=quantiles,
            missing=np.isnan(values).mean(axis=0),
            rows=len(values),
            sample=values[some],
            sample_illicit=y_true[some].astype(np.float64),
            usual_beyond=float(np.quantile(outside, USUAL)),
            base_rate=base_rate,
            edges=edges,
            illicit=np.bincount(which[y_true == 1], minlength=len(edges) + 1).astype(np.float64),
            licit=np.bincount(which[y_true == 0], minlength=len(edges) + 1).astype(np.float64),
            pr_auc=min(average_precision(y_true, log_odds), 1.0),  # sums of weights round above it
        )

    def to_json(self) -> bytes:
        """Return the content of ``reference.json``: the same bytes for the same rows."""
        content = {name: _plain(getattr(self, name)) for name in self.__slots__}
        content |= {name: _short(getattr(self, name)) for name in _COARSE}
        content["sample_illicit"] = self.sample_illicit.astype(int).tolist()
        return (json.dumps({"format": 1, **content}, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes, path: Path = Path(REFERENCE)) -> Self:
        """Read what :meth:`to_json` wrote.

        Parameters
        ----------
        content
            Of the file.
        path
            Whose content it is, for messages.

        Raises
        ------
        RiskError
            If it is no JSON, or a key is missing, unknown, of another type, shape or range.
        """
        try:
            read = _File.model_validate(parse_json(path, content))
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the file"
            raise RiskError(f"{path}: {where}: {first['msg']}") from error
        given = read.model_dump(exclude={"format"})
        arrays = {name: np.array(given[name], np.float64) for name in _ARRAYS}
        arrays["sample"] = arrays["sample"].reshape(-1, len(read.names))
        arrays |= {name: coarse(arrays[name]) for name in _COARSE}
        return cls(**{**given, **arrays, "names": tuple(read.names)})

    @classmethod
    def of_model(cls, model: RiskModel) -> Self:
        """Return what the folder of a model says of its training.

        Raises
        ------
        RiskError
            If the folder has none.
        """
        content = model.parts.files.get(REFERENCE)
        if content is None:
            raise RiskError(
                f"model {model.version} keeps no {REFERENCE}, so that there is nothing to compare "
                "a window with: train it again, or give the table it was trained on (--reference)"
            )
        return cls.from_json(content)


_ARRAYS = ("quantiles", "missing", "sample", "sample_illicit", "edges", "illicit", "licit")
_COARSE = ("quantiles", "sample")
_Finite = Annotated[float, Field(allow_inf_nan=False)]
_Share = Annotated[float, Field(ge=0, le=1)]
_Count = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _File(BaseModel):
    """``reference.json``; null stands for nan."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal[1]
    names: Annotated[list[str], Field(min_length=1)]
    quantiles: list[list[_Finite | None]]
    missing: list[_Share]
    rows: Annotated[int, Field(ge=1)]
    sample: list[list[_Finite | None]]
    sample_illicit: list[Literal[0, 1]]
    usual_beyond: _Share
    base_rate: Annotated[float, Field(gt=0, lt=1)]
    edges: list[_Finite]
    illicit: list[_Count]
    licit: list[_Count]
    pr_auc: _Share

    @model_validator(mode="after")
    def _shapes(self) -> Self:
        width = len(self.names)
        if len(set(self.names)) != width:
            raise ValueError("a column is named twice")
        if [len(row) for row in self.quantiles] != [PARTS] * width or len(self.missing) != width:
            raise ValueError(f"{width} columns need {PARTS} quantiles and one share of nan each")
        if any(len(row) != width for row in self.sample):
            raise ValueError(f"a row of the sample has not {width} values")
        if len(self.sample) != len(self.sample_illicit):
            raise ValueError("every row of the sample needs its class")
        for row in self.quantiles:
            known = [value for value in row if value is not None]
            if len(known) not in (0, PARTS) or known != sorted(known):
                raise ValueError("quantiles must rise, and be all known or all null")
        if not len(self.illicit) == len(self.licit) == len(self.edges) + 1:
            raise ValueError("counts of a class must be one more than the edges")
        if self.edges != sorted(set(self.edges)):
            raise ValueError("edges must rise")
        if not (sum(self.illicit) and sum(self.licit)):
            raise ValueError("a class has no rows")
        return self


def equal_parts(values: Float64) -> Float64:
    """Return the middles (k, PARTS) of parts of equal mass of each column of values (n, k)."""
    levels = (np.arange(PARTS) + 0.5) / PARTS
    parts = np.full((values.shape[1], PARTS), np.nan)
    known = np.isfinite(values).any(axis=0)
    # of values that occur: a column of few different ones stays one
    frame = values[:, known]
    if frame.size:
        parts[known] = np.nanquantile(frame, levels, axis=0, method="inverted_cdf").T
    return parts


def _some_rows(rows: int, width: int) -> NDArray[np.int64]:
    """Numbers of some rows at equal chance, the same ones for the same shape."""
    most = max(1, SAMPLE_VALUES // width)
    if rows <= most:
        return np.arange(rows)
    return np.sort(np.random.default_rng(0).choice(rows, most, replace=False))


def _plain(value: object) -> object:
    return value.tolist() if isinstance(value, np.ndarray) else value


def _short(values: Float64) -> list[list[float | None]]:
    """Values in as few digits as tell a float32 from all others; None for nan."""
    texts = values.astype(np.float32).astype(str)
    return [[None if text == "nan" else float(text) for text in row] for row in texts.tolist()]


def _check_rows(
    features: Float64, log_odds: Float64, y_true: NDArray[np.int8], names: tuple[str, ...]
) -> None:
    wanted = (len(y_true), len(names))
    if features.shape != wanted or log_odds.shape != wanted[:1]:
        raise RiskError(
            f"a reference of {wanted[0]} labels and {wanted[1]} columns needs features of shape "
            f"{wanted} and as many scores, got {features.shape} and {log_odds.shape}"
        )
    if not 0 < int((y_true == 1).sum()) < len(y_true) or pd.isna(log_odds).any():
        raise RiskError("a reference needs rows of both classes, with finite scores")
