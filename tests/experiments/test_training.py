"""Every stage of experiment 0008 can be measured as its run.py calls it."""

import inspect
import sys
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "experiments" / "0008-training"
STAGES = ("refit", "around", "nearby", "probability", "watch", "gate", "models", "cost", "reasons")


def test_every_stage_is_run() -> None:
    found = {path.stem.removeprefix("stage_") for path in FOLDER.glob("stage_*.py")}
    assert found == set(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_gives_measures_and_figures(name: str) -> None:
    sys.path.insert(0, str(FOLDER))
    try:
        stage = import_module(f"stage_{name}")
    finally:
        sys.path.remove(str(FOLDER))
    assert list(inspect.signature(stage.measures).parameters) == ["work", "quick"]
    assert next(iter(inspect.signature(stage.figures).parameters))
