"""One side of a ledger: for every wallet, its transfers in order of time.

A wallet's transfers are one slice of an arena. A slice that is full moves to the arena's end with
double room (amortised constant cost); the place it leaves is reclaimed when the ledger is saved.
Inside one timestamp the order is (hash of tx_id, position): a function of the transfers, not of
the order in which they arrived, so that append and rebuild give the same bits. Late transfers are
merged into a slice from its back, and retracted ones taken out of it, in one pass however many.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, kernel
from features.ledger.insertion import append, find_room, merge, remove, slice_room
from features.ledger.side import Log, RowOrder, Side, grown


@dataclass(slots=True)
class Slices:
    """The growing arena of one side."""

    start: Int64s
    count: Int32s
    room: Int32s
    time: Int64s
    counterparty: Int32s
    transfer: Int32s
    amount: Float64s
    used: int

    @classmethod
    def build(cls, log: Log, n_wallets: int) -> "Slices":
        """Lay out transfers that are already in order, with no slack."""
        count = np.bincount(log.owner, minlength=n_wallets).astype(np.int32)
        start = np.cumsum(count, dtype=np.int64) - count
        n = log.time.size
        arrays = np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n, np.int32), np.empty(n)
        built = cls(start, count, count.copy(), *arrays, n)
        _fill(log, start.copy(), built.side)
        return built

    @property
    def side(self) -> Side:
        """The arrays, for kernels."""
        return Side(
            self.start, self.count, self.time, self.counterparty, self.transfer, self.amount
        )

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, slack included."""
        wallets = self.start.nbytes + self.count.nbytes + self.room.nbytes
        return wallets + sum(column.nbytes for column in self._columns)

    @property
    def _columns(self) -> tuple[Int64s, Int32s, Int32s, Float64s]:
        return self.time, self.counterparty, self.transfer, self.amount

    def insert(self, log: Log, order: RowOrder) -> None:
        """Put new transfers, of wallets that there is room for, where they belong in time.

        Late ones included; ``order`` is that of the whole ledger's rows.
        """
        late, done = np.zeros(log.time.size, dtype=np.bool_), 0
        while True:
            done, self.used = append(self.side, self.room, self.used, (log, order), done, late)
            if done == late.size:
                break
            needed = self.used + slice_room(int(self.room[log.owner[done]]))
            self.reserve(max(needed, self.time.size * 5 // 4))
        if late.any():
            self.merge(log.take(late), order)

    def merge(self, late: Log, order: RowOrder) -> None:
        """Put transfers that others of their owners come after where they belong."""
        tx_hash, position = order.tx_hash[late.row], order.position[late.row]
        late = late.take(np.lexsort((position, tx_hash, late.time, late.owner)))
        owner, first, more = np.unique(late.owner, return_index=True, return_counts=True)
        start, room = np.empty(owner.size, np.int64), np.empty(owner.size, np.int32)
        end = find_room(self.side, self.room, self.used, (owner, more), (start, room))
        if end > self.time.size:
            self.reserve(max(end, self.time.size * 5 // 4))
        merge(self.side, start, (late, order), np.append(first, late.owner.size))
        self.start[owner], self.room[owner], self.used = start, room, end

    def reserve(self, size: int) -> None:
        """Make the arena at least ``size`` entries long."""
        if size > self.time.size:
            self.time = grown(self.time, size)
            self.counterparty = grown(self.counterparty, size)
            self.transfer, self.amount = grown(self.transfer, size), grown(self.amount, size)

    def reserve_wallets(self, size: int) -> None:
        """Make room for ``size`` wallets."""
        if size > self.start.size:
            self.start, self.count = grown(self.start, size), grown(self.count, size)
            self.room = grown(self.room, size)

    def remove(self, owners: Int32s, sender: Int32s) -> Int32s:
        """Take all transfers whose row has no ``sender`` any more (-1) out of some slices.

        Returns the wallets at their other ends.
        """
        held = int(self.count[owners].sum(dtype=np.int64))
        others = np.empty(held, dtype=np.int32)
        return others[: remove(self.side, owners, sender, others)]

    def take_out(self, log: Log, sender: Int32s) -> None:
        """Take some transfers out of their owners' slices; ``sender`` (rows,) ends as it was."""
        kept = sender[log.row]
        sender[log.row] = -1
        self.remove(np.unique(log.owner), sender)
        sender[log.row] = kept

    def log(self, owner: Int32s, places: Int64s) -> Log:
        """The transfers at some places, whose owners are given."""
        return Log(
            self.time[places],
            owner,
            self.counterparty[places],
            self.transfer[places],
            self.amount[places],
        )

    def find(self, owner: int, row: int, *, near: int | None = None) -> int:
        """Place in the arena of a transfer of ``owner``; -1 where it is not here.

        Only the transfers at time ``near`` are looked through where it is among them.
        """
        start = int(self.start[owner])
        end = start + int(self.count[owner])
        if near is not None:
            first, last = np.searchsorted(self.time[start:end], [near, near + 1])
            found = np.flatnonzero(self.transfer[start + first : start + last] == row)
            if found.size:
                return start + int(first) + int(found[0])
        found = np.flatnonzero(self.transfer[start:end] == row)
        return start + int(found[0]) if found.size else -1

    def places(self) -> Int64s:
        """Places of all transfers in the arena, wallet by wallet."""
        count = self.count.astype(np.int64)
        before = np.cumsum(count) - count
        places: Int64s = np.arange(count.sum()) + np.repeat(self.start - before, count)
        return places

    def first_time(self) -> int | None:
        """Time of the earliest transfer."""
        held = np.flatnonzero(self.count)
        return int(self.time[self.start[held]].min()) if held.size else None

    def last_time(self) -> int | None:
        """Time of the latest transfer."""
        held = np.flatnonzero(self.count)
        return int(self.time[self.start[held] + self.count[held] - 1].max()) if held.size else None


def dealt(pile: Int32s, count: npt.NDArray[np.int64]) -> Int64s:
    """Place of each entry when they are dealt out, in their order, to piles that lie in a row.

    Parameters
    ----------
    pile : int32 array, shape (n,), to which pile an entry goes
    count : int64 array, shape (piles,), entries of each
    """
    place = np.empty(pile.size, dtype=np.int64)
    _deal(pile, np.cumsum(count) - count, place)
    return place


@kernel
def _deal(pile: Int32s, cursor: Int64s, place: Int64s) -> None:
    """Fill ``place`` (n,); ``cursor`` (piles,) is the next free place of each pile."""
    for i in range(pile.size):
        place[i] = cursor[pile[i]]
        cursor[pile[i]] += 1


@kernel
def _fill(log: Log, cursor: Int64s, side: Side) -> None:
    """Copy a log in order of time to its owners' slices; ``cursor`` (wallets,) is where each is."""
    time, owner, counterparty, row, amount = log
    side_time, side_counterparty = side.time, side.counterparty
    side_transfer, side_amount = side.transfer, side.amount
    for i in range(owner.size):
        at = cursor[owner[i]]
        cursor[owner[i]] = at + 1
        side_time[at], side_counterparty[at] = time[i], counterparty[i]
        side_transfer[at], side_amount[at] = row[i], amount[i]
