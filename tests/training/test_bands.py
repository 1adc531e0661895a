"""Bands are multiples of the odds at the base rate."""

import pytest

from serving.ledger_settings import Bands
from training.bands import BANDS, band_thresholds


@pytest.mark.parametrize("base_rate", [0.001, 0.01, 0.3])
def test_the_endpoints_defaults_are_the_bands_of_training(base_rate: float) -> None:
    assert Bands().thresholds(base_rate) == band_thresholds(base_rate)


def test_a_band_begins_at_its_multiple_of_the_odds() -> None:
    for band, lowest in band_thresholds(0.02).items():
        assert lowest / (1 - lowest) == pytest.approx(BANDS[band] * 0.02 / 0.98)
