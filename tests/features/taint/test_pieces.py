"""The list of pieces of value that a search follows."""

import numpy as np

from features import Ledger
from features.past.known_labels import NO_LABELS
from features.taint.pieces import DROPPED, PIECES, Caps, Memory, begin, empty_memory, keep
from tests.strategies import transfers


def kept(followed: int, room: int, *values: float) -> tuple[list[tuple[float, int]], float]:
    """Value and transfer of each piece after putting values in, and the value dropped."""
    memory = empty_memory(Caps(room, 1, 1, 0.0), record=False)
    begin_with_nothing(memory)
    for transfer, value in enumerate(values):
        put(memory, followed if transfer >= followed else transfer, value, transfer)
    pieces = memory.pieces[: memory.n[PIECES]]
    listed = list(zip(pieces["value"].tolist(), pieces["transfer"].tolist(), strict=True))
    return listed, float(memory.sums[DROPPED])


def begin_with_nothing(memory: Memory) -> None:
    side = Ledger.from_transfers(transfers([(0.0, "x", "y", 1.0)])).sides.incoming
    begin(side, NO_LABELS, 0, 0, 0, 0, memory)


def put(memory: Memory, followed: int, value: float, transfer: int) -> None:
    arrays = memory.pieces, memory.n, memory.sums
    keep(*arrays, followed, value, 0.0, 0, 0, transfer, value, -1, 1)


def test_pieces_are_in_order_of_value_and_of_discovery() -> None:
    assert kept(0, 4, 2.0, 3.0, 2.0, 5.0) == ([(5, 3), (3, 1), (2, 0), (2, 2)], 0)


def test_the_smallest_is_dropped_the_later_of_equal_ones() -> None:
    assert kept(0, 2, 2.0, 3.0, 2.0) == ([(3, 1), (2, 0)], 2)
    assert kept(0, 2, 2.0, 3.0, 4.0) == ([(4, 2), (3, 1)], 2)


def test_what_was_followed_stays_where_it_is() -> None:
    assert kept(1, 2, 2.0, 3.0, 4.0) == ([(2, 0), (4, 2)], 3)
    assert kept(2, 2, 2.0, 3.0, 4.0) == ([(2, 0), (3, 1)], 4)


def test_nothing_is_left_of_the_last_search() -> None:
    memory = empty_memory(Caps(2, 1, 1, 0.0), record=False)
    begin_with_nothing(memory)
    put(memory, 0, 1.0, 0)
    begin_with_nothing(memory)
    assert memory.n[PIECES] == 0
    assert np.isnan(memory.hops).all()
    assert not memory.amount.any()
