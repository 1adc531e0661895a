from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pydantic import ValidationError

from features.sources.writing import Writing
from training import TrainConfig
from training.config import ConfigError, RunConfig, SplitConfig

GOOD = """
[data]
ledger = "ledger"
spine = "spine.parquet"
labels = "/elsewhere/labels.csv"

[split]
test_share = 0.2
calibrate_share = 0.2
gap = "7d"

[model]
model = "lightgbm"
base_rate = 0.01
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text)
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    config = RunConfig.read(written(tmp_path, GOOD))
    assert config.data.ledger == tmp_path / "ledger"
    assert config.data.labels == Path("/elsewhere/labels.csv")
    assert config.model == TrainConfig(model="lightgbm", base_rate=0.01)
    assert config.mlflow.name == "walletrisk"


def test_how_files_are_written_is_said_beside_them(tmp_path: Path) -> None:
    how = 'timezone = "Europe/Berlin"\nmap = "labels.wallet=address,as_of=day"\n'
    config = RunConfig.read(written(tmp_path, GOOD.replace("[split]", f"{how}\n[split]")))
    spine, labels = config.data.written.of("spine"), config.data.written.of("labels")
    assert spine == {"columns": {"as_of": "day"}, "writing": Writing(timezone="Europe/Berlin")}
    assert labels["columns"] == {"wallet": "address"}
    assert config.data.spine == tmp_path / "spine.parquet"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("gap =", "gaps =", r"\[split\] gaps is unknown; allowed are train_until, calibrate_until"),
        ("[data]", "[dat]", r"config.toml: \[data\]: Field required"),
        (
            "[model]",
            "[mlflow]\nuri = 'x'\n[model]",
            r"\[mlflow\] uri is unknown; allowed are track",
        ),
        ("[model]", "[speed]\n[model]", r"\[speed\] is unknown; allowed are data, split, model"),
        ("0.01", "1.5", r"\[model\] base_rate: Input should be less than 1"),
        (
            '"lightgbm"',
            '"forest"',
            r"\[model\] model: model kind 'forest' is unknown; there are logistic",
        ),
        ("test_share = 0.2", "", r"\[split\]: needs either train_until and calibrate_until"),
        ('"7d"', '"soon"', r"\[split\] gap: String should match pattern '\^\\d\+\[dh\]"),
        ("[split]", "[split", "is not TOML"),
    ],
)
def test_mistakes_are_one_clear_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message) as caught:
        RunConfig.read(written(tmp_path, GOOD.replace(old, new)))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.toml: No such file"):
        RunConfig.read(tmp_path / "none.toml")


def test_dates_need_a_time_zone() -> None:
    with pytest.raises(ValidationError, match="should have timezone info"):
        SplitConfig.model_validate(
            {"train_until": "2024-01-01T00:00:00", "calibrate_until": "2024-02-01T00:00:00Z"}
        )


def test_dates_and_shares_both_make_a_split() -> None:
    as_of = pd.Timestamp("2024-01-01", tz="UTC") + pd.to_timedelta(range(100), unit="D")
    spine = pd.DataFrame({"wallet": "w", "as_of": as_of})
    (shares,) = SplitConfig(test_share=0.2, calibrate_share=0.25, gap="2d", origins=1).splits(spine)
    assert shares.test_from == as_of[80]
    (dates,) = SplitConfig.model_validate(
        {
            "train_until": shares.train_until.to_pydatetime(),
            "calibrate_until": shares.calibrate_until.to_pydatetime(),
            "gap": "2d",
            "origins": 1,
        }
    ).splits(spine)
    assert dates == shares


def test_settings_do_not_change() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        TrainConfig(model="logistic", base_rate=0.1).seed = 3
