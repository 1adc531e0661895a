"""A wallet's own latest transfers, in their order."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.ledger import microseconds
from features.past import NO_LABELS, past_of
from features.subgraphs import SEQUENCE_COLUMNS, recent_transfers
from tests import compare
from tests.naive.past import micros, past, transfer_list
from tests.naive.subgraphs import naive_sequence
from tests.strategies import World, asset_worlds, worlds


@given(st.one_of(worlds(), asset_worlds()), st.integers(1, 6))
def test_matches_its_slow_twin(world: World, length: int) -> None:
    ledger, everything = world.ledger(), transfer_list(world.transfers)
    rows = world.spine
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    told, present = recent_transfers(asked, length)
    for i, (wallet, as_of) in enumerate(rows.itertuples(index=False)):
        expected = naive_sequence(past(everything, None, micros(as_of)), wallet, length)
        assert present[i].tolist() == [True] * len(expected) + [False] * (length - len(expected))
        assert np.isnan(told[i, len(expected) :]).all()
        compare.close(
            pd.DataFrame(told[i, : len(expected)], columns=SEQUENCE_COLUMNS),
            pd.DataFrame(expected, columns=SEQUENCE_COLUMNS, dtype=float),
            rtol=1e-9,
        )


@given(worlds())
def test_a_row_alone_is_the_row_of_a_batch(world: World) -> None:
    ledger, rows = world.ledger(), world.spine
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    told, _ = recent_transfers(asked, 4)
    for i in range(len(rows)):
        alone, _ = recent_transfers(asked.part(slice(i, i + 1)), 4)
        compare.same_bits(told[i], alone[0], list(SEQUENCE_COLUMNS))


def test_no_history_is_no_sequence() -> None:
    empty = Ledger.from_transfers(
        pd.DataFrame(
            columns=["tx_id", "timestamp", "sender", "recipient", "amount", "asset"]
        ).astype({"timestamp": "datetime64[us, UTC]", "amount": "float64"})
    )
    asked = past_of(empty, np.array([-1], np.int32), np.array([10**15]), NO_LABELS)
    _, present = recent_transfers(asked, 3)
    assert not present.any()
