"""What the training commands are told."""

from pathlib import Path

import pytest

import walletrisk
from training.commands import model_folder


def test_a_folder_is_taken_as_it_is() -> None:
    assert model_folder("models/one", None) == Path("models/one")


@pytest.mark.parametrize(
    "arguments", [[], ["one.toml", "--run", "abc"], ["--run", "abc", "--reference"]]
)
def test_train_is_told_one_thing(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert walletrisk.run(["train", *arguments]) == 2
    assert "train takes one of: CONFIG.toml, --run ID, --reference" in capsys.readouterr().err


def test_the_store_of_a_file_is_said_in_the_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert walletrisk.run(["train", "one.toml", "--tracking-uri", "sqlite:///x.db"]) == 2
    assert "CONFIG.toml says it in [mlflow]" in capsys.readouterr().err


def test_the_reference_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert walletrisk.run(["train", "--reference"]) == 0
    assert capsys.readouterr().out.startswith("# train.toml\n")
