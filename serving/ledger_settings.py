"""What the endpoint must be told of one ledger: its folder, its model, and what stands beside."""

import os
from pathlib import Path
from typing import Annotated, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from features.ledger.age import STALE_AFTER_S
from features.sources.known import TableOptions
from features.sources.writing import TimeUnit
from training.bands import (
    BANDS,
    BandPolicy,
    BandTable,
    band_thresholds,
    probability_unit,
    table_among,
)
from training.risk_model import RiskModel

# text, because models:/name@alias of a registry is no path
ModelPlace = Annotated[str, BeforeValidator(os.fspath), Field(min_length=1)]


class Bands(BaseModel):
    """Where one band ends and the next begins, as multiples of the odds at the base rate.

    A threshold of 10 means: ten times the odds of a wallet nothing is known about. Odds, not
    probabilities, so that the same policy holds at any base rate. The defaults are a starting
    point, not a recommendation: set them from the review capacity at hand, and give the setting
    another version whenever a number changes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(default="default-1", min_length=1, max_length=64)
    medium: float = Field(default=BANDS["medium"], gt=0, allow_inf_nan=False)
    high: float = Field(default=BANDS["high"], gt=0, allow_inf_nan=False)
    severe: float = Field(default=BANDS["severe"], gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.medium < self.high < self.severe:
            raise ValueError(
                "band thresholds must rise: medium < high < severe, "
                f"got {self.medium}, {self.high}, {self.severe}"
            )
        return self

    def policy(self, _model_version: str, base_rate: float) -> BandPolicy:
        """Return what the endpoint tells of them; they hold for any model."""
        times = [f"{getattr(self, band):g} ({band})" for band in BANDS]
        return BandPolicy(
            self.version,
            self.thresholds(base_rate),
            probability_unit(base_rate),
            f"multiples of the odds at the base rate: {', '.join(times)} times",
        )

    def thresholds(self, base_rate: float) -> dict[str, float]:
        """Lowest probability of each band above ``low``.

        Examples
        --------
        >>> Bands(medium=1, high=3, severe=9).thresholds(0.25)
        {'medium': 0.25, 'high': 0.5, 'severe': 0.75}
        """
        return band_thresholds(base_rate, {band: getattr(self, band) for band in BANDS})


class BesideLedger(BaseModel):
    """What stands beside a ledger and its model, and may be left out.

    Parameters
    ----------
    labels : Path, optional
        Labels (parquet or csv) that exposure features may read.
    labels_map, labels_time_unit, labels_timezone : str, optional
        How their file is written, as ``--map``, ``--time-unit`` and ``--timezone`` say it.
    clusters : Path, optional
        Saved clusters, for the level of entities.
    journal : str, optional
        SQLAlchemy URL of the journal of new transfers; default: SQLite beside the ledger's folder.
    chain : str, optional
        Name of the chain whose wallets the ledger holds, where it does not say so itself. A request
        that names another is refused.
    stale_after_s : float
        An answer as of so many seconds after the ledger's latest transfer is marked as stale.
    challenger : str, optional
        Model that scores what the other answers, off the request path, to be compared with it.
    shadow_share : float
        Of the answers that it scores.
    bands : Bands
        ``WALLETRISK_BANDS__VERSION``, ``WALLETRISK_BANDS__HIGH`` and so on.
    band_table : Path, optional
        Band table that ``walletrisk bands`` wrote, for the model that is served; in place of
        ``bands``. A folder: of tables, of which that of the model is taken, so that a model that
        takes over finds its own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    labels: Path | None = None
    labels_map: str | None = None
    labels_time_unit: TimeUnit | None = None
    labels_timezone: str | None = None
    clusters: Path | None = None
    journal: str | None = None
    chain: str | None = None
    stale_after_s: float = Field(default=STALE_AFTER_S, gt=0, allow_inf_nan=False)
    challenger: ModelPlace | None = None
    shadow_share: float = Field(default=1, gt=0, le=1)
    bands: Bands = Bands()
    band_table: Path | None = None

    @model_validator(mode="after")
    def _one_policy(self) -> Self:
        if self.band_table is not None and self.bands != Bands():
            raise ValueError(
                f"bands are set twice: by the table {self.band_table} and by multiples "
                "(bands, WALLETRISK_BANDS__...)"
            )
        return self


class LedgerSettings(BesideLedger):
    """One ledger, the model that scores its wallets, and what stands beside them.

    Parameters
    ----------
    ledger : Path
        Folder of a saved ledger.
    model : str
        Folder of a saved risk model, or ``models:/name@alias`` of a registry.
    """

    ledger: Path
    model: ModelPlace

    @property
    def labels_written(self) -> TableOptions:
        """How the file of labels is written."""
        return TableOptions(self.labels_map, self.labels_time_unit, self.labels_timezone)

    @property
    def journal_url(self) -> str:
        """URL of the journal, the default filled in."""
        return journal_beside(self.ledger) if self.journal is None else self.journal

    def bands_of(self, model: RiskModel) -> Bands | BandTable:
        """Multiples, which hold for any model, or the table of this one.

        Raises
        ------
        RiskError
            There is none of this model, or a file is no table.
        """
        place = self.band_table
        if place is None:
            return self.bands
        if not place.is_dir():
            return BandTable.read(place)
        return table_among(place, model.version, model.base_rate)


def journal_beside(ledger: Path) -> str:
    """URL of the journal beside a ledger's folder.

    Examples
    --------
    >>> journal_beside(Path("/data/ledger"))
    'sqlite:////data/ledger.journal.sqlite'
    """
    return database_beside(ledger, "journal")


def beside(ledger: Path, ending: str) -> Path:
    """File or folder beside a ledger's folder, with the same name and an ending.

    Examples
    --------
    >>> beside(Path("/data/ledger"), "audit").as_posix()
    '/data/ledger.audit'
    """
    folder = ledger.absolute()
    return folder.with_name(f"{folder.name}.{ending}")


def database_beside(ledger: Path, what: str) -> str:
    """URL of an SQLite database beside a ledger's folder, by what it holds."""
    return f"sqlite:///{beside(ledger, f'{what}.sqlite')}"
