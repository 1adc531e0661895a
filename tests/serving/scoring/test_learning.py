"""Labels that come later are as if they had been there from the beginning."""

import numpy as np
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from features import Ledger, check_labels, check_transfers
from features.past import label_events
from serving.scoring.held import Held
from tests.features.past.test_growing_labels import by_wallet
from tests.strategies import World, worlds


@settings(max_examples=60, phases=[Phase.generate])
@given(worlds(), st.integers(0, 40), st.integers(0, 5), st.integers(1, 3))
def test_learnt_one_by_one_is_as_if_it_was_known(
    world: World, first: int, file: int, size: int
) -> None:
    moves = check_transfers(world.transfers)
    labels = check_labels(world.labels)
    held = Held(Ledger.from_transfers(moves[:first]), labels[:file] if file else None)
    posted = labels[file:]
    seen: list[str] = []
    held.on_change = seen.extend
    held.insert(moves[first : first + 10])
    for start in range(0, len(posted), size):
        part = posted[start : start + size]
        so_far = posted[: start + size]
        before, content = held.events, [array.copy() for array in held.events]
        held.learn(so_far[so_far["wallet"].isin(part["wallet"])])
        for array, copy in zip(before, content, strict=True):  # a reader may still hold them
            np.testing.assert_array_equal(array, copy)
        assert set(part["wallet"]) <= set(seen)
    held.insert(moves[first + 10 :])
    if held.labels is None:
        return
    wallets = held.ledger.n_wallets
    expected = label_events(held.ledger, world.labels)
    assert by_wallet(held.events, wallets) == by_wallet(expected, wallets)
    again = Held(held.ledger, labels)
    for wallet in [*labels["wallet"], *moves["sender"], "nobody"]:
        for as_of in (0, 2**50, 2**51):
            assert held.known(wallet, as_of) == again.known(wallet, as_of)
    rows = [sorted(map(str, one.itertuples(index=False))) for one in (held.labels, labels)]
    assert rows[0] == rows[1]
