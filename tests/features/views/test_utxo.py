"""The utxo view: transactions of coins, told by address flows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.checks.nine import Check
from features.checks.suite import CHECKS, run_check
from features.views.coverage import COVERAGE
from features.views.utxo.utxo import UTXO
from tests import compare
from tests.coin_worlds import coin_worlds
from tests.strategies import World, worlds


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
