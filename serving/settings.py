"""What the endpoint must be told: folders, journal, limits and the policy of the bands."""

from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Bands(BaseModel):
    """Where one band ends and the next begins, as multiples of the odds at the base rate.

    A threshold of 10 means: ten times the odds of a wallet nothing is known about. Odds, not
    probabilities, so that the same policy holds at any base rate. The defaults are a starting
    point, not a recommendation: set them from the review capacity at hand, and give the setting
    another version whenever a number changes.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str = Field(default="default-1", min_length=1, max_length=64)
    medium: float = Field(default=3.0, gt=0, allow_inf_nan=False)
    high: float = Field(default=20.0, gt=0, allow_inf_nan=False)
    severe: float = Field(default=100.0, gt=0, allow_inf_nan=False)

    @model_validator(mode="after")
    def _ascending(self) -> Self:
        if not self.medium < self.high < self.severe:
            raise ValueError(
                "band thresholds must rise: medium < high < severe, "
                f"got {self.medium}, {self.high}, {self.severe}"
            )
        return self

    def thresholds(self, base_rate: float) -> dict[str, float]:
        """Lowest probability of each band above ``low``.

        Examples
        --------
        >>> Bands(medium=1, high=3, severe=9).thresholds(0.25)
        {'medium': 0.25, 'high': 0.5, 'severe': 0.75}
        """
        odds = base_rate / (1 - base_rate)
        named = {"medium": self.medium, "high": self.high, "severe": self.severe}
        return {band: times * odds / (1 + times * odds) for band, times in named.items()}


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
    journal : str, optional
        SQLAlchemy URL of the journal of new transfers; default: SQLite beside the ledger's folder.
    chain : str, optional
        Name of the chain whose wallets the ledger holds. A request that names another is refused.
    checkpoint_rows : int
        Entries in the journal after which it is folded into the ledger's folder.
    max_ahead_s : int
        Transfers dated later than so many seconds after the server's clock are refused.
    max_body_bytes : int
        Largest request body accepted.
    bands : Bands
        ``WALLETRISK_BANDS__VERSION``, ``WALLETRISK_BANDS__HIGH`` and so on.
    """

    model_config = SettingsConfigDict(
        env_prefix="WALLETRISK_", env_nested_delimiter="__", frozen=True
    )

    ledger: Path
    model: Path
    labels: Path | None = None
    journal: str | None = None
    chain: str | None = None
    checkpoint_rows: int = Field(default=50_000, gt=0)
    max_ahead_s: int = Field(default=7_200, ge=0)  # clocks of blocks are ahead by up to two hours
    max_body_bytes: int = Field(default=8 * 1024 * 1024, gt=0)
    bands: Bands = Bands()

    @property
    def journal_url(self) -> str:
        """URL of the journal, the default filled in."""
        return journal_beside(self.ledger) if self.journal is None else self.journal


def journal_beside(ledger: Path) -> str:
    """URL of the journal beside a ledger's folder.

    Examples
    --------
    >>> journal_beside(Path("/data/ledger"))
    'sqlite:////data/ledger.journal.sqlite'
    """
    folder = ledger.absolute()
    return f"sqlite:///{folder.with_name(folder.name + '.journal.sqlite')}"
