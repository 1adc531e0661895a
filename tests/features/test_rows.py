"""What every view promises of rows that nothing is known of, through the public table."""

from random import Random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import VIEWS, feature_table
from features.view import View
from tests.strategies import STRANGER, World, at, chain, fan_out, spine, worlds

EVERY = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@EVERY
def test_a_wallet_with_transfers_says_nothing_of_the_stranger_below_it(view: View) -> None:
    frame = fan_out(5)
    ledger = World(frame, frame, frame).ledger()
    rows = spine(["hub", STRANGER, "hub", STRANGER], at(10**5))
    table = feature_table(ledger, rows, views=(view,))
    alone = feature_table(ledger, rows.iloc[[1]], views=(view,))
    for place in (1, 3):
        np.testing.assert_array_equal(table.iloc[place], alone.iloc[0])


@given(worlds(), st.randoms(use_true_random=False))
def test_rows_of_one_wallet_do_not_depend_on_those_between_them(
    world: World, random: Random
) -> None:
    ledger = world.ledger()
    doubled = pd.concat([world.spine, world.spine], ignore_index=True)
    order = list(range(len(doubled)))
    random.shuffle(order)
    mixed = feature_table(ledger, doubled.iloc[order], labels=world.labels)
    whole = feature_table(ledger, doubled, labels=world.labels)
    np.testing.assert_array_equal(mixed.to_numpy(), whole.to_numpy()[order])


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_threads_share_no_instant(threads: int) -> None:
    frame = chain(40, step_s=3600)
    ledger = World(frame, frame, frame).ledger()
    wallets = [f"c{n}" for n in range(41)] * 120
    instants = [at(3600 * (n % 37)) for n in range(len(wallets))]
    rows = pd.DataFrame({"wallet": wallets, "as_of": instants})
    table = feature_table(ledger, rows, threads=threads)
    alone = feature_table(ledger, rows)
    np.testing.assert_array_equal(table.to_numpy(), alone.to_numpy())
