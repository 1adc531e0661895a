"""Who spends together is one owner, but in a CoinJoin, and but where several own one coin."""

import numpy as np

from features.clusters import Clusters
from features.sources.bitcoin.common_inputs import spent_together
from features.sources.bitcoin.scripts import MULTISIG, NONSTANDARD
from tests import coins

POOL = 1_000_000


def clusters(*transactions: tuple[list[tuple[str, int]], list[tuple[str, int]]]) -> Clusters:
    made = Clusters()
    made.append(*spent_together(coins.records(*transactions)))
    return made


def after(transactions: int) -> int:
    """The instant at which so many are known, in microseconds."""
    return (coins.TIME + transactions - 1) * 10**6 + 1


def test_inputs_of_one_transaction_are_one_owner_s_from_its_time_on() -> None:
    made = clusters(
        ([("a", 5)], [("b", 5)]),
        ([("a", 5), ("c", 5)], [("d", 9)]),
        ([("c", 1), ("e", 1)], [("a", 2)]),
    )
    assert [made.members("a", after(n)) for n in (1, 2, 3)] == [["a"], ["a", "c"], ["a", "c", "e"]]
    assert made.members("a", after(2) - 1) == ["a"]
    assert made.spends.tx_id.to_pylist() == ["1", "2"]


def test_a_coinjoin_joins_nobody() -> None:
    mixers = [(f"in{n}", POOL + 500 * (n < 2)) for n in range(5)]
    made = clusters((mixers, [(f"out{n}", POOL) for n in range(5)]))
    assert made.n_wallets == 0


def test_coins_of_several_owners_join_nobody() -> None:
    made = clusters(
        ([("a", 5), (f"{MULTISIG}1", 5), (f"{NONSTANDARD}2", 5)], [("d", 9)]),
        ([("b", 5), (f"{MULTISIG}1", 5), ("c", 5)], [("d", 9)]),
    )
    sizes = made.sizes(["a", "b", "c", f"{MULTISIG}1"], np.full(4, after(2)))
    assert sizes.tolist() == [1, 2, 2, 1]
