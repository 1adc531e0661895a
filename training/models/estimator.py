"""What every kind of model offers, so that training, batch and endpoint treat them alike.

An estimator is built with the names of the feature columns it reads, a seed and its parameters;
:meth:`Estimator.inputs` turns (ledger, spine) into what it reads, in training and in scoring by
the same code; :meth:`Estimator.fit` learns from such inputs. Everything that is added afterwards
(calibration, base rate, status of thin histories) belongs to
:class:`training.risk_model.RiskModel`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.errors import RiskError
from features.table import feature_table
from features.view import View
from features.views import VIEWS

if TYPE_CHECKING:
    from features.ledger import Ledger

Float64 = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a model reads of n spine rows; a kind that reads more derives from it.

    Parameters
    ----------
    features
        float64 (n, k), the rows of the feature table in the order of ``feature_names``;
        nan where a feature is not defined.
    """

    features: Float64

    def __len__(self) -> int:
        return len(self.features)


class Estimator(Protocol):
    """A kind of model: raw log-odds of P(illicit) before calibration, and what they are made of.

    ``reads`` is ``"table"`` where a row of the feature table is all it needs (training then takes
    :class:`Inputs` from the table at hand) and ``"ledger"`` where :meth:`inputs` must be asked.
    ``defaults`` names every parameter there is. ``reasons`` names the columns of
    :meth:`contributions` before the last, which is the base.
    """

    kind: ClassVar[str]
    reads: ClassVar[Literal["table", "ledger"]]
    defaults: ClassVar[Mapping[str, Any]]
    feature_names: tuple[str, ...]

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None: ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """Names of the contributions, without the base: features, or parts of the graph."""

    def inputs(self, ledger: Ledger, spine: pd.DataFrame, labels: pd.DataFrame | None) -> Inputs:
        """Fetch what the model reads of each row of the spine; works before :meth:`fit`."""

    def fit(self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64) -> Self:
        """Learn from n rows, their labels (1 = illicit) and how much each counts, of mean 1.

        The same call gives the same bits.
        """

    def log_odds(self, inputs: Inputs) -> Float64:
        """Return float64 (n,): raw log-odds; a row's value never depends on its neighbours."""

    def contributions(self, inputs: Inputs) -> Float64:
        """Return float64 (n, len(reasons) + 1); rows sum to :meth:`log_odds`, base in the last."""

    def save(self, directory: Path) -> None:
        """Write the weights as data files (LightGBM text, safetensors, JSON) into a folder."""

    @classmethod
    def load(cls, directory: Path, feature_names: tuple[str, ...]) -> Self:
        """Read what :meth:`save` wrote; runs no code from the folder."""


def resolve_parameters(
    kind: str, defaults: Mapping[str, Any], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Lay the given parameters over a kind's defaults.

    Raises
    ------
    RiskError
        If a parameter is unknown or not of its default's type.

    Examples
    --------
    >>> resolve_parameters("lightgbm", {"trees": 200, "rate": 0.1}, {"trees": 50})
    {'trees': 50, 'rate': 0.1}
    """
    unknown = sorted(set(given) - set(defaults))
    if unknown:
        raise RiskError(
            f"model {kind!r} has no parameter {', '.join(unknown)}; it has {', '.join(defaults)}"
        )
    for name, value in given.items():
        wanted = type(defaults[name])
        fits = isinstance(value, (int, float) if wanted is float else wanted)
        if not fits or (isinstance(value, bool) and wanted is not bool):
            raise RiskError(
                f"parameter {name} of model {kind!r} must be {wanted.__name__}, got {value!r}"
            )
    return {**defaults, **given}


def views_holding(names: tuple[str, ...]) -> tuple[View, ...]:
    """Return the views with at least one of the named columns, in the table's order."""
    wanted = set(names)
    return tuple(view for view in VIEWS if wanted & {column.name for column in view.columns})


def table_inputs(
    ledger: Ledger,
    spine: pd.DataFrame,
    labels: pd.DataFrame | None,
    *,
    feature_names: tuple[str, ...],
) -> Inputs:
    """Compute the named columns of the feature table, and no view that holds none of them.

    Parameters
    ----------
    ledger
        Transfers to read; only those before a row's ``as_of`` count.
    spine
        (n, 2) columns ``wallet``, ``as_of``.
    labels
        Known labels for the exposure view, or None.
    feature_names
        The k columns wanted, in this order.

    Returns
    -------
    Inputs
        With float64 (n, k) features.
    """
    table = feature_table(ledger, spine, labels=labels, views=views_holding(feature_names))
    return Inputs(table.loc[:, list(feature_names)].to_numpy(np.float64))
