"""How a model describes itself to MLflow; the store itself is reached by test_run."""

from __future__ import annotations

from types import SimpleNamespace

from training import Trained, tracking


def test_a_tabular_model_names_its_columns(trained: Trained) -> None:
    signature = tracking._signature(trained.model)
    assert tuple(signature.inputs.input_names()) == trained.model.feature_names
    assert signature.params is None


def test_a_graph_network_asks_for_wallets_and_a_ledger() -> None:
    model = SimpleNamespace(estimator=SimpleNamespace(reads="ledger"))
    signature = tracking._signature(model)  # type: ignore[arg-type]
    assert signature.inputs.input_names() == ["wallet", "as_of"]
    assert [param.name for param in signature.params] == ["ledger", "labels"]


def test_requirements_are_pinned() -> None:
    for libraries in (("lightgbm",), ("scikit-learn", "skops")):
        lines = tracking._requirements(libraries)
        assert all("==" in line for line in lines)
        assert {line.split("==")[0] for line in lines} >= set(libraries)
    assert not any(line.startswith("torch") for line in tracking._requirements(("lightgbm",)))
