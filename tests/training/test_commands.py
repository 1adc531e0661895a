"""What the training commands are told."""

from pathlib import Path

from training.commands import model_folder


def test_a_folder_is_taken_as_it_is() -> None:
    assert model_folder("models/one", None) == Path("models/one")
