"""A logged model runs on its own code, in an environment without this package."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path

import pandas as pd
import pytest

from training import Trained, running_code
from training.manifest import ModelError
from training.mlflow_model import save_model
from training.running_code import check_code, code_hash, copy_code, running_hash
from training.scores import COUNTS

LOAD = """
import importlib.util, json, sys
sys.meta_path[:] = [one for one in sys.meta_path if "editable" not in str(one).lower()]
sys.path[:] = [one for one in sys.path if one not in ("", sys.argv[3])]
assert importlib.util.find_spec("training") is None, "the package must not be there"
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
import features, training
said = model.predict(pandas.read_parquet(sys.argv[2]))
print(json.dumps([training.__file__, features.__file__, *said["probability"]]))
"""


def logged(trained: Trained, folder: Path) -> Path:
    """A model saved as a run logs it."""
    model = trained.model
    model.save(folder / "model")
    save_model(model, folder / "model", folder / "logged")
    return folder / "logged"


def rows(trained: Trained, table: pd.DataFrame, folder: Path) -> Path:
    names = list(dict.fromkeys((*trained.model.feature_names, *COUNTS)))
    table[names].head(20).reset_index(drop=True).to_parquet(folder / "rows.parquet")
    return folder / "rows.parquet"


def load_elsewhere(python: str, model: Path, table: Path) -> list[object]:
    checkout = str(Path(__file__).resolve().parents[2])
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [python, "-W", "ignore", "-c", LOAD, str(model), str(table), checkout],
        cwd=table.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    said: list[object] = json.loads(done.stdout.splitlines()[-1])
    return said


@pytest.mark.parametrize("trained", ["lightgbm"], indirect=True)
def test_a_process_without_the_package_loads_a_logged_model(
    trained: Trained, table: pd.DataFrame, tmp_path: Path
) -> None:
    model, asked = logged(trained, tmp_path), rows(trained, table, tmp_path)
    (*places,) = load_elsewhere(sys.executable, model, asked)
    assert [str(one).startswith(str(model / "code")) for one in places[:2]] == [True, True]
    assert places[2:] == trained.model.predict_proba(table.head(20)).tolist()


@pytest.mark.skipif(
    "WALLETRISK_FRESH_ENVIRONMENT" not in os.environ,
    reason="installs several hundred megabytes; set WALLETRISK_FRESH_ENVIRONMENT=1",
)
@pytest.mark.parametrize("trained", ["lightgbm"], indirect=True)
def test_an_environment_made_from_the_requirements_loads_a_logged_model(
    trained: Trained, table: pd.DataFrame, tmp_path: Path
) -> None:
    model, asked = logged(trained, tmp_path), rows(trained, table, tmp_path)
    venv.create(tmp_path / "fresh", with_pip=True)
    python = str(tmp_path / "fresh" / "bin" / "python")
    install = [python, "-m", "pip", "install", "-q", "-r", str(model / "requirements.txt")]
    subprocess.run(install, check=True)
    said = load_elsewhere(python, model, asked)
    assert said[2:] == trained.model.predict_proba(table.head(20)).tolist()


def test_sources_and_nothing_else_are_copied(tmp_path: Path) -> None:
    copies = copy_code(tmp_path)
    assert [path.name for path in copies] == ["features", "training"]
    assert code_hash(tmp_path) == running_hash()
    assert not [path for path in tmp_path.rglob("*") if path.name == "__pycache__"]
    (tmp_path / "training" / "scores.py").write_text("")
    assert code_hash(tmp_path) != running_hash()


def test_a_second_model_of_other_code_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tmp_path / "one" / "code", tmp_path / "two" / "code"
    for code in (first, second):
        copy_code(code)
        (code.parent / "MLmodel").touch()
    monkeypatch.setattr(running_code, "_root", lambda _package: first)
    check_code(first)
    check_code(second)  # the same code, so it does not matter whose
    (second / "training" / "scores.py").write_text("COUNTS = ()")
    with pytest.raises(ModelError, match=r"was logged with other code.*a process of its own"):
        check_code(second)


def test_installed_code_may_load_what_another_release_logged(tmp_path: Path) -> None:
    other = tmp_path / "code"
    copy_code(other)
    (other / "training" / "scores.py").write_text("COUNTS = ()")
    check_code(other)  # the model's folder is what says whether it fits
