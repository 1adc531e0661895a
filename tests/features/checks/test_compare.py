"""Comparisons count what they compare and name what differs."""

import numpy as np
import pandas as pd
import pytest

from features.checks.compare import close, require, same_bits
from features.errors import ViewError

INDEX = pd.MultiIndex.from_product([["a", "b"], [pd.Timestamp("2026-01-01", tz="UTC")]])


def table(*values: float, name: str = "mine_ratio") -> pd.DataFrame:
    return pd.DataFrame({name: values}, index=INDEX)


def test_equal_tables_are_counted() -> None:
    assert same_bits(table(1.0, np.nan), table(1.0, np.nan)) == 2
    assert close(table(1.0, np.inf), table(1.0, np.inf), rtol=1e-9) == 2


@pytest.mark.parametrize("got", [np.nextafter(1.0, 2.0), np.nan, -1.0])
def test_one_bit_is_a_difference(got: float) -> None:
    message = (
        r"column 'mine_ratio' of wallet 'b' as of 2026-01-01T00:00:00\+00:00: got .*, wanted 1"
    )
    with pytest.raises(ViewError, match=message):
        same_bits(table(0.0, got), table(0.0, 1.0))


def test_zero_has_a_sign() -> None:
    with pytest.raises(ViewError, match=r"got -0\.0, wanted 0\.0"):
        same_bits(table(-0.0, 1.0), table(0.0, 1.0))


def test_rounding_is_no_difference_and_more_is() -> None:
    assert close(table(1.0, 3.0), table(1.0 + 1e-11, 3.0), rtol=1e-9) == 2
    assert close(table(1e-13, 3.0), table(0.0, 3.0), rtol=1e-9) == 2
    with pytest.raises(ViewError, match=r"got 1\.0, wanted 1\.1, and 1 more such cells"):
        close(table(1.0, 3.0), table(1.1, np.nan), rtol=1e-9)


def test_amounts_are_compared_on_their_scale() -> None:
    got, wanted = (table(value, 1.0, name="mine_amount") for value in (1e-4, 0.0))
    assert close(got, wanted, rtol=1e-9, scale=np.array([1e9, 1.0])) == 2
    with pytest.raises(ViewError, match="of wallet 'a'"):
        close(got, wanted, rtol=1e-9)


def test_other_columns_or_rows_are_said() -> None:
    with pytest.raises(
        ViewError, match=r"got 2 rows of columns \['x'\], wanted 2 of \['mine_ratio'\]"
    ):
        same_bits(table(1.0, 1.0, name="x"), table(1.0, 1.0))
    with pytest.raises(ViewError, match="got 1 rows"):
        same_bits(table(1.0, 1.0).iloc[:1], table(1.0, 1.0))


def test_a_rule_is_said_where_it_is_broken() -> None:
    assert require(np.array([[True], [True]]), table(1.0, 2.0), "a small number") == 2
    with pytest.raises(ViewError, match=r"got 2\.0, wanted a small number"):
        require(np.array([[True], [False]]), table(1.0, 2.0), "a small number")
