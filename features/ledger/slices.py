"""One side of a ledger: for every wallet, its transfers in order of time.

A wallet's transfers are one slice of an arena. A slice that is full moves to the arena's end with
double room (amortised constant cost); the place it leaves is reclaimed when the ledger is saved.
Inside one timestamp the order is (hash of tx_id, position): a function of the transfers, not of
the order in which they arrived, so that append and rebuild give the same bits. Late transfers are
merged into a slice from its back, and retracted ones taken out of it, in one pass however many.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

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
    """What a kernel may read of a ledger."""

    incoming: Side
    outgoing: Side


class Log(NamedTuple):
    """The columns of new transfers that slices need, one entry a row of the ledger's log."""

    time: Int64s
    owner: Int32s
    counterparty: Int32s
    row: Int32s
    amount: Float64s

    def take(self, chosen: npt.NDArray[Any]) -> "Log":
        """Some of the entries: those marked, or those at places."""
        columns: list[npt.NDArray[Any]] = [column[chosen] for column in self]
        return Log(*columns)


class RowOrder(NamedTuple):
    """What decides between rows of the ledger's log that have one timestamp."""

    tx_hash: UInt64s
    position: Int32s


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

    def insert(self, log: Log, order: RowOrder, n_wallets: int) -> None:
        """Put new transfers where they belong in time, late ones included.

        ``order`` is that of the whole ledger's rows.
        """
        if n_wallets > self.start.size:
            self.reserve_wallets(max(n_wallets, self.start.size * 5 // 4))
        late, done = np.zeros(log.time.size, dtype=np.bool_), 0
        while True:
            done, self.used = _append(self.side, self.room, self.used, (log, order), done, late)
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
        end = _find_room(self.side, self.room, self.used, (owner, more), (start, room))
        if end > self.time.size:
            self.reserve(max(end, self.time.size * 5 // 4))
        _merge(self.side, start, (late, order), np.append(first, late.owner.size))
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
        return others[: _remove(self.side, owners, sender, others)]

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


@inner_kernel
def _in_order(before: int, row: int, order: RowOrder) -> bool:
    """Whether one of two rows of one timestamp comes first, or may: their ids decide."""
    tx_hash, position = order.tx_hash, order.position
    if tx_hash[before] != tx_hash[row]:
        return bool(tx_hash[before] < tx_hash[row])
    return bool(position[before] <= position[row])


@kernel
def _append(
    side: Side, room: Int32s, used: int, new: tuple[Log, RowOrder], first: int,
    late: npt.NDArray[np.bool_],
) -> tuple[int, int]:  # fmt: skip
    """Append from ``first`` on what belongs at the end of its slice; the rest is marked ``late``.

    Returns how far the arena's room went, and its new end.
    """
    log, order = new
    start, count, time = side.start, side.count, side.time
    log_time, log_owner, log_row = log.time, log.owner, log.row
    for i in range(first, log_time.size):
        owner, row = log_owner[i], log_row[i]
        end = start[owner] + count[owner]
        if count[owner] and (
            time[end - 1] > log_time[i]
            or (time[end - 1] == log_time[i] and not _in_order(side.transfer[end - 1], row, order))
        ):
            late[i] = True
            continue
        if count[owner] == room[owner]:
            wanted = slice_room(room[owner])
            if used + wanted > time.size:
                return i, used
            for j in range(count[owner]):
                _move(side, start[owner] + j, used + j)
            start[owner], room[owner] = used, wanted
            end = used + count[owner]
            used += wanted
        _write(side, end, log, i)
        count[owner] += 1
    return log_time.size, used


@inner_kernel
def _write(side: Side, at: int, log: Log, i: int) -> None:
    """Copy one entry of a log to a place of the arena."""
    side.time[at], side.counterparty[at] = log.time[i], log.counterparty[i]
    side.transfer[at], side.amount[at] = log.row[i], log.amount[i]


@kernel
def _find_room(
    side: Side, room: Int32s, used: int, wanted: tuple[Int32s, Int64s],
    found: tuple[Int64s, Int32s],
) -> int:  # fmt: skip
    """Choose where slices can take in more; nothing is changed but what is ``found``.

    Parameters
    ----------
    side : Side
    room : int32 array, shape (wallets,)
    used : int, end of the arena
    wanted : tuple of arrays, shape (owners,)
        Owners, and how many more transfers each gets.
    found : tuple of arrays, shape (owners,)
        Start and room of each slice.

    Returns
    -------
    int
        End of the arena afterwards.
    """
    owners, more = wanted
    new_start, new_room = found
    for g in range(owners.size):
        owner = owners[g]
        new_start[g], new_room[g] = side.start[owner], room[owner]
        while new_room[g] < side.count[owner] + more[g]:
            new_room[g] = slice_room(new_room[g])
        if new_room[g] > room[owner]:
            new_start[g] = used
            used += new_room[g]
    return used


@kernel
def _merge(side: Side, start: Int64s, new: tuple[Log, RowOrder], groups: Int64s) -> None:
    """Merge each owner's new transfers into its slice, from the back, in one pass.

    Parameters
    ----------
    side : Side
    start : int64 array, shape (owners,)
        Where the slice of each is to begin: in its place if there is room, else in a free one.
    new : tuple of Log and RowOrder
        By owner, then in order.
    groups : int64 array, shape (owners + 1,)
        Those of an owner are ``[groups[g], groups[g + 1])``.
    """
    log, order = new
    time, transfer = side.time, side.transfer
    log_time, log_row = log.time, log.row
    for g in range(start.size):
        owner = log.owner[groups[g]]
        old, target = side.start[owner], start[g]
        i, j = side.count[owner] - 1, groups[g + 1] - 1
        at = target + i + groups[g + 1] - groups[g]
        while j >= groups[g]:
            if i >= 0 and (
                time[old + i] > log_time[j]
                or (
                    time[old + i] == log_time[j]
                    and not _in_order(transfer[old + i], log_row[j], order)
                )
            ):
                _move(side, old + i, at)
                i -= 1
            else:
                _write(side, at, log, j)
                j -= 1
            at -= 1
        if target != old:
            for k in range(i + 1):
                _move(side, old + k, target + k)
        side.count[owner] += groups[g + 1] - groups[g]


@kernel
def _remove(side: Side, owners: Int32s, sender: Int32s, others: Int32s) -> int:
    """Close the gaps of rows without sender in some slices; ``others`` gets their other ends.

    Returns how many were removed.
    """
    start, count, transfer = side.start, side.count, side.transfer
    n = 0
    for owner in owners:
        at = start[owner]
        for i in range(start[owner], start[owner] + count[owner]):
            if sender[transfer[i]] < 0:
                others[n] = side.counterparty[i]
                n += 1
                continue
            if at < i:
                _move(side, i, at)
            at += 1
        count[owner] = at - start[owner]
    return n
