"""What one side of a ledger is to kernels, and what is put into it."""

from collections.abc import Iterator
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from features.kernel import Float64s, Int32s, Int64s, UInt64s, inner_kernel

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
    amount : float64 array, shape (arena,), what it is worth in the ledger's unit of account
        Nan among transfers without a price. Held on both sides: a view that had to fetch it from
        the log would wait for memory.
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

    def turned(self) -> "Log":
        """The same transfers from their other ends."""
        return self._replace(owner=self.counterparty, counterparty=self.owner)

    def take(self, chosen: npt.NDArray[Any]) -> "Log":
        """Some of the entries: those marked, or those at places."""
        columns: list[npt.NDArray[Any]] = [column[chosen] for column in self]
        return Log(*columns)

    def then(self, other: "Log") -> "Log":
        """These, and others behind them."""
        pairs: Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any]]] = zip(self, other, strict=True)
        return Log(*(np.concatenate(pair) for pair in pairs))


class RowOrder(NamedTuple):
    """What decides between rows of the ledger's log that have one timestamp."""

    tx_hash: UInt64s
    position: Int32s


@inner_kernel
def in_order(before: int, row: int, order: RowOrder) -> bool:
    """Whether one of two rows of one timestamp comes first, or may: their ids decide."""
    tx_hash, position = order.tx_hash, order.position
    if tx_hash[before] != tx_hash[row]:
        return bool(tx_hash[before] < tx_hash[row])
    return bool(position[before] <= position[row])


_NO_CODES = np.empty(0, dtype=np.int32)
NOTHING = Log(np.empty(0, dtype=np.int64), _NO_CODES, _NO_CODES, _NO_CODES, np.empty(0))


def grown(array: npt.NDArray[_Scalar], size: int) -> npt.NDArray[_Scalar]:
    """A copy with room for ``size`` entries, the new ones zero."""
    larger = np.zeros(size, dtype=array.dtype)
    larger[: array.size] = array
    return larger
