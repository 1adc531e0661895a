"""How transfers get into slices and out of them: appended, merged from the back, taken out."""

import numpy as np
import numpy.typing as npt

from features.kernel import Int32s, Int64s, inner_kernel, kernel
from features.ledger.side import Log, RowOrder, Side, in_order


@inner_kernel
def slice_room(room: int) -> int:
    """Room of a slice that has outgrown ``room``."""
    return 2 * room + 4


@inner_kernel
def _move(side: Side, source: int, target: int) -> None:
    """Copy one entry of the arena to another place."""
    side.time[target], side.counterparty[target] = side.time[source], side.counterparty[source]
    side.transfer[target], side.amount[target] = side.transfer[source], side.amount[source]


@kernel
def append(
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
            or (time[end - 1] == log_time[i] and not in_order(side.transfer[end - 1], row, order))
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
def find_room(
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
def merge(side: Side, start: Int64s, new: tuple[Log, RowOrder], groups: Int64s) -> None:
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
                    and not in_order(transfer[old + i], log_row[j], order)
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
def remove(side: Side, owners: Int32s, sender: Int32s, others: Int32s) -> int:
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
