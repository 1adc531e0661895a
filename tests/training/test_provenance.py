"""Where a run comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from training.config import ConfigError, DataConfig, RunConfig
from training.provenance import changes, config_text, git_commit, input_hashes

TOML = """
[data]
table = "ta\\"b\\\\le \\u00e9.parquet"
labels = "labels.csv"

[split]
train_until = 2024-05-01T00:00:00+02:00
calibrate_until = 2024-06-01T00:00:00Z

[model]
model = "lightgbm"
base_rate = 0.02
columns = ["coverage_age_s", "amounts_total_in_amount"]
half_life = "90d"

[model.parameters]
trees = 40
learning_rate = 1e-2
"""


def test_a_configuration_reads_back_equal(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(TOML, encoding="utf-8")
    config = RunConfig.read(tmp_path / "train.toml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "config.toml").write_text(config_text(config), encoding="utf-8")
    assert RunConfig.read(elsewhere / "config.toml") == config
    assert config.data.table == tmp_path / 'ta"b\\le é.parquet'


def test_every_default_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(TOML, encoding="utf-8")
    text = config_text(RunConfig.read(tmp_path / "train.toml"))
    for line in ("folds = 5", "confidence = true", 'gap = "0d"', 'experiment = "walletrisk"'):
        assert line in text.splitlines()


def test_a_changed_input_is_named(tmp_path: Path) -> None:
    for name in ("labels.csv", "table.parquet"):
        (tmp_path / name).write_text(name)
    data = DataConfig(table=tmp_path / "table.parquet", labels=tmp_path / "labels.csv")
    before = input_hashes(data)
    assert changes(before, input_hashes(data)) == []
    (tmp_path / "labels.csv").write_text("other")
    (said,) = changes(before, input_hashes(data))
    assert re.fullmatch(r"labels is not what it was: .*labels\.csv, sha256 \w{12} -> \w{12}", said)


def test_a_missing_input_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv cannot be read: No such file"):
        input_hashes(DataConfig(table=tmp_path / "none.csv", labels=tmp_path / "none.csv"))


def test_the_commit_is_that_of_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?|unknown", git_commit())
    installed = tmp_path / "training" / "__init__.py"
    installed.parent.mkdir()
    installed.touch()
    monkeypatch.setattr("training.__file__", str(installed))
    assert git_commit() == "unknown"
