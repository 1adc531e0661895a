from __future__ import annotations

import subprocess
import sys

import pytest

from features import RiskError
from training.models.kinds import estimator_class, kind_names


def test_classes_know_their_kind() -> None:
    for kind in ("logistic", "lightgbm"):
        assert estimator_class(kind).kind == kind
    assert kind_names() == (
        "logistic", "lightgbm", "random_forest", "extra_trees", "hist_boosting", "stack",
        "graphsage", "gatv2", "gine", "pna", "hybrid", "blend",
    )  # fmt: skip


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(RiskError, match="'forest' is unknown; there are logistic, lightgbm"):
        estimator_class("forest")


def test_training_imports_neither_torch_nor_mlflow() -> None:
    code = (
        "import sys, training, training.run, training.models as models\n"
        "models.estimator_class('lightgbm'), models.estimator_class('logistic')\n"
        "print(sorted({'torch', 'mlflow', 'matplotlib.pyplot'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_extra_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("graph_network", "graph_kinds"):
        monkeypatch.delitem(sys.modules, f"training.models.{name}", raising=False)
    with pytest.raises(RiskError, match=r"'graphsage' needs the extra: pip install 'walletrisk"):
        estimator_class("graphsage")
