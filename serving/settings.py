"""What the endpoint must be told: folders, journal, limits and the policy of the bands."""

import os
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from features.contracts.received import suggest
from features.ledger.age import STALE_AFTER_S
from features.sources.known import TableOptions
from features.sources.writing import TimeUnit
from training.bands import BANDS, BandPolicy, band_thresholds, probability_unit

PREFIX = "WALLETRISK_"
OTHERS = ("WALLETRISK_DATA",)  # variables of that prefix that are not the endpoint's


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


class Settings(BaseSettings):
    """Settings of the endpoint; each can come from the environment as ``WALLETRISK_<NAME>``.

    Parameters
    ----------
    ledger : Path
        Folder of a saved ledger.
    model : Path
        Folder of a saved risk model.
    labels : Path, optional
        Labels (parquet or csv) that exposure features may read.
    labels_map, labels_time_unit, labels_timezone : str, optional
        How their file is written, as ``--map``, ``--time-unit`` and ``--timezone`` say it.
    clusters : Path, optional
        Saved clusters, for the level of entities.
    journal : str, optional
        SQLAlchemy URL of the journal of new transfers; default: SQLite beside the ledger's folder.
    records : str, optional
        SQLAlchemy URL of what is written down beside the ledger; default: SQLite beside its folder.
    chain : str, optional
        Name of the chain whose wallets the ledger holds, where it does not say so itself. A request
        that names another is refused.
    checkpoint_rows : int
        Entries in the journal after which it is folded into the ledger's folder.
    keep_keys_s : float
        How long an answer is given again to a request with the same ``Idempotency-Key``.
    max_ahead_s : int
        Transfers dated later than so many seconds after the server's clock are refused.
    stale_after_s : float
        An answer as of so many seconds after the ledger's latest transfer is marked as stale.
    max_body_bytes : int
        Largest request body accepted.
    max_bytes_in_flight : int
        Of all bodies in work, half of them for one address.
    max_connections : int
        Open at once; fewer where the system allows this process fewer files.
    head_timeout_s, body_timeout_s, answer_timeout_s : float
        In which the head of a request, and its body, must come, and its answer be taken.
    shutdown_s : float
        How long requests in work may take to end after SIGTERM or SIGINT.
    hosts : tuple of str
        Names that the endpoint is called by, parted by commas in the environment, beside
        ``localhost``, this machine's own name, the address it listens on, and addresses in digits.
        ``*`` allows any: for a proxy that checks them itself.
    bands : Bands
        ``WALLETRISK_BANDS__VERSION``, ``WALLETRISK_BANDS__HIGH`` and so on.
    band_table : Path, optional
        Band table that ``walletrisk bands`` wrote, for the model that is served; in place of
        ``bands``.
    """

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", frozen=True)

    ledger: Path
    model: Path
    labels: Path | None = None
    labels_map: str | None = None
    labels_time_unit: TimeUnit | None = None
    labels_timezone: str | None = None
    clusters: Path | None = None
    journal: str | None = None
    records: str | None = None
    chain: str | None = None
    checkpoint_rows: int = Field(default=50_000, gt=0)
    keep_keys_s: float = Field(default=86_400, gt=0, allow_inf_nan=False)
    max_ahead_s: int = Field(default=7_200, ge=0)  # clocks of blocks are ahead by up to two hours
    stale_after_s: float = Field(default=STALE_AFTER_S, gt=0, allow_inf_nan=False)
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0)
    max_bytes_in_flight: int = Field(default=64 * 1024 * 1024, gt=0)
    max_connections: int = Field(default=1_000, gt=0)
    head_timeout_s: float = Field(default=10, gt=0, allow_inf_nan=False)
    body_timeout_s: float = Field(default=30, gt=0, allow_inf_nan=False)
    answer_timeout_s: float = Field(default=30, gt=0, allow_inf_nan=False)
    shutdown_s: float = Field(default=8, ge=0, allow_inf_nan=False)
    hosts: Annotated[tuple[str, ...], NoDecode] = ()
    bands: Bands = Bands()
    band_table: Path | None = None

    @field_validator("hosts", mode="before")
    @classmethod
    def _parted(cls, given: object) -> object:
        """Names out of a text such as ``risk.example, risk``."""
        if isinstance(given, str):
            return tuple(name.strip() for name in given.split(",") if name.strip())
        return given

    @model_validator(mode="before")
    @classmethod
    def _known_names(cls, given: Any) -> Any:
        """Raise for a variable that sets nothing: a limit misspelt is no limit."""
        known = [f"{PREFIX}{name}".upper() for name in cls.model_fields]
        nested = [f"{PREFIX}BANDS__{name}".upper() for name in Bands.model_fields]
        for name in os.environ:
            if name.upper().startswith(PREFIX) and name.upper() not in (*known, *nested, *OTHERS):
                likely = suggest(name.upper(), [*known, *nested])
                raise ValueError(
                    f"variable {name} is no setting{likely}; allowed: {', '.join(known)}"
                )
        return given

    @model_validator(mode="after")
    def _one_policy(self) -> Self:
        if self.band_table is not None and self.bands != Bands():
            raise ValueError(
                f"bands are set twice: by the table {self.band_table} and by {PREFIX}BANDS__..."
            )
        return self

    @property
    def labels_written(self) -> TableOptions:
        """How the file of labels is written."""
        return TableOptions(self.labels_map, self.labels_time_unit, self.labels_timezone)

    @property
    def journal_url(self) -> str:
        """URL of the journal, the default filled in."""
        return journal_beside(self.ledger) if self.journal is None else self.journal

    @property
    def records_url(self) -> str:
        """URL of the records, the default filled in."""
        return database_beside(self.ledger, "records") if self.records is None else self.records


def journal_beside(ledger: Path) -> str:
    """URL of the journal beside a ledger's folder.

    Examples
    --------
    >>> journal_beside(Path("/data/ledger"))
    'sqlite:////data/ledger.journal.sqlite'
    """
    return database_beside(ledger, "journal")


def database_beside(ledger: Path, what: str) -> str:
    """URL of an SQLite database beside a ledger's folder, by what it holds."""
    folder = ledger.absolute()
    return f"sqlite:///{folder.with_name(f'{folder.name}.{what}.sqlite')}"
