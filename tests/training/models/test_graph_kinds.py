"""Kinds of graph network: what their parameters may be."""

import pytest

from features import RiskError

pytest.importorskip("torch")


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("hidden", 0, "hidden of model 'graphsage' must be 1 or more, got 0"),
        ("first_fan", -1, "first_fan of model 'graphsage' must be 0 or more, got -1"),
        ("dropout", 1.0, "dropout of model 'graphsage' must be 0 or more, below 1, got 1.0"),
    ],
)
def test_parameters_out_of_range_are_refused(name: str, value: float, message: str) -> None:
    from training.models.graph_kinds import GraphSageEstimator

    with pytest.raises(RiskError, match=message):
        GraphSageEstimator(("one",), seed=0, parameters={name: value})
