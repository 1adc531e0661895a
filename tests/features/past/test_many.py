"""Many cuts and places at once, against one by one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from features.past import (
    Cuts,
    ask,
    ask_cut,
    cut,
    cut_each,
    kernel,
    place_across,
    place_across_each,
)
from features.past.cut import Past, Question
from tests.strategies import World, worlds


@kernel
def _asked_cut(past: Past, row: int, received: Cuts, sent: Cuts) -> Question:
    return ask_cut(past, row, received, sent)


@given(worlds(), st.integers(1, 40))
def test_many_questions_are_cut_as_each_is(world: World, times: int) -> None:
    ledger = world.ledger()
    one = world.past(ledger)
    beyond = np.array([-1, ledger.n_wallets + 10_000], np.int32)  # nobody knows them
    wallets = np.concatenate([np.tile(one.wallets, times), beyond])
    instants = np.concatenate([np.tile(one.instants, times), one.instants[:1], one.instants[:1]])
    past = one.asking(wallets, instants)
    cuts = []
    for side in (past.incoming, past.outgoing):
        cuts.append(Cuts(*np.full((3, wallets.size), -7)))
        cut_each(side, wallets, instants, cuts[-1])
    for row in range(wallets.size):
        asked = ask(past, row)
        assert _asked_cut(past, row, *cuts) == asked
        assert past.incoming.as_of[0] == asked.as_of
        assert cut(past.incoming, wallets[row]) == asked.received


@given(worlds(), st.integers(1, 9))
def test_many_transfers_are_found_as_each_is(world: World, times: int) -> None:
    past = world.past(world.ledger())
    if past.size:
        ask(past, 0)
    as_of = past.incoming.as_of[0]
    for side, other in ((past.incoming, past.outgoing), (past.outgoing, past.incoming)):
        places = np.tile(np.arange(side.transfer.size), times)
        across = np.empty(places.size, np.int64)
        place_across_each(side, places, np.full(places.size, as_of), other, across)
        each = [place_across(side, place, other) for place in range(side.transfer.size)]
        assert across.tolist() == each * times
