"""What is read of a wallet's history around one transfer."""

import pytest

from features import Ledger
from features.past import cut, traced_past
from features.taint.reading import SCANNED, Small, empty_reading, read_around, read_before
from tests.strategies import asked_late, transfers

Moves = list[tuple[float, str, str, float]]
Entries = list[tuple[str, bool]]
MOVES = [
    (0.0, "x", "s", 1.0), (1.0, "s", "y", 1.0), (2.0, "s", "s", 1.0), (3.0, "s", "z", 1.0),
    (3.0, "x", "s", 1.0), (4.0, "x", "s", 1.0), (4.0, "s", "y", 1.0), (5.0, "s", "y", 1.0),
]  # fmt: skip

NOTHING = Small(0.0, 0.0)


def around(
    tx_id: str, read: int, *, forward: bool, moves: Moves = MOVES, small: Small = NOTHING
) -> tuple[Entries, Entries, bool, bool]:
    """Transfers before and after one of s, whether it sent them, and whether there are others.

    Those before are known as sums.
    """
    ledger = Ledger.from_transfers(transfers(moves))
    past, entries = asked_late(ledger, "s"), empty_reading(read)
    side, read_one = (
        (past.outgoing, read_around) if forward else (past.incoming, read_before)
    )  # that a search reads: s is at the far end
    reached = (side.counterparty == ledger.code("s")).nonzero()[0].tolist()
    (place,) = (at for at in reached if ledger.tx_id(int(side.transfer[at])) == tx_id)
    span = read_one(traced_past(ledger, past), place, small, entries)
    named = []
    for entry in entries[[*range(span.first, span.middle), *range(span.middle + 1, span.end)]]:
        own = past.outgoing if entry["sending"] else past.incoming
        row = int(own.transfer[entry["place"]])
        assert own.amount[entry["place"]] == entry["amount"]
        assert own.counterparty[entry["place"]] == entry["wallet"]
        named.append((ledger.tx_id(row), bool(entry["sending"])))
    before = span.middle - span.first
    assert not span.earlier  # there are no more than are summed
    return named[:before], named[before:], bool(span.received + span.sent), bool(span.later)


def test_before_a_sending_receipts_of_its_instant_come_first() -> None:
    before = [("t0", False), ("t1", True), ("t4", False)]
    assert around("t3", 8, forward=False) == (before, [], False, False)


def test_the_latest_are_read_and_transfers_to_itself_take_no_place() -> None:
    before = [("t1", True), ("t4", False), ("t3", True), ("t5", False)]
    assert around("t6", 4, forward=False) == (before, [], True, False)
    assert around("t3", 1, forward=False) == ([("t4", False)], [], True, False)


@pytest.mark.parametrize("forward", [False, True])
def test_small_transfers_take_no_place_and_are_missed_where_they_add_up(forward: bool) -> None:
    turn = -1.0 if forward else 1.0
    amounts = [2.0, 0.25, 0.25, 0.5, 3.0, 0.25, 0.25]
    moves = [(turn * k, "x", "s", amount) for k, amount in enumerate(amounts)]
    moves.append((turn * 99, "x", "s", 9.0) if forward else (turn * 99, "s", "y", 9.0))

    def read(read: int, small: Small) -> tuple[list[str], bool]:
        before, after, *others = around("t7", read, forward=forward, moves=moves, small=small)
        return [tx_id for tx_id, _ in (after if forward else before[::-1])], others[forward]

    assert read(3, Small(0.5, 1.0)) == (["t4", "t3", "t0"], not forward)
    assert read(3, Small(0.5, 0.99)) == (["t4", "t3", "t0"], True)
    assert read(3, Small(0.25, 9.0)) == (["t6", "t5", "t4"], True)
    assert read(2, Small(1.0, 9.0)) == (["t4", "t0"], not forward)
    everything = ["t6", "t5", "t4", "t3", "t2", "t1", "t0"]
    assert read(7, Small(0.5, 0.0)) == (everything, False)  # there is room for all


def test_a_bounded_number_is_looked_at() -> None:
    small = Small(5.0, 99.0)
    for n in (SCANNED, SCANNED + 1):
        moves = [(float(k), "x", "s", 1.0) for k in range(n)]
        moves.append((99.0, "s", "y", 9.0))
        found = around(f"t{n}", 1, forward=False, moves=moves, small=small)
        assert found == ([], [], True, False)
        moves = [(0.0, "x", "s", 9.0), *((1.0 + k, "x", "s", 1.0) for k in range(n))]
        nothing: Entries = []
        found = around("t0", 1, forward=True, moves=moves, small=small)
        assert found == (nothing, [], False, n > SCANNED)


def test_a_receipt_that_is_dust_for_the_recipient_comes_after_those_of_its_instant() -> None:
    moves = [
        (0.0, "x", "s", 9.0), (1.0, "x", "s", 9.0), (1.0, "z", "s", 1e-6), (1.0, "s", "y", 1.0),
    ]  # fmt: skip
    before, after, *others = around("t2", 8, forward=True, moves=moves)
    assert (before, after) == ([("t0", False), ("t1", False)], [("t3", True)])
    assert others == [False, False]


def test_around_a_receipt_sendings_of_its_instant_come_after() -> None:
    before, after, *others = around("t4", 8, forward=True)
    assert before == [("t0", False), ("t1", True)]
    assert after == [("t3", True), ("t5", False), ("t6", True), ("t7", True)]
    assert others == [False, False]
    assert around("t4", 2, forward=True) == (before, after[:2], False, True)
    assert around("t4", 1, forward=True) == (before[1:], after[:1], True, True)


def test_of_the_others_before_the_sums_are_known() -> None:
    moves = [
        (0.0, "x", "s", 8.0), (1.0, "s", "y", 3.0), (2.0, "s", "s", 1.0), (3.0, "x", "s", 4.0),
        (4.0, "x", "s", 2.0), (5.0, "x", "s", 0.5), (6.0, "s", "z", 9.0),
    ]  # fmt: skip
    ledger = Ledger.from_transfers(transfers(moves))
    past, entries = asked_late(ledger, "z"), empty_reading(1)
    place = int(cut(past.incoming, ledger.code("z")).first)
    span = read_before(traced_past(ledger, past), place, Small(1.0, 0.0), entries)
    assert entries["amount"][0] == 2.0
    assert (span.received, span.sent, bool(span.earlier)) == (12.5, 3.0, False)


def settled(
    tx_id: str, tx_ids: list[str], moves: Moves, *, forward: bool
) -> tuple[list[tuple[float, float, bool]], int]:
    """What is left of each transfer of s, what was settled, and whether beside the followed one.

    Also the place of that one.
    """
    frame = transfers(moves).assign(tx_id=tx_ids, position=range(len(moves)))
    ledger = Ledger.from_transfers(frame)
    past, entries = asked_late(ledger, "s"), empty_reading(8)
    side, read_one = (past.outgoing, read_around) if forward else (past.incoming, read_before)
    reached = (side.counterparty == ledger.code("s")).nonzero()[0].tolist()
    place = next(at for at in reached if ledger.tx_id(int(side.transfer[at])) == tx_id)
    span = read_one(traced_past(ledger, past), place, NOTHING, entries)
    listed = entries[["amount", "inside", "same"]][span.first : span.end].tolist()
    return listed, span.middle - span.first


SWAP = [
    (0.0, "x", "s", 9.0), (1.0, "s", "pool", 3.0), (1.0, "pool", "s", 4.0), (1.0, "y", "s", 2.0),
    (1.0, "s", "z", 5.0),
]  # fmt: skip


def test_what_came_and_went_in_one_transaction_is_settled_there() -> None:
    after = (2.0, "s", "z", 1.0)
    found, at = settled("b", ["a", "q", "q", "c", "d", "b"], [*SWAP, after], forward=False)
    assert sorted(found[:at]) == sorted([
        (9.0, 0.0, False), (0.0, 3.0, False), (1.0, 3.0, False), (2.0, 0.0, False),
        (5.0, 0.0, False),
    ])  # fmt: skip


def test_a_sending_of_the_transaction_is_paid_there_with_those_after_it() -> None:
    # 8 go out and 4 come in: a half of each sending is paid inside
    for turn in (1, -1):
        moves = SWAP[::turn]
        tx_ids = ["q" if "y" not in move and "x" not in move else str(move) for move in moves]
        found, at = settled("q", tx_ids, moves, forward=False)
        assert {found[at], *found[at + 1 :]} <= {(1.5, 1.5, True), (2.5, 2.5, True)}
        assert (0.0, 4.0, True) in found[:at]
        assert (2.0, 0.0, False) in found[:at]


def test_a_receipt_of_the_transaction_goes_out_there() -> None:
    found, at = settled("q", ["a", "q", "q", "c", "d"], SWAP, forward=True)
    assert found[at] == (1.0, 3.0, True)
    assert (0.0, 3.0, True) in found[at + 1 :]
    assert (5.0, 0.0, False) in found[at + 1 :]
