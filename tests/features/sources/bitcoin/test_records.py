"""What a transaction of coins must say before it is believed."""

import pytest

from features import SourceError
from features.sources.bitcoin.records import MOST
from tests.coins import records


def test_owners_have_codes_in_order_of_their_names() -> None:
    found = records(([], [("b", 5)]), ([("b", 5)], [("a", 4), (None, 0)]))
    assert found.owners.to_pylist() == ["a", "b"]
    assert found.outputs.owner.tolist() == [1, 0, -1]
    assert found.coinbase.tolist() == [True, False]
    assert found.fees.tolist() == [0, 1]


@pytest.mark.parametrize("unknown", [(None, 5), ("a", None), (None, None)])
def test_inputs_of_unknown_payers_are_refused_with_their_number(
    unknown: tuple[str | None, int | None],
) -> None:
    with pytest.raises(SourceError, match=r"^2 of 3 inputs, of 1 transactions, .* first in 1: "):
        records(([("a", 5)], [("b", 4)]), ([unknown, unknown], [("b", 4)]))


def test_a_transaction_that_pays_more_than_it_has_is_refused() -> None:
    with pytest.raises(
        SourceError, match=r"1 transactions pay out more .* the first 0, by 1 satoshi"
    ):
        records(([("a", 5)], [("b", 6)]))


@pytest.mark.parametrize("value", [-1, MOST + 1, None])
def test_values_that_cannot_be_are_refused(value: int | None) -> None:
    with pytest.raises(SourceError, match=rf"transaction 0: .*of {value} satoshi"):
        records(([("a", 5)], [("b", value)]))


def test_a_transaction_of_more_than_there_is_is_refused() -> None:
    with pytest.raises(SourceError, match="transaction 1 moves more than"):
        records(([], [("a", MOST)]), ([], [("a", MOST), ("b", 1)]))
