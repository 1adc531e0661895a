"""Settings and the policy of the bands."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from serving.ledger_settings import Bands
from serving.settings import Settings


def test_the_journal_lies_beside_the_ledger(tmp_path: Path) -> None:
    settings = Settings(ledger=tmp_path / "eth", model="model")
    assert settings.only.journal_url == f"sqlite:///{tmp_path / 'eth.journal.sqlite'}"


def test_the_environment_names_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {
        "LEDGER": "l",
        "MODEL": "m",
        "JOURNAL": "postgresql+psycopg://db/walletrisk",
        "CHAIN": "ethereum",
        "MAX_BODY_BYTES": "1000",
        "BANDS__VERSION": "2026-03",
        "BANDS__MEDIUM": "5",
    }
    for name, value in given.items():
        monkeypatch.setenv(f"WALLETRISK_{name}", value)
    settings = Settings()
    assert settings.ledger == Path("l")
    assert settings.only.journal_url == "postgresql+psycopg://db/walletrisk"
    assert settings.chain == "ethereum"
    assert settings.max_body_bytes == 1000
    assert settings.bands == Bands(version="2026-03", medium=5)


def test_bands_must_rise() -> None:
    with pytest.raises(ValidationError, match="medium < high < severe, got 3"):
        Bands(medium=3, high=2)


@pytest.mark.parametrize("base_rate", [1e-6, 0.01, 0.3, 0.99])
def test_thresholds_lie_between_base_rate_and_one(base_rate: float) -> None:
    found = list(Bands().thresholds(base_rate).values())
    assert found == sorted(found)
    assert base_rate < found[0]
    assert found[-1] < 1
