"""Where one band of risk ends and the next begins: defaults, or a table kept apart from the model.

The defaults are multiples of the odds at the base rate, so that one policy holds at any base rate.
A table says what was chosen, how, from which rows, and for which model; see
:mod:`training.band_choice`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Literal, NamedTuple, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError, model_validator

from features.errors import RiskError
from features.json_file import read_json

# a starting point, not a recommendation: set them from the review capacity at hand
BANDS: Mapping[str, float] = MappingProxyType({"medium": 3.0, "high": 20.0, "severe": 100.0})
LOWEST = "low"
_Share = Annotated[float, Field(ge=0, le=1)]
_Name = Annotated[str, Field(min_length=1, max_length=64)]


class BandPolicy(NamedTuple):
    """What an endpoint tells of its bands.

    Attributes
    ----------
    version
        Name of the policy.
    thresholds
        Lowest probability of each band above ``low``, rising.
    unit
        What the numbers are, in words.
    chosen_by
        How they were chosen, in words.
    """

    version: str
    thresholds: dict[str, float]
    unit: str
    chosen_by: str


class BandSeen(BaseModel):
    """What the rows say of one band and those above it, at the base rate.

    Parameters
    ----------
    rows, illicit
        Number of rows at or above the threshold, and of the illicit ones; None without labels.
    share
        Of all wallets that they stand for.
    precision, recall
        Of the wallets at or above the threshold, at the base rate; None without labels.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int
    illicit: int | None
    share: _Share
    precision: _Share | None
    recall: _Share | None


class BandRows(BaseModel):
    """The rows that a table was chosen from: how many, how many illicit, and of when."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: int
    illicit: int | None
    first: AwareDatetime
    last: AwareDatetime


class BandTable(BaseModel):
    """A band table, one JSON file, chosen for one version of a model.

    Parameters
    ----------
    name
        What answers call it.
    thresholds
        Band (``medium``, ``high``, ``severe``) to the lowest probability in it, rising; one that is
        left out is not used.
    unit, chosen_by
        In words.
    seen
        What the rows say of each band.
    rows
        Those it was chosen from.
    model_version, base_rate
        Of the model it is for.
    made_at
        When.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", protected_namespaces=())

    format: Literal[1] = 1
    name: _Name
    thresholds: dict[str, Annotated[float, Field(gt=0, lt=1)]]
    unit: str
    chosen_by: str
    seen: dict[str, BandSeen]
    rows: BandRows
    model_version: str
    base_rate: Annotated[float, Field(gt=0, lt=1)]
    made_at: AwareDatetime

    @model_validator(mode="after")
    def _rising(self) -> Self:
        given = [self.thresholds[band] for band in BANDS if band in self.thresholds]
        strange = sorted(set(self.thresholds) - set(BANDS))
        if strange or not given or not rises(given):
            raise ValueError(
                f"wanted one or more of {' < '.join(BANDS)}, rising, got {self.thresholds}"
            )
        return self

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a table.

        Raises
        ------
        RiskError
            If the file is none.
        """
        content = read_json(path)
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "the table"
            message = first["msg"].removeprefix("Value error, ")
            raise RiskError(f"{path} is no band table: {where}: {message}") from error

    def policy(self, model_version: str, base_rate: float) -> BandPolicy:
        """Return what an endpoint that serves a model tells of it.

        Raises
        ------
        RiskError
            If the table was chosen for another model.
        """
        if (model_version, base_rate) != (self.model_version, self.base_rate):
            raise RiskError(
                f"the band table {self.name!r} was chosen for model {self.model_version} at base "
                f"rate {self.base_rate:g}, and this is model {model_version} at {base_rate:g}: "
                "choose again with walletrisk bands"
            )
        rising = {band: self.thresholds[band] for band in BANDS if band in self.thresholds}
        return BandPolicy(self.name, rising, self.unit, self.chosen_by)


def table_among(folder: Path, model_version: str, base_rate: float) -> BandTable:
    """Return the table of a model among those in a folder, the latest made where there are several.

    Raises
    ------
    RiskError
        If there is none, or a file ``*.json`` of the folder is no table.
    """
    tables = [BandTable.read(path) for path in sorted(folder.glob("*.json"))]
    own = [
        one for one in tables if (one.model_version, one.base_rate) == (model_version, base_rate)
    ]
    if not own:
        models = ", ".join(sorted({one.model_version for one in tables})) or "none"
        raise RiskError(
            f"{folder} holds no band table of model {model_version} at base rate {base_rate:g}, "
            f"but of {models}: choose one with walletrisk bands --out {folder}/NAME.json"
        )
    return max(own, key=lambda one: one.made_at)


def rises(thresholds: Iterable[float]) -> bool:
    """Tell whether each number is above the one before it."""
    return all(low < high for low, high in pairwise(thresholds))


def band_thresholds(base_rate: float, bands: Mapping[str, float] = BANDS) -> dict[str, float]:
    """Return the lowest probability of each band above ``low``.

    Parameters
    ----------
    base_rate
        Share of illicit wallets in the world.
    bands
        Name to times the odds at the base rate, rising.

    Examples
    --------
    >>> band_thresholds(0.25, {"medium": 1, "high": 3, "severe": 9})
    {'medium': 0.25, 'high': 0.5, 'severe': 0.75}
    """
    odds = base_rate / (1 - base_rate)
    return {band: times * odds / (1 + times * odds) for band, times in bands.items()}


def probability_unit(base_rate: float) -> str:
    """Say what a threshold is.

    Examples
    --------
    >>> probability_unit(0.01)
    'probability that a wallet is illicit, where 0.01 of all wallets are'
    """
    return f"probability that a wallet is illicit, where {base_rate:g} of all wallets are"
