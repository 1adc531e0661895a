"""Ids of transactions: one spelling, whatever is written."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, Transfer, check_transfers
from features.contracts.transaction_ids import transaction_id, transaction_ids
from tests.strategies import at, transfers

DIGITS = "0123456789abcdef" * 4
SPELLINGS = [DIGITS, DIGITS.upper(), f"0x{DIGITS}", f"0X{DIGITS.upper()}"]
CHAINS = ["ethereum", "bitcoin", "tron", "bank", None]


@pytest.mark.parametrize("chain", ["ethereum", "bitcoin", "tron"])
def test_every_spelling_of_a_hash_is_one(chain: str) -> None:
    expected = f"0x{DIGITS}" if chain == "ethereum" else DIGITS
    assert [transaction_id(text, chain) for text in SPELLINGS] == [expected] * 4


def test_without_a_chain_only_letters_become_small() -> None:
    expected = [DIGITS, DIGITS, f"0x{DIGITS}", f"0x{DIGITS}"]
    assert [transaction_id(text) for text in SPELLINGS] == expected


HEX = st.text("0123456789abcdefABCDEF", min_size=63, max_size=65)
IDS = st.one_of(
    st.sampled_from(SPELLINGS),
    st.builds(lambda prefix, digits: prefix + digits, st.sampled_from(["", "0x", "0X", "x0"]), HEX),
    st.text(min_size=1, max_size=70),
    st.just("Ä" * 32),
    st.just("0x" + "g" * 64),
)


@given(st.lists(IDS, max_size=8), st.sampled_from(CHAINS))
def test_many_are_written_as_one_is(texts: list[str], chain: str | None) -> None:
    series = pd.Series(texts, dtype="str", index=range(5, 5 + len(texts)))
    written = transaction_ids(series, chain)
    assert written.tolist() == [transaction_id(text, chain) for text in texts]
    assert written.index.equals(series.index)
    assert transaction_ids(written, chain) is written  # nothing is left to do


def test_a_missing_id_stays_missing() -> None:
    texts = pd.Series([None, DIGITS.upper()], dtype="str")
    assert transaction_ids(texts).isna().tolist() == [True, False]


def test_a_ledger_finds_and_takes_back_a_transaction_by_any_spelling() -> None:
    frame = transfers([(0.0, "a", "b", 1.0), (1.0, "b", "a", 2.0)])
    frame["tx_id"] = [SPELLINGS[3], "reference"]
    ledger = Ledger.from_transfers(frame)
    assert ledger.transaction(SPELLINGS[3])[0].tx_id == f"0x{DIGITS}"
    again = Transfer(SPELLINGS[3], at(0.0), "a", "b", 1.0, "ETH")
    assert ledger.append_one(again) is False  # it is here
    assert ledger.append(frame) == 0
    assert ledger.retract([SPELLINGS[3], f"0x{DIGITS}"]) == 1
    assert ledger.transaction(f"0x{DIGITS}") == []


def test_two_spellings_in_one_file_are_one_transfer() -> None:
    frame = transfers([(0.0, "a", "b", 1.0)] * 2)
    frame["tx_id"], frame["position"] = SPELLINGS[2:], 0
    checked = check_transfers(frame)
    assert checked.attrs["duplicates"] == 1
