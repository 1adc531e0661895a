"""The list of pieces of value that a search follows."""

import numpy as np

from features import Ledger
from features.past import History
from features.taint.pieces import Caps, Piece, Search, begin, empty_search, keep
from tests.strategies import asked_late, transfers

NOTHING = History(0, 0, 0)


def empty(room: int) -> Search:
    """A search that follows so many pieces and has none."""
    search = empty_search(Caps(room, read=1, hops=1, floor=0.0, service=9), record=False)
    start_from_nothing(search)
    return search


def start_from_nothing(search: Search) -> None:
    past = asked_late(Ledger.from_transfers(transfers([(0.0, "x", "y", 1.0)])), "x")
    begin(past, int(past.wallets[0]), NOTHING, False, search)


def piece(value: float, place: int) -> Piece:
    """A piece of one of the wallet's own transfers."""
    return Piece(value, offset=0.0, place=place, parent=-1, hops=1)


def kept(followed: int, room: int, *values: float) -> tuple[list[tuple[float, int]], float]:
    """Value and place of each piece after putting values in, and the value dropped."""
    search = empty(room)
    for place, value in enumerate(values):
        keep(search.pieces, search.tally, min(followed, place), piece(value, place))
    pieces = search.pieces[: search.tally["pieces"][0]]
    listed = list(zip(pieces["value"].tolist(), pieces["place"].tolist(), strict=True))
    return listed, float(search.tally["dropped"][0])


def test_pieces_are_in_order_of_value_and_of_discovery() -> None:
    assert kept(0, 4, 2.0, 3.0, 2.0, 5.0) == ([(5, 3), (3, 1), (2, 0), (2, 2)], 0)


def test_the_smallest_is_dropped_the_later_of_equal_ones() -> None:
    assert kept(0, 2, 2.0, 3.0, 2.0) == ([(3, 1), (2, 0)], 2)
    assert kept(0, 2, 2.0, 3.0, 4.0) == ([(4, 2), (3, 1)], 2)


def test_what_was_followed_stays_where_it_is() -> None:
    assert kept(1, 2, 2.0, 3.0, 4.0) == ([(2, 0), (4, 2)], 3)
    assert kept(2, 2, 2.0, 3.0, 4.0) == ([(2, 0), (3, 1)], 4)


def test_a_search_starts_from_the_latest_of_the_largest() -> None:
    moves = [(0.0, "a", "me", 2.0), (1.0, "b", "me", 3.0), (2.0, "c", "me", 2.0)]
    moves += [(3.0, "me", "me", 9.0)]
    ledger = Ledger.from_transfers(transfers(moves))
    past, search = asked_late(ledger, "me"), empty(4)
    begin(past, ledger.code("me"), History(0, 4, 4), False, search)
    pieces = search.pieces[: search.tally["pieces"][0]]
    senders = [ledger.wallet(code) for code in past.incoming.counterparty[pieces["place"]].tolist()]
    assert senders == ["b", "c", "a"]  # neither itself nor who sent nothing
    assert (search.tally["total"][0], search.tally["searched"][0]) == (16.0, 9.0)
    assert (pieces["parent"] == -1).all()


def test_nothing_is_left_of_the_last_search() -> None:
    search = empty(2)
    keep(search.pieces, search.tally, 0, piece(1.0, 0))
    search.hops[:], search.amount[:] = 1.0, 1.0
    start_from_nothing(search)
    assert search.tally.tolist() == [(0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0)]
    assert np.isnan(search.hops).all()
    assert not search.amount.any()
