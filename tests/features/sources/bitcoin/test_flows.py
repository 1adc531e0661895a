"""Inputs and outputs as transfers: exact to the satoshi, and as the slow twin splits them."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from experiments.common.bitcoin_data import (
    BLOCKS,
    balances_by_coins,
    balances_by_transfers,
    block_data,
)
from features import check_transfers
from features.sources.bitcoin.flows import PAIRS, stand_between, transfers
from features.sources.bitcoin.records import MOST, SATOSHI, UNMADE, Head, Read, Records
from features.sources.bitcoin.splitting import proportion
from tests import coins
from tests.naive import coins as naive

OWNERS = st.sampled_from("abcdefg")
VALUES = st.one_of(st.integers(1, 20), st.integers(1, MOST // 100))
COINS = st.lists(st.tuples(OWNERS, VALUES), min_size=1, max_size=8)


@st.composite
def transactions(draw: st.DrawFn) -> tuple[list[naive.Coin], list[naive.Coin]]:
    """A coinbase or a payment whose outputs and fee use up its inputs; some outputs burn."""
    outputs: list[naive.Coin] = list(draw(COINS))
    if draw(st.booleans()):
        outputs[-1] = (None, outputs[-1][1])
    if draw(st.integers(0, 5)) == 0:
        return [], outputs
    inputs, whole = draw(COINS), sum(value for _, value in outputs)
    short = whole + draw(st.integers(0, 50)) - sum(value for _, value in inputs)
    if short > 0:
        inputs.append((draw(OWNERS), short))
    return list(inputs), outputs


def satoshi(amounts: "pd.Series[float]") -> list[int]:
    return [int(each) for each in np.rint(amounts.to_numpy() * SATOSHI)]


@given(st.lists(transactions(), min_size=1, max_size=5))
def test_transfers_are_those_of_the_twin(
    made: list[tuple[list[naive.Coin], list[naive.Coin]]],
) -> None:
    records = coins.records(*made)
    frame, between = transfers(records), stand_between(records)
    for n, (inputs, outputs) in enumerate(made):
        rows = frame[frame["tx_id"] == str(n)]
        expected = naive.transfers(f"tx:{n}", inputs, outputs, bool(between[n]))
        columns = (rows["sender"], rows["recipient"], satoshi(rows["amount"]), satoshi(rows["fee"]))
        assert list(zip(*columns, strict=True)) == [tuple(row) for row in expected]
        assert rows["position"].tolist() == list(range(len(rows)))
    assert_balanced(records, frame)


def assert_balanced(records: Records, frame: pd.DataFrame) -> None:
    """What each address gained by transfers is what it gained by coins."""
    gained, expected = balances_by_transfers(frame), balances_by_coins(records)
    found = gained[~gained.index.str.startswith("tx:")].reindex(expected.index, fill_value=0)
    assert (found == expected).all()
    assert sum(satoshi(frame["fee"])) == records.fees.sum()


def test_a_payer_s_value_is_split_pro_rata_and_change_is_no_transfer() -> None:
    made = coins.records(([("a", 700), ("b", 300)], [("c", 500), ("d", 200), ("a", 290)]))
    frame = transfers(made)
    assert frame[["sender", "recipient", "position"]].to_numpy().tolist() == [
        ["a", "c", 0], ["a", "d", 1], ["b", "c", 2], ["b", "d", 3],
    ]  # fmt: skip
    # a pays 410 of 710: 500 * 410 / 710 = 288.7, of the 10 for the miner 5.8
    assert satoshi(frame["amount"]) == [288, 116, 212, 84]
    assert satoshi(frame["fee"]) == [6, 0, 4, 0]
    assert frame["block"].tolist() == [0, 0, 0, 0]
    assert frame["timestamp"].iloc[0] == pd.Timestamp(coins.TIME, unit="s", tz="UTC")


def test_a_coinbase_comes_from_its_transaction() -> None:
    frame = transfers(coins.records(([], [("miner", 50), (None, 0), ("pool", 5)])))
    assert frame[["sender", "recipient"]].to_numpy().tolist() == [
        ["tx:0", "miner"], ["tx:0", "pool"],
    ]  # fmt: skip
    assert satoshi(frame["amount"]) == [50, 5]


def test_a_coinjoin_stands_between_those_who_make_it() -> None:
    payers = [(f"in{n}", 1_000_000 + 5_000 * (n == 0)) for n in range(5)]
    frame = transfers(coins.records((payers, [(f"out{n}", 1_000_000) for n in range(5)])))
    assert frame["recipient"].tolist()[:5] == ["tx:0"] * 5
    assert frame["sender"].tolist()[5:] == ["tx:0"] * 5
    assert sum(satoshi(frame["fee"])) == 5_000


def test_a_huge_transaction_stands_between_payers_and_payees() -> None:
    outputs = [(f"o{n:03}", 10) for n in range(PAIRS // 2)]
    two = coins.records(([("a", 5000), ("b", 5000)], outputs))
    assert not stand_between(two)[0]
    assert len(transfers(two)) == PAIRS
    three = coins.records(([("a", 5000), ("b", 5000), ("c", 1)], outputs))
    assert stand_between(three)[0]
    assert len(transfers(three)) == 3 + PAIRS // 2


def test_a_payer_of_very_many_pays_each() -> None:
    outputs = [(f"o{n:03}", 10) for n in range(PAIRS + 1)]
    assert not stand_between(coins.records(([("a", 5000)], outputs)))[0]
    assert not stand_between(coins.records(([(name, 11) for name, _ in outputs], [("a", 100)])))[0]


def test_what_only_costs_a_fee_is_a_transfer_of_nothing_to_itself() -> None:
    frame = transfers(coins.records(([("a", 50)], [("a", 40)])))
    assert frame[["sender", "recipient", "amount"]].to_numpy().tolist() == [["a", "a", 0.0]]
    assert satoshi(frame["fee"]) == [10]


def test_what_is_burnt_stays_with_the_transaction() -> None:
    frame = transfers(coins.records(([("a", 50)], [(None, 30), ("b", 20)])))
    assert frame["recipient"].tolist() == ["b", "tx:0"]
    assert satoshi(frame["amount"]) == [20, 30]


def test_coinbases_that_made_nothing_are_left_out() -> None:
    height, txid = next((height, txid) for height, txid in UNMADE.items() if height)
    head = Head(
        pa.array([txid, txid], pa.large_string()), np.array([1, 2]), np.array([height - 30, height])
    )
    nothing = Read(np.zeros(3, dtype=np.int64), [], [])
    made = Records.of(head, nothing, Read(np.arange(3), ["miner", "miner"], [50, 50]))
    assert transfers(made)["block"].tolist() == [height - 30]


@given(st.data())
def test_proportions_are_exact(data: st.DataObject) -> None:
    whole = data.draw(st.integers(1, MOST))
    given_, part = data.draw(st.integers(0, whole)), data.draw(st.integers(0, whole))
    assert proportion(given_, part, whole) == given_ * part // whole


@pytest.mark.skipif(not BLOCKS.exists(), reason=f"needs the real blocks of {BLOCKS}")
def test_sums_of_real_transactions_conserve_to_the_satoshi() -> None:
    made = block_data()
    assert len(made) == 39_832
    frame = transfers(made)
    check_transfers(frame)
    assert_balanced(made, frame)
