"""How the cells of a file are written, as far as they do not say it themselves."""

import re
from dataclasses import dataclass
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from features.contracts.received import suggest
from features.errors import SourceError

TimeUnit = Literal["s", "ms", "us"]
Decimal = Literal["point", "comma"]

PER_SECOND = {"s": 1, "ms": 1_000, "us": 1_000_000}
UNITS = {"wei": 18, "gwei": 9, "satoshi": 8}  # digits after the point of a whole unit
DIVIDED = ("gwei",)  # of these a part may occur
MOST_DECIMALS = 36
_DECIMALS = re.compile(r"decimals=([0-9]{1,2})")


@dataclass(frozen=True, slots=True)
class Writing:
    """How times and numbers are written.

    Parameters
    ----------
    time_unit : {"s", "ms", "us"}, optional
        Unit of integer times, which count from 1970-01-01 UTC.
    timezone : str, optional
        Zone of times that name none, such as "UTC".
    unit : str, optional
        What amounts and fees count: "wei", "gwei", "satoshi", or "decimals=N" for the smallest part
        of an asset of N decimals, 0 for whole units. They become whole units of the asset.
    decimal : {"point", "comma"}, optional
        What parts whole numbers from fractions; the other one, spaces and apostrophes may part
        thousands. Without it a comma is refused: it could be either.

    Raises
    ------
    SourceError
        One of them is none of these.
    """

    time_unit: TimeUnit | None = None
    timezone: str | None = None
    unit: str | None = None
    decimal: Decimal | None = None

    def __post_init__(self) -> None:
        _among("time unit", self.time_unit, get_args(TimeUnit))
        _among("decimal sign", self.decimal, get_args(Decimal))
        if self.timezone is not None:
            try:
                ZoneInfo(self.timezone)
            except (KeyError, ValueError, OSError):
                raise SourceError(f"unknown time zone {self.timezone!r}; try 'UTC'") from None
        if self.unit is not None and self.unit not in UNITS:
            match = _DECIMALS.fullmatch(self.unit)
            if match is None or int(match[1]) > MOST_DECIMALS:
                raise SourceError(
                    f"unknown unit {self.unit!r}{suggest(self.unit, UNITS)}; allowed: "
                    f"{', '.join(UNITS)}, decimals=0 to decimals={MOST_DECIMALS}"
                )

    @property
    def digits(self) -> int:
        """Digits after the point that the unit of amounts takes; 0 where they are whole units."""
        if self.unit is None:
            return 0
        return UNITS[self.unit] if self.unit in UNITS else int(self.unit.partition("=")[2])


def _among(what: str, given: str | None, allowed: tuple[str, ...]) -> None:
    if given is not None and given not in allowed:
        raise SourceError(f"{what} must be one of {', '.join(allowed)}, received {given!r}")


PLAINLY = Writing()
