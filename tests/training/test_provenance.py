"""Where a run comes from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from training.config import ConfigError, RunConfig
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
HYBRID = """
[data]
table = "table.parquet"
labels = "labels.csv"

[split]
test_share = 0.2
calibrate_share = 0.2

[model]
model = "hybrid"
base_rate = 0.02

[model.parameters]
network = "gine"
of = { gine = { encoder = "taught/encoder", hidden = 16 }, lightgbm = { trees = 40 } }
"""


@pytest.mark.parametrize("text", [TOML, HYBRID])
def test_a_configuration_reads_back_equal(tmp_path: Path, text: str) -> None:
    (tmp_path / "train.toml").write_text(text, encoding="utf-8")
    config = RunConfig.read(tmp_path / "train.toml")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "config.toml").write_text(config_text(config), encoding="utf-8")
    assert RunConfig.read(elsewhere / "config.toml") == config


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(TOML, encoding="utf-8")
    assert RunConfig.read(tmp_path / "train.toml").data.table == tmp_path / 'ta"b\\le é.parquet'
    (tmp_path / "train.toml").write_text(HYBRID, encoding="utf-8")
    assert RunConfig.read(tmp_path / "train.toml").encoders == (tmp_path / "taught" / "encoder",)


def test_every_default_is_written_out(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(TOML, encoding="utf-8")
    text = config_text(RunConfig.read(tmp_path / "train.toml"))
    for line in ("folds = 5", "confidence = true", 'gap = "0d"', 'experiment = "walletrisk"'):
        assert line in text.splitlines()


def test_a_changed_input_is_named(tmp_path: Path) -> None:
    for name in ("labels.csv", "table.parquet"):
        (tmp_path / name).write_text(name)
    encoder = tmp_path / "taught" / "encoder"
    encoder.mkdir(parents=True)
    (encoder / "encoder.json").write_text("{}")
    (tmp_path / "train.toml").write_text(HYBRID, encoding="utf-8")
    config = RunConfig.read(tmp_path / "train.toml")
    before = input_hashes(config)
    assert changes(before, input_hashes(config)) == []
    (tmp_path / "labels.csv").write_text("other")
    (encoder / "encoder.json").write_text("[]")
    labels, taught = changes(before, input_hashes(config))
    said = r"labels is not what it was: .*labels\.csv, sha256 \w{12} -> \w{12}"
    assert re.fullmatch(said, labels)
    assert taught.startswith(f"encoder 1 is not what it was: {encoder}, ")


def test_a_missing_input_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "train.toml").write_text(HYBRID, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"labels\.csv cannot be read: No such file"):
        input_hashes(RunConfig.read(tmp_path / "train.toml"))


def test_the_commit_is_that_of_the_code(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert re.fullmatch(r"[0-9a-f]{40}(\+changes)?|unknown", git_commit())
    installed = tmp_path / "training" / "__init__.py"
    installed.parent.mkdir()
    installed.touch()
    monkeypatch.setattr("training.__file__", str(installed))
    assert git_commit() == "unknown"
