"""Movements as transfers: units, and a number of each that does not depend on the source."""

from collections import Counter
from fractions import Fraction

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.sources.ethereum import moves
from features.sources.ethereum.moves import as_transfers, positions, whole_units

TIME = pd.Timestamp("2024-01-01", tz="UTC")


def movements(rows: list[tuple[str, str, str, str, str]], top: bool = False) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["tx_id", "sender", "recipient", "raw", "asset"])
    return frame.assign(block=1, timestamp=TIME, decimals=0, top=top)


@given(st.integers(0, 2**256 - 1), st.integers(0, 77))
def test_units_are_exact_fractions_rounded_once(raw: int, decimals: int) -> None:
    assert whole_units([str(raw)], [decimals])[0] == float(Fraction(raw, 10**decimals))


def test_a_file_of_one_address_numbers_as_the_whole_transaction_does() -> None:
    rows = [
        ("t", "a", "b", "5", "ETH"), ("t", "c", "b", "5", "ETH"), ("t", "a", "b", "5", "ETH"),
        ("t", "a", "b", "5", "0xtoken"), ("u", "a", "b", "5", "ETH"), ("t", "b", "d", "7", "ETH"),
    ]  # fmt: skip
    left_out = Counter[str]()
    whole = as_transfers(movements(rows), left_out)
    assert not whole.duplicated(["tx_id", "position"]).any()
    for address in "abcd":
        touching = [row for row in rows if address in row[1:3]]
        shuffled = as_transfers(movements(touching[::-1]), left_out)
        keys = ["tx_id", "position", "sender", "recipient", "amount", "asset"]
        assert set(map(tuple, shuffled[keys].to_numpy().tolist())) == {
            tuple(row) for row in whole[keys].to_numpy().tolist() if address in row[2:4]
        }


def test_the_payment_of_the_transaction_is_number_zero_and_tokens_lie_above_ether() -> None:
    top = movements([("t", "a", "b", "5", "ETH")], top=True)
    inner = movements([("t", "a", "b", "5", "ETH"), ("t", "a", "b", "5", "0xtoken")])
    number = as_transfers(pd.concat([top, inner]), Counter())["position"].tolist()
    assert number[0] == 0
    assert 0 < number[1] < 2**30 <= number[2] < 2**31


def test_numbers_that_meet_are_moved_apart() -> None:
    rows = [("t", str(one), "b", "5", "ETH") for one in range(40)]
    frame = as_transfers(movements(rows), Counter()).assign(top=False)
    number = np.full(40, 7)
    mixed = np.arange(40, dtype=np.uint64)[::-1].copy()
    apart = moves._apart(frame["tx_id"], number, mixed, np.zeros(40, dtype=bool))
    assert sorted(apart.tolist()) == list(range(7, 47))
    assert positions(frame.iloc[:0]).tolist() == []


def test_zero_values_are_counted() -> None:
    left_out = Counter[str]()
    kept = as_transfers(movements([("t", "a", "b", "0", "ETH")]), left_out)
    assert len(kept) == 0
    assert kept["amount"].dtype == np.float64
    assert left_out == {"of zero value": 1}
