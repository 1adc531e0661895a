from __future__ import annotations

import pytest

from features import RiskError
from training.models.estimator import resolve_parameters

DEFAULTS = {"trees": 200, "rate": 0.1}


def test_an_unknown_parameter_is_named_with_the_allowed_ones() -> None:
    with pytest.raises(RiskError, match=r"'lightgbm' has no parameter leafs; it has trees, rate"):
        resolve_parameters("lightgbm", DEFAULTS, {"leafs": 3})


@pytest.mark.parametrize("value", ["3", 3.5, True])
def test_a_parameter_has_the_type_of_its_default(value: object) -> None:
    with pytest.raises(RiskError, match=r"trees of model 'lightgbm' must be int"):
        resolve_parameters("lightgbm", DEFAULTS, {"trees": value})


def test_whole_numbers_are_numbers() -> None:
    assert resolve_parameters("lightgbm", DEFAULTS, {"rate": 1}) == {"trees": 200, "rate": 1}
