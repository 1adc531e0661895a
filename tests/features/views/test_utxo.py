"""The utxo view: transactions of coins, told by address flows."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.checks.nine import Check
from features.checks.suite import CHECKS, run_check
from features.views.coverage import COVERAGE
from features.views.utxo.utxo import UTXO
from tests import compare
from tests.coin_worlds import CHAIN, address, coin_worlds
from tests.strategies import World, at, spine, transfers, worlds


@given(coin_worlds())
def test_equal_to_the_slow_twin(world: World) -> None:
    compare.with_naive(world, UTXO)


@given(worlds())
def test_equal_to_the_slow_twin_where_there_are_no_coins(world: World) -> None:
    compare.with_naive(world, UTXO)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
@given(world=coin_worlds(), seed=st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_all_checks_pass_on_a_chain_of_coins(check: Check, world: World, seed: int) -> None:
    run_check(check, (COVERAGE, UTXO), world, np.random.default_rng(seed))


def row(frame: pd.DataFrame, wallet: str, as_of: float = 10_000, chain: str | None = CHAIN) -> Any:
    ledger = Ledger.from_transfers(frame, chain=chain)
    return feature_table(ledger, spine([wallet], at(as_of)), views=(UTXO,)).iloc[0]


def paid(*transactions: tuple[float, str, str, float]) -> pd.DataFrame:
    """Transfers of one transaction an instant, between addresses made of names."""
    frame = transfers(
        [
            (when, spelt(sender), spelt(recipient), value)
            for when, sender, recipient, value in transactions
        ]
    )
    return frame.assign(
        tx_id="t" + frame["timestamp"].astype("str"),
        position=frame.groupby("timestamp").cumcount().astype("int32"),
    )


def spelt(name: str) -> str:
    """Address of a name; of the kind that follows its colon."""
    who, _, kind = name.partition(":")
    return address(who, kind or "p2pkh")


def joined(when: float, *amounts: float) -> list[tuple[float, str, str, float]]:
    """Two payers, and a payee of each amount, by way of a pseudo-wallet."""
    node = f"{when}:tx"
    return [
        *((when, payer, node, sum(amounts) / 2) for payer in ("a", "b")),
        *((when, node, f"p{n}", amount) for n, amount in enumerate(amounts)),
    ]


def test_a_coinjoin_is_told_by_its_equal_outputs_without_a_label() -> None:
    frame = paid(*joined(10, 1.0, 1.0, 1.0, 0.3), (20, "p0", "q", 1.0), (30, "q", "r", 1.0))
    payee, change, payer = (row(frame, spelt(name)) for name in ("p0", "p3", "a"))
    assert payee["utxo_coinjoin_in_share"] == payee["utxo_coinjoin_in_hops"] == 1.0
    assert payer["utxo_coinjoin_out_share"] == payer["utxo_coinjoin_out_hops"] == 1.0
    sets = (
        payee["utxo_equal_in_count"],
        change["utxo_equal_in_count"],
        payer["utxo_equal_out_count"],
    )
    assert sets == (3.0, 1.0, 3.0)
    assert row(frame, spelt("r"))["utxo_coinjoin_in_hops"] == 3.0
    assert np.isnan(row(frame, spelt("r"))["utxo_coinjoin_out_hops"])


def test_a_payout_of_unequal_parts_is_none() -> None:
    found = row(paid(*joined(10, 1.0, 2.0, 3.0, 0.3)), spelt("p0"))
    assert found["utxo_coinjoin_in_share"] == found["utxo_mined_share"] == 0.0
    assert (found["utxo_payers_in_count"], found["utxo_payees_in_count"]) == (2.0, 4.0)


def test_what_no_one_paid_is_mined() -> None:
    found = row(paid((5, "c:tx", "miner", 3.0), (6, "a", "miner", 1.0)), spelt("miner"))
    assert found["utxo_mined_share"] == 0.75


def peels(hops: int) -> pd.DataFrame:
    """A chain of payments of a tenth, the rest of each to a new address."""
    moves, left = [(0.0, "giver", "n0", 100.0)], 100.0
    for hop in range(hops):
        when = 60.0 * (hop + 1)
        moves += [
            (when, f"n{hop}", "shop", left / 10),
            (when, f"n{hop}", f"n{hop + 1}", left * 0.9),
        ]
        left *= 0.9
    return paid(*moves)


def test_a_peel_chain_is_followed_both_ways() -> None:
    first, second, last = (row(peels(5), spelt(name)) for name in ("n0", "n2", "n5"))
    assert (first["utxo_peel_in_hops"], first["utxo_peel_out_hops"]) == (0.0, 5.0)
    assert (second["utxo_peel_in_hops"], second["utxo_peel_out_hops"]) == (2.0, 3.0)
    assert last["utxo_peel_in_hops"] == 5.0
    assert np.isnan(last["utxo_peel_out_hops"])
    np.testing.assert_allclose(first["utxo_peeled_share"], 1 - 0.9**5)
    assert first["utxo_pair_share"] == 1.0


def test_a_chain_ends_at_an_address_that_was_there_before() -> None:
    earlier = paid((-5.0, "x", "n3", 1.0))
    found = row(pd.concat([peels(5), earlier], ignore_index=True), spelt("n0"))
    assert found["utxo_peel_out_hops"] == 2.0


def test_the_one_new_payee_is_the_change() -> None:
    frame = paid(
        (0, "x", "shop", 1.0), (0, "x", "w", 8.0), (9, "w", "shop", 2.0), (9, "w", "new:p2tr", 6.0),
        (20, "w", "shop", 0.0), (30, "x", "w", 8.0), (40, "w", "shop", 7.0),
    )  # fmt: skip
    owner, change = row(frame, spelt("w")), row(frame, spelt("new:p2tr"))
    assert owner["utxo_change_share"] == owner["utxo_sweep_share"] == 0.5
    assert owner["utxo_kept_share"] == 0.5  # the last left an eighth
    assert owner["utxo_reused_share"] == 0.5
    assert owner["utxo_same_script_out_share"] == 9 / 15
    assert owner["utxo_born_as_change_ratio"] == 0.0
    assert change["utxo_born_as_change_ratio"] == change["utxo_witness_ratio"] == 1.0


def test_addresses_that_pay_together_and_to_one() -> None:
    payments = [(5, payer, payee, 1.0) for payer in "ab" for payee in "def"]
    frame = paid((1, "a", "c", 1.0), (1, "b", "c", 2.0), *payments)
    found = row(frame, spelt("a"))
    assert found["utxo_copaid_share"] == 1.0
    assert found["utxo_consolidation_share"] == found["utxo_batch_out_share"] == 0.5
    assert (found["utxo_payers_out_count"], found["utxo_payees_out_count"]) == (2.0, 2.0)


def test_other_chains_and_pseudo_wallets_have_none() -> None:
    assert row(transfers([(1, "a", "b", 1.0)]), "a", chain=None).isna().all()
    assert row(paid(*joined(10, 1.0, 1.0)), spelt("10:tx")).isna().all()
