"""Settings out of a file: what it may say, and who wins over it."""

from pathlib import Path

import pytest

from features import RiskError
from serving.config_file import read_settings

EXAMPLE = Path(__file__).parents[2] / "serving" / "example.toml"


def written(folder: Path, text: str) -> Path:
    path = folder / "serve.toml"
    path.write_text(text)
    return path


def test_the_example_is_read() -> None:
    read = read_settings(EXAMPLE, {})
    assert list(read.houses) == ["ethereum", "bitcoin"]
    ethereum, bitcoin = read.houses.values()
    assert ethereum.ledger == EXAMPLE.parent / "ethereum" / "ledger"
    assert ethereum.model == "models:/walletrisk-ethereum@champion"
    assert bitcoin.model == str(EXAMPLE.parent / "bitcoin" / "model")
    assert (bitcoin.bands.high, bitcoin.bands.medium) == (30, 3)
    assert read.hosts == ("risk.example",)


def test_the_environment_wins_over_the_file_and_an_option_over_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = written(
        tmp_path, 'ledger = "l"\nmodel = "m"\nmax_ahead_s = 1\n[bands]\nhigh = 30\nsevere = 300\n'
    )
    monkeypatch.setenv("WALLETRISK_BANDS__HIGH", "40")
    monkeypatch.setenv("WALLETRISK_LABELS", "env.csv")
    read = read_settings(config, {"labels": Path("option.csv"), "clusters": None})
    assert (read.bands.high, read.bands.severe) == (40, 300)
    assert read.only.labels == Path("option.csv")
    assert read.only.ledger == tmp_path / "l"
    assert read.max_ahead_s == 1


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('legder = "l"', r"serve.toml: legder is no setting \(did you mean 'ledger'\?\); allowed"),
        ("[bands]\nhihg = 3", r"bands.hihg is no setting \(did you mean 'high'\?\)"),
        ('[ledgers.a]\nlables = "x"', r"ledgers.a.lables is no setting \(did you mean 'labels'"),
        ("max_ahead_s = -1", "serve.toml: max_ahead_s: Input should be greater than or equal to 0"),
        ("[ledgers.a]\nledger = 5\nmodel = 'm'", "serve.toml: ledgers.a.ledger: Input is not a"),
        ("ledgers = 5", "serve.toml: ledgers: Input should be a valid dictionary"),
        ("[ledgers.A]\nledger = 'l'\nmodel = 'm'", "ledgers.A.*should match pattern"),
        ('model = "m"', "ledger must be set, or several ledgers"),
        ("model = ", "serve.toml cannot be read as TOML: Invalid value"),
    ],
)
def test_a_mistake_is_one_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(RiskError, match=message) as told:
        read_settings(written(tmp_path, text), {})
    assert "\n" not in str(told.value)


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(RiskError, match=r"cannot be read as TOML: .*No such file"):
        read_settings(tmp_path / "none.toml", {})
