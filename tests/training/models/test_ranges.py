from __future__ import annotations

from typing import Any

import pytest

from features import RiskError
from training import TrainConfig
from training.models.kinds import check_parameters, estimator_class
from training.models.ranges import allowed_values

WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("lightgbm", {"learning_rate": -1}, r"learning_rate of model 'lightgbm' must be above 0, got"),
    ("lightgbm", {"leaves": 0}, r"leaves .* must be 2 or more, at most 131072, got 0"),
    ("lightgbm", {"column_share": 1.5}, r"column_share .* must be above 0, at most 1, got 1.5"),
    ("lightgbm", {"l2": float("inf")}, r"l2 .* must be 0 or more, got inf"),
    ("logistic", {"inverse_penalty": float("nan")}, r"must be above 0, got nan"),
    ("random_forest", {"min_samples_leaf": -3}, r"must be an int in the range \[1, inf\).* Got -3"),
    ("extra_trees", {"n_estimators": 0}, r"must be an int in the range \[1, inf\).* Got 0"),
    ("hist_boosting", {"learning_rate": -1.0}, r"must be a float in the range \(0.0, inf\)"),
    ("stack", {"folds": 1}, r"folds of model 'stack' must be 2 or more, at most 50, got 1"),
    ("stack", {"of": {"lightgbm": {"trees": 0}}}, r"trees of model 'lightgbm' must be 1 or more"),
    ("stack", {"kinds": ["lightgbm"]}, r"must be two or more, each once, got \['lightgbm'\]"),
    ("stack", {"kinds": ["lightgbm", "stack"]}, r"read the table, not of 'stack'"),
    ("stack", {"of": {"random_forest": {}}}, r"of gives parameters to random_forest"),
]


@pytest.mark.parametrize(("kind", "parameters", "message"), WRONG)
def test_a_parameter_out_of_range_is_an_error_of_one_line(
    kind: str, parameters: dict[str, Any], message: str
) -> None:
    with pytest.raises(RiskError, match=message) as error:
        check_parameters(kind, parameters)
    assert "\n" not in str(error.value)
    with pytest.raises(ValueError, match=message):
        TrainConfig(model=kind, base_rate=0.01, parameters=parameters)


@pytest.mark.parametrize(
    "kind", ["logistic", "lightgbm", "random_forest", "extra_trees", "hist_boosting", "stack"]
)
def test_every_parameter_has_words_for_what_is_allowed(kind: str) -> None:
    found = estimator_class(kind)
    said = allowed_values(found)
    assert said.keys() == found.defaults.keys()
    assert all(text and "\n" not in text for text in said.values())
    numbers = [name for name, value in found.defaults.items() if type(value) in (int, float)]
    assert all("more" in said[name] or "above" in said[name] or "range" in said[name]
               for name in numbers)  # fmt: skip


def test_the_words_do_not_depend_on_the_order_of_a_set() -> None:
    said = allowed_values(estimator_class("random_forest"))
    assert said["criterion"] == "a str among 'entropy', 'gini', 'log_loss'"
