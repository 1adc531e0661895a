"""Spends: wallets that signed one transaction, which is why they are taken for one owner's."""

from typing import NamedTuple, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from features.kernel import Int32s, Int64s


class Spends(NamedTuple):
    """Transactions that were paid for from several wallets each.

    Attributes
    ----------
    tx_id : large_string array, shape (m,)
    time : int64 array, shape (m,), microseconds since 1970
    first : int64 array, shape (m + 1,)
        The wallets of transaction i are ``wallet[first[i]:first[i + 1]]``.
    wallet : int32 array, shape (k,)
        Codes of wallets.
    """

    tx_id: pa.LargeStringArray
    time: Int64s
    first: Int64s
    wallet: Int32s

    @classmethod
    def none(cls) -> Self:
        """No spends."""
        nothing = np.zeros(0, dtype=np.int64)
        none = pa.array([], pa.large_string())
        return cls(none, nothing, np.zeros(1, dtype=np.int64), nothing.astype(np.int32))

    def __str__(self) -> str:
        return f"{self.time.size} spends of {self.wallet.size} wallets"

    def at(self, rows: npt.NDArray[np.integer]) -> "Spends":
        """Some of them, in the order given."""
        number = np.diff(self.first)[rows]
        first = np.concatenate([[0], np.cumsum(number)])
        places = np.repeat(self.first[rows] - first[:-1], number) + np.arange(first[-1])
        return Spends(self.tx_id.take(rows), self.time[rows], first, self.wallet[places])

    def then(self, later: "Spends") -> "Spends":
        """These, and others behind them."""
        return Spends(
            pa.concat_arrays([self.tx_id, later.tx_id]),
            np.concatenate([self.time, later.time]),
            np.concatenate([self.first, self.first[-1] + later.first[1:]]),
            np.concatenate([self.wallet, later.wallet]),
        )
