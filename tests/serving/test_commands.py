"""What the serving commands are told."""

from pathlib import Path

import pytest

from features import RiskError
from serving.commands import instant, numbers, settings


@pytest.mark.parametrize("text", ["yesterday", "2026-01-31", "2026-01-31T00:00:00"])
def test_a_time_needs_an_offset(text: str) -> None:
    with pytest.raises(RiskError, match="is no time with an offset"):
        instant(text)


def test_now_is_the_default() -> None:
    assert instant(None) > instant("2024-01-01T00:00:00Z")


def test_a_bad_variable_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLETRISK_BANDS__HIGH", "very")
    with pytest.raises(RiskError, match="WALLETRISK_BANDS__HIGH: Input should be a valid number"):
        settings(Path("ledger"), Path("model"), None)


def test_labels_of_the_environment_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLETRISK_LABELS", "known.csv")
    assert settings(Path("l"), Path("m"), None).labels == Path("known.csv")
    assert settings(Path("l"), Path("m"), Path("other.csv")).labels == Path("other.csv")


@pytest.mark.parametrize("text", ["kyc_age_days", "kyc_age_days=", "kyc_age_days=old", "a=1,,b=2"])
def test_context_is_named_numbers(text: str) -> None:
    with pytest.raises(RiskError, match="is not of the form name=number"):
        numbers(text)


def test_no_context_is_none() -> None:
    assert numbers(None) == {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("WALLETRISK_LEGDER", "x", r"LEGDER is no setting \(did you mean 'WALLETRISK_LEDGER'"),
        ("WALLETRISK_BANDS__HIHG", "5", r"no setting \(did you mean 'WALLETRISK_BANDS__HIGH'"),
        ("walletrisk_max_bodies", "5", "walletrisk_max_bodies is no setting.*allowed: WALLETRISK_"),
        ("WALLETRISK_BANDS", "high", "WALLETRISK_... cannot be read: .*bands"),
        ("WALLETRISK_BANDS", "[1]", "WALLETRISK_BANDS: Input should be"),
        ("WALLETRISK_BANDS", '{"high": 1}', "WALLETRISK_BANDS: .*must rise"),
    ],
)  # fmt: skip
def test_a_wrong_variable_is_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, message: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(RiskError, match=message) as told:
        settings(Path("ledger"), Path("model"), None)
    assert "\n" not in str(told.value)


def test_variables_of_others_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WALLETRISK_DATA", "data")
    monkeypatch.setenv("WALLETRISK_HOSTS", "risk.example, risk")
    assert settings(Path("l"), Path("m"), None).hosts == ("risk.example", "risk")


def test_a_band_table_is_named_by_the_command_or_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WALLETRISK_BAND_TABLE", "one.json")
    assert settings(Path("l"), Path("m"), None).band_table == Path("one.json")
    assert settings(Path("l"), Path("m"), None, Path("two.json")).band_table == Path("two.json")
