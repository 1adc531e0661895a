"""Where one band of risk ends and the next begins: multiples of the odds at the base rate.

Odds, not probabilities, so that one policy holds at any base rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

# a starting point, not a recommendation: set them from the review capacity at hand
BANDS: Mapping[str, float] = MappingProxyType({"medium": 3.0, "high": 20.0, "severe": 100.0})
LOWEST = "low"


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
