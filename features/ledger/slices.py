"""One side of a ledger: for every wallet, its transfers in order of time.

A wallet's transfers are one slice of an arena. A slice that is full moves to the arena's end with
double room (amortised constant cost); the place it leaves is reclaimed when the ledger is saved.
Inside one timestamp the order is (hash of tx_id, position): a function of the transfers, not of
the order in which they arrived, so that append and rebuild give the same bits.
"""

from dataclasses import dataclass
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, UInt64s, inner_kernel, kernel

_Scalar = TypeVar("_Scalar", bound=np.generic)


class Side(NamedTuple):
    """The arrays of one side, as kernels read them.

    The slice of wallet ``c`` is ``[start[c], start[c] + count[c])`` of the last four.

    Attributes
    ----------
    start : int64 array, shape (wallets,)
    count : int32 array, shape (wallets,)
    time : int64 array, shape (arena,), microseconds since 1970 UTC
    counterparty : int32 array, shape (arena,), wallet code of the other end
    transfer : int32 array, shape (arena,), row in the ledger's log
    amount : float64 array, shape (arena,), whole units of the asset
        Held on both sides: a view that had to fetch it from the log would wait for memory.
    """

    start: Int64s
    count: Int32s  # type: ignore[assignment]  # hides tuple.count, which nobody needs
    time: Int64s
    counterparty: Int32s
    transfer: Int32s
    amount: Float64s


class Sides(NamedTuple):
    """What a kernel may read of a ledger; see :mod:`features.ledger.materiality` for dust."""

    incoming: Side
    outgoing: Side
    dust: Side


class Log(NamedTuple):
    """The columns of new transfers that slices need, one entry a row of the ledger's log."""

    time: Int64s
    owner: Int32s
    counterparty: Int32s
    row: Int32s
    amount: Float64s


_NO_CODES = np.empty(0, dtype=np.int32)
NOTHING = Log(np.empty(0, dtype=np.int64), _NO_CODES, _NO_CODES, _NO_CODES, np.empty(0))


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

    def insert(self, log: Log, tx_hash: UInt64s, position: Int32s, n_wallets: int) -> None:
        """Put new transfers where they belong in time, late ones included.

        ``tx_hash`` and ``position`` are those of the whole ledger, by row.
        """
        if n_wallets > self.start.size:
            self.reserve_wallets(max(n_wallets, self.start.size * 5 // 4))
        done = 0
        while True:
            done, self.used = _insert(self.side, self.room, self.used, log, done, tx_hash, position)
            if done == log.time.size:
                return
            needed = self.used + slice_room(int(self.room[log.owner[done]]))
            self.reserve(max(needed, self.time.size * 5 // 4))

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

    def log(self, owner: Int32s, places: Int64s) -> Log:
        """The transfers at some places, whose owners are given."""
        columns = self.time, self.counterparty, self.transfer, self.amount
        time, other, row, amount = (column[places] for column in columns)
        return Log(time, owner, other, row, amount)

    def remove(self, owner: int, row: int) -> None:
        """Take one transfer out of its owner's slice."""
        at, end = self.find(owner, row), int(self.start[owner]) + int(self.count[owner])
        for column in self._columns:
            column[at : end - 1] = column[at + 1 : end].copy()
        self.count[owner] -= 1

    def find(self, owner: int, row: int, *, near: int | None = None) -> int:
        """Place in the arena of a transfer that ``owner`` holds.

        Only the transfers at time ``near`` are looked through where it is among them.
        """
        start = int(self.start[owner])
        end = start + int(self.count[owner])
        if near is not None:
            first, last = np.searchsorted(self.time[start:end], [near, near + 1])
            found = np.flatnonzero(self.transfer[start + first : start + last] == row)
            if found.size:
                return start + int(first) + int(found[0])
        return start + int(np.flatnonzero(self.transfer[start:end] == row)[0])

    def holds(self, owner: int, row: int) -> bool:
        """Whether a transfer is in its owner's slice."""
        start = int(self.start[owner])
        return bool((self.transfer[start : start + int(self.count[owner])] == row).any())

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


def grown(array: npt.NDArray[_Scalar], size: int) -> npt.NDArray[_Scalar]:
    """A copy with room for ``size`` entries, the new ones zero."""
    larger = np.zeros(size, dtype=array.dtype)
    larger[: array.size] = array
    return larger


@inner_kernel
def slice_room(room: int) -> int:
    """Room of a slice that has outgrown ``room``."""
    return 2 * room + 4


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


@inner_kernel
def _move(side: Side, source: int, target: int) -> None:
    """Copy one entry of the arena to another place."""
    side.time[target], side.counterparty[target] = side.time[source], side.counterparty[source]
    side.transfer[target], side.amount[target] = side.transfer[source], side.amount[source]


@kernel
def _insert(
    side: Side, room: Int32s, used: int, log: Log, first: int, tx_hash: UInt64s, position: Int32s
) -> tuple[int, int]:
    """Insert from ``first`` on; returns how far the arena's room went, and its new end."""
    start, count, time = side.start, side.count, side.time
    for i in range(first, log.time.size):
        owner, row = log.owner[i], log.row[i]
        if count[owner] == room[owner]:
            wanted = slice_room(room[owner])
            if used + wanted > time.size:
                return i, used
            for j in range(count[owner]):
                _move(side, start[owner] + j, used + j)
            start[owner] = used
            room[owner] = wanted
            used += wanted
        at = start[owner] + count[owner]
        while at > start[owner]:
            before = side.transfer[at - 1]
            if time[at - 1] < log.time[i] or (
                time[at - 1] == log.time[i]
                and (
                    tx_hash[before] < tx_hash[row]
                    or (tx_hash[before] == tx_hash[row] and position[before] <= position[row])
                )
            ):
                break
            _move(side, at - 1, at)
            at -= 1
        time[at], side.counterparty[at] = log.time[i], log.counterparty[i]
        side.transfer[at], side.amount[at] = row, log.amount[i]
        count[owner] += 1
    return log.time.size, used
