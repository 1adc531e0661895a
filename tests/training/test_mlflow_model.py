"""How a model describes itself to MLflow; the store itself is reached by test_run."""

from __future__ import annotations

from types import SimpleNamespace

from training import Trained
from training.mlflow_model import requirements, signature
from training.scores import COUNTS, SAID


def test_a_tabular_model_names_its_columns_and_the_counts(trained: Trained) -> None:
    named = signature(trained.model).inputs.input_names()
    names = trained.model.feature_names
    assert tuple(named[: len(names)]) == names
    assert set(named) == {*names, *COUNTS}
    assert signature(trained.model).outputs.input_names() == list(SAID)
    assert signature(trained.model).params is None


def test_a_graph_network_asks_for_wallets_and_a_ledger() -> None:
    model = SimpleNamespace(estimator=SimpleNamespace(reads="ledger"), categories=None)
    said = signature(model)  # type: ignore[arg-type]
    assert said.inputs.input_names() == ["wallet", "as_of"]
    assert [param.name for param in said.params] == ["ledger", "labels"]


def test_requirements_are_pinned() -> None:
    for libraries in (("lightgbm",), ("scikit-learn", "skops")):
        lines = requirements(libraries)
        assert all("==" in line for line in lines)
        assert {line.split("==")[0] for line in lines} >= set(libraries)
    assert not any(line.startswith("torch") for line in requirements(("lightgbm",)))
