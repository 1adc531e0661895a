"""CoinJoins by their shapes: made ones, and the real ones that are labelled."""

import numpy as np
import pandas as pd
import pytest

from experiments.common.bitcoin_data import BLOCKS, COINJOINS, block_data, coinjoin_data
from features.sources.bitcoin.coinjoin import DUST, KINDS, MIX, SMALLER_ROUNDS, coinjoins
from features.sources.bitcoin.records import Records
from tests import coins

POOL = 1_000_000
Coins = list[tuple[str | None, int]]


def several(name: str, *values: int) -> Coins:
    """One coin of each value, each of somebody else."""
    return [(f"{name}{n}", value) for n, value in enumerate(values)]


def kind(inputs: Coins, outputs: Coins, time: int = coins.TIME) -> str:
    return KINDS[int(coinjoins(coins.records((inputs, outputs), time=time))[0])]


def whirlpool(*inputs: int, pool: int = POOL) -> tuple[Coins, Coins]:
    return several("in", *inputs), several("out", *[pool] * len(inputs))


def wasabi1(mixed: int, twice: int) -> tuple[Coins, Coins]:
    """So many outputs near the level, and near that above it; eight others."""
    outputs = [MIX + 5] * mixed + [2 * MIX + 5] * twice + list(range(20_000, 20_008))
    return several("in", *[3 * MIX] * 12), several("out", *outputs)


def wasabi2(payers: int) -> tuple[Coins, Coins]:
    values = [10_000, 20_000, 50_000] * 10 + list(range(100_000, 100_000 + payers - 20))
    return several("in", *[200_000] * payers), several("out", *values)


def joinmarket(payers: int, equal: int, change: int) -> tuple[Coins, Coins]:
    outputs = several("out", *[MIX // 3] * equal, *range(20_000, 20_000 + change))
    return several("in", *[2 * MIX] * payers), outputs


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (whirlpool(POOL, POOL, POOL, POOL + 500, POOL + 600), "whirlpool"),
        (whirlpool(POOL, POOL, POOL, POOL, POOL + 110_001), ""),
        (whirlpool(*[POOL + 9] * 5), ""),  # nobody stays
        (whirlpool(*[POOL] * 5), ""),  # nobody comes
        (whirlpool(POOL, POOL, POOL, POOL, POOL + 9, pool=POOL - 1), ""),
        (wasabi2(50), "wasabi2"),
        (wasabi2(30), ""),  # before smaller rounds were made
        (wasabi1(4, 4), "wasabi1"),
        (wasabi1(2, 2), ""),
        (joinmarket(4, 3, 2), "joinmarket"),
        (joinmarket(60, 10, 5), ""),  # a large one has change for more
        (joinmarket(60, 10, 8), "joinmarket"),
        ((several("i", MIX, MIX), several("o", 7_000, 7_000, 9)), "classic"),
        ((several("i", MIX, MIX), several("o", DUST, DUST, 9)), ""),
        (([("i", MIX), ("i", MIX)], several("o", 7_000, 7_000, 9)), ""),  # one payer
        ((several("i", MIX), several("o", 1, 2)), ""),
        (([], several("o", 7_000, 7_000, 9)), ""),
    ],
)  # fmt: skip
def test_a_kind_is_told_by_its_shape(made: tuple[Coins, Coins], expected: str) -> None:
    assert kind(*made) == expected


def test_smaller_rounds_of_wasabi_2_count_from_when_they_were_made() -> None:
    assert kind(*wasabi2(30), time=SMALLER_ROUNDS) == "wasabi2"


def test_a_repeated_recipient_is_no_mix() -> None:
    inputs, outputs = wasabi2(50)
    outputs[1] = (outputs[0][0], outputs[1][1])
    assert kind(inputs, outputs) == ""


@pytest.fixture(scope="module")
def labelled() -> tuple[Records, pd.Series]:
    if not COINJOINS.exists():
        pytest.skip(f"needs the labelled CoinJoins of {COINJOINS}")
    return coinjoin_data()


@pytest.mark.parametrize(
    ("label", "own", "any_kind"),
    [
        ("whirlpool_coinjoin", 1.0, 1.0),
        ("wasabi2_coinjoin", 0.94, 0.94),
        ("wasabi1_coinjoin", 0.43, 1.0),  # two thirds have the shape of Wasabi 2, named first
    ],
)
def test_labelled_coinjoins_are_found(
    labelled: tuple[Records, pd.Series], label: str, own: float, any_kind: float
) -> None:
    records, labels = labelled
    found = coinjoins(records)[labels.map(lambda of: label in of).to_numpy()]
    assert (found == KINDS.index(label.partition("_")[0])).mean() >= own
    assert (found > 0).mean() >= any_kind


@pytest.mark.skipif(not BLOCKS.exists(), reason=f"needs the real blocks of {BLOCKS}")
def test_few_ordinary_transactions_are_taken_for_coinjoins() -> None:
    """Ordinary: all of real blocks whose inputs are known."""
    found = block_data()
    flagged = np.flatnonzero(coinjoins(found))
    assert 10_000 * flagged.size / len(found) <= 42 / 7.2663
