"""What is read of a wallet's history around one transfer."""

from features import Ledger
from features.taint_reading import empty_reading, read_around
from tests.strategies import transfers

Entries = list[tuple[str, bool]]
MOVES = [
    (0.0, "x", "s", 1.0), (1.0, "s", "y", 1.0), (2.0, "s", "s", 1.0), (3.0, "s", "z", 1.0),
    (3.0, "x", "s", 1.0), (4.0, "x", "s", 1.0), (4.0, "s", "y", 1.0), (5.0, "s", "y", 1.0),
]  # fmt: skip


def around(tx_id: str, read: int, *, forward: bool) -> tuple[Entries, Entries, bool]:
    """Transfers before and after one of s, and whether it sent them."""
    ledger = Ledger.from_transfers(transfers(MOVES))
    sides, wallet = ledger.sides, ledger.code("s")
    side = sides.incoming if forward else sides.outgoing
    held = slice(side.start[wallet], side.start[wallet] + side.count[wallet])
    rows = side.transfer[held].tolist()
    at = [ledger.tx_id(row) for row in rows].index(tx_id)
    entries = empty_reading(read)
    time = int(side.time[held][at])
    span = read_around(sides, wallet, time, rows[at], 2**62, forward, read, entries)
    named = [
        (ledger.tx_id(int(entry["transfer"])), bool(entry["sending"]))
        for entry in entries[span.first : span.end]
    ]
    before = span.middle - span.first
    return named[:before], named[before:], bool(span.more)


def test_before_a_sending_receipts_of_its_instant_come_first() -> None:
    before = [("t0", False), ("t1", True), ("t4", False)]
    assert around("t3", 8, forward=False) == (before, [], False)


def test_the_latest_are_read_and_transfers_to_itself_are_no_entries() -> None:
    # t2 counts twice, as a receipt and as a sending
    before = [("t3", True), ("t4", False)]
    assert sorted(around("t6", 5, forward=False)[0]) == [*before, ("t5", False)]
    assert around("t3", 1, forward=False) == ([("t4", False)], [], True)


def test_around_a_receipt_sendings_of_its_instant_come_after() -> None:
    before, after, more = around("t4", 8, forward=True)
    assert before == [("t0", False), ("t1", True)]
    assert after == [("t3", True), ("t5", False), ("t6", True), ("t7", True)]
    assert not more
    assert around("t4", 2, forward=True)[1:] == (after[:2], True)
