from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import Ledger, RiskError, feature_table
from training.models.estimator import resolve_parameters, table_inputs

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


def test_inputs_are_the_columns_asked_for_in_that_order(ledger: Ledger) -> None:
    spine = pd.DataFrame({"wallet": ["w00003", "nobody"], "as_of": ledger.last_timestamp})
    table = feature_table(ledger, spine)
    names = (str(table.columns[-1]), "coverage_out_count", str(table.columns[7]))
    inputs = table_inputs(ledger, spine, None, feature_names=names)
    assert len(inputs) == 2
    np.testing.assert_array_equal(inputs.features, table[list(names)].to_numpy())
