"""What every kind of model offers, so that training, batch and endpoint treat them alike.

An estimator is built with the names of the columns it reads, a seed and its parameters, and learns
from :class:`Inputs`: rows of these columns, whoever computed them. A kind that reads more than a
row of the table is a :class:`LedgerEstimator`. Everything that is added afterwards (calibration,
base rate, status of thin histories) belongs to :class:`training.risk_model.RiskModel`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, NamedTuple, Protocol, Self, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.contracts.spine import check_spine
from features.contracts.times import microseconds
from features.errors import RiskError
from training.models.ranges import Range, check_ranges

if TYPE_CHECKING:
    from features.ledger import Ledger
    from features.past import LabelEvents

Float64 = NDArray[np.float64]
SIDES = ("senders", "recipients")  # who is behind transfers into a wallet, and out of it
NO_RANGES: Mapping[str, Range] = {}


class Told(NamedTuple):
    """Transfers of n wallets that their scores read one by one, an entry each.

    Attributes
    ----------
    row
        int64, of which wallet, ascending.
    side
        int8, 0: the wallet received it; 1: it sent it.
    transfer
        int64, row in the ledger's log.
    """

    row: NDArray[np.int64]
    side: NDArray[np.int8]
    transfer: NDArray[np.int64]


class Explained(NamedTuple):
    """What scores of n rows are made of, where transfers are read one by one.

    Attributes
    ----------
    contributions
        float64 (n, reasons + 1), see :meth:`Estimator.contributions`.
    row
        int64 (t,), of which row each transfer is, ascending: those of :class:`Told`.
    without
        float64 (t,), raw log-odds of that row without it.
    """

    contributions: Float64
    row: NDArray[np.int64]
    without: Float64

    @classmethod
    def joined(cls, parts: Iterable[Self], reasons: int) -> Self:
        """Return the parts as one; each counts rows from the first of all."""
        nothing = cls(np.empty((0, reasons + 1)), np.empty(0, np.int64), np.empty(0))
        return cls(*map(np.concatenate, zip(nothing, *parts, strict=True)))


@dataclass(frozen=True, slots=True)
class Inputs:
    """What a model reads of n spine rows; a kind that reads more derives from it.

    Parameters
    ----------
    features
        float64 (n, k), the columns ``feature_names`` of the table in their order;
        nan where one is not defined or not given.
    """

    features: Float64

    def __len__(self) -> int:
        return len(self.features)

    @property
    def told(self) -> Told | None:
        """Transfers that are read one by one; None: the kind reads none."""
        return None

    def drawn(self) -> Self:
        """Return the same with all that is read of the ledger, which may change afterwards."""
        return self

    def take(self, rows: NDArray[np.int64]) -> Self:
        """Return some rows; ``rows`` ascends without repetition."""
        return replace(self, features=self.features[rows])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return one of several, at least one, that were drawn for the same estimator."""
        return cls(np.concatenate([part.features for part in parts]))


class Where(NamedTuple):
    """Of which wallets of a ledger n rows are, and when.

    Attributes
    ----------
    ledger
        Transfers.
    codes
        int32 (n,), wallet codes; -1 for one that the ledger does not know.
    as_of
        int64 (n,), microseconds since 1970 UTC.
    labels
        What is known of wallets of the ledger.
    """

    ledger: Ledger
    codes: NDArray[np.int32]
    as_of: NDArray[np.int64]
    labels: LabelEvents

    @classmethod
    def of_spine(cls, ledger: Ledger, spine: pd.DataFrame, labels: LabelEvents) -> Where:
        """Find the wallets of a spine; raises SpineError where it breaks its contract."""
        checked = check_spine(spine, chain=ledger.chain)
        codes = ledger.codes(checked["wallet"])
        return cls(ledger, codes, microseconds(checked["as_of"]), labels)


class Estimator(Protocol):
    """A kind of model: raw log-odds of P(illicit) before calibration, and what they are made of.

    ``kind`` is the name that a configuration and a model folder use. ``reads`` is ``"table"`` where
    a row of the table is all it needs and ``"ledger"`` for a :class:`LedgerEstimator`. ``defaults``
    names every parameter there is. ``libraries`` names the distributions that a saved model
    depends on. ``reasons`` names the columns of :meth:`contributions` before the last, which is the
    base.
    """

    kind: ClassVar[str]
    reads: ClassVar[Literal["table", "ledger"]]
    defaults: ClassVar[Mapping[str, Any]]
    libraries: ClassVar[tuple[str, ...]]
    feature_names: tuple[str, ...]

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None: ...

    @property
    def reasons(self) -> tuple[str, ...]:
        """Names of the contributions, without the base: features, or parts of the graph."""

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


class LedgerEstimator(Estimator, Protocol):
    """A kind that reads more of each wallet than a row of the table."""

    def inputs(self, features: Float64, where: Where) -> Inputs:
        """Add to (n, k) rows what the model reads of the ledger; works before :meth:`fit`.

        Of the labels only those of other wallets, known before a row's instant, may be read.
        """

    def explained(self, inputs: Inputs) -> Explained:
        """Return :meth:`contributions`, and what is said without single transfers."""


class FoldsEstimator(Estimator, Protocol):
    """A kind that learns from parts of the rows at less cost than one fit each."""

    def fit_folds(
        self,
        inputs: Inputs,
        y_true: NDArray[np.int8],
        weights: Float64,
        folds: Sequence[NDArray[np.int64]],
    ) -> list[Self]:
        """Learn as :meth:`fit`; return for each of some positions a copy fitted to these alone."""


class GroupsEstimator(Estimator, Protocol):
    """A kind that holds rows back while it learns, and must hold back whole wallets."""

    def fit_groups(
        self, inputs: Inputs, y_true: NDArray[np.int8], weights: Float64, groups: NDArray[np.int64]
    ) -> Self:
        """Learn as :meth:`fit`, given int64 (n,) the wallet of each row."""


def inputs_of(
    estimator: Estimator,
    features: Float64,
    ledger: Ledger | None,
    spine: pd.DataFrame,
    labels: LabelEvents,
) -> Inputs:
    """Return what an estimator reads of n rows: the rows, or what it adds to them.

    Parameters
    ----------
    estimator
        Any kind.
    features
        float64 (n, k), the columns ``estimator.feature_names``.
    ledger
        Transfers, for kinds that read neighbourhoods.
    spine
        (n, 2) columns ``wallet``, ``as_of`` of the rows.
    labels
        What is known of wallets of the ledger, for kinds that read it of neighbours.

    Raises
    ------
    RiskError
        If such a kind is not given the ledger.
    """
    if estimator.reads == "table":
        return Inputs(features)
    if ledger is None:
        raise RiskError(f"a {estimator.kind} model reads neighbourhoods: ledger=... is needed")
    return inputs_at(estimator, features, Where.of_spine(ledger, spine, labels))


def inputs_at(estimator: Estimator, features: Float64, where: Where) -> Inputs:
    """Return the same of rows whose wallets were found."""
    if estimator.reads == "table":
        return Inputs(features)
    return cast("LedgerEstimator", estimator).inputs(features, where)


def resolve_parameters(
    kind: str,
    defaults: Mapping[str, Any],
    given: Mapping[str, Any],
    ranges: Mapping[str, Range] = NO_RANGES,
) -> dict[str, Any]:
    """Lay the given parameters over a kind's defaults.

    Raises
    ------
    RiskError
        If a parameter is unknown, not of its default's type or out of its range.

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
    resolved = {**defaults, **given}
    check_ranges(kind, ranges, resolved)
    return resolved


class Configured:
    """What kinds begin with: the columns that they read, a seed, and their parameters.

    Raises
    ------
    RiskError
        As :func:`resolve_parameters` does.
    """

    kind: ClassVar[str]
    defaults: ClassVar[Mapping[str, Any]]
    ranges: ClassVar[Mapping[str, Range]] = NO_RANGES

    def __init__(
        self, feature_names: tuple[str, ...], *, seed: int, parameters: Mapping[str, Any]
    ) -> None:
        self.feature_names = feature_names
        self.seed = seed
        self.parameters = resolve_parameters(self.kind, self.defaults, parameters, self.ranges)
