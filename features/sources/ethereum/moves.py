"""Movements of an EVM chain, from whichever source, as transfers of the contract.

A movement is a row of text and numbers: raw integers and decimals become whole units by one
correctly rounded conversion, so that every source gives the same float64.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.text import as_text
from features.kernel import text_hashes
from features.sources.ethereum.rules import GWEI_DECIMALS, ZERO

MOVES = ("tx_id", "block", "timestamp", "sender", "recipient", "raw", "decimals", "asset", "top")
_TYPES = {
    "tx_id": "str",
    "position": "int32",
    "timestamp": "datetime64[us, UTC]",
    "sender": "str",
    "recipient": "str",
    "amount": "float64",
    "asset": "str",
    "block": "int64",
}
_CONTENT = ("asset", "sender", "recipient")
_HALF = 1 << 30  # positions below it are of the chain's own asset, from it on of tokens
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)  # odd, so that multiplication by it loses nothing


class Sieve:
    """Rows of a frame, and how many were left out for which reason.

    Parameters
    ----------
    rows : DataFrame
    left_out : Counter of str
        Is added to.
    """

    def __init__(self, rows: pd.DataFrame, left_out: Counter[str]) -> None:
        self.rows = rows
        self.left_out = left_out

    def drop(self, unwanted: Any, reason: str) -> None:
        """Leave rows out, by a mask of shape (n,)."""
        mask = np.asarray(unwanted, dtype=bool)
        if mask.any():
            self.left_out[reason] += int(mask.sum())
            self.rows = self.rows[~mask]


def withdrawn(rows: Sequence[tuple[int, int, str, int]]) -> pd.DataFrame:
    """Ether that validators took out of their stakes, as movements that no one sent.

    Parameters
    ----------
    rows : sequence of (block, number of the withdrawal, address, gwei)
    """
    made = [
        (block, f"withdrawal-{number}", ZERO, address, str(gwei), GWEI_DECIMALS)
        for block, number, address, gwei in rows
    ]
    columns = ["block", "tx_id", "sender", "recipient", "raw", "decimals"]
    return pd.DataFrame(made, columns=columns).assign(top=True)


def whole_units(raw: Any, decimals: Any) -> np.ndarray:
    """Raw amounts divided by powers of ten, rounded once; float64 (n,).

    Parameters
    ----------
    raw : sequence of str, shape (n,)
        Decimal numbers, of any length.
    decimals : sequence of int, shape (n,)

    Examples
    --------
    >>> whole_units(["1234500", "1000000000000000001"], [6, 18]).tolist()
    [1.2345, 1.0]
    """
    shift = pa.array(np.asarray(decimals, dtype=np.int64)).cast(pa.large_string())
    return np.asarray(_joined([as_text(raw), shift], "e-").cast(pa.float64()))


def _joined(texts: Sequence[Any], separator: str) -> Any:
    between = pa.scalar(separator, pa.large_string())
    return pc.binary_join_element_wise(*texts, between)


def as_transfers(moves: pd.DataFrame, left_out: Counter[str]) -> pd.DataFrame:
    """Give movements the columns of a transfer, zero amounts left out and counted.

    Parameters
    ----------
    moves : DataFrame
        Of the columns ``MOVES``; ``top``: whether it is the payment of the transaction itself.
    left_out : Counter of str

    Returns
    -------
    DataFrame
        ``tx_id, position, timestamp, sender, recipient, amount, asset, block``; see
        :func:`positions`.
    """
    sieve = Sieve(moves.assign(amount=whole_units(moves["raw"], moves["decimals"])), left_out)
    sieve.drop(sieve.rows["amount"] == 0, "of zero value")
    rows = sieve.rows
    return rows.assign(position=positions(rows))[list(_TYPES)].astype(_TYPES)


def positions(moves: pd.DataFrame) -> np.ndarray:
    """Number of each movement in its transaction, out of its content: int32 (n,).

    The payment of the transaction itself is 0. All others are numbered by a hash of asset, sender,
    recipient and amount, and of how many equal ones of the transaction came before: an explorer's
    file, which knows neither the order of calls nor the number of an event, and holds the half of a
    transaction that touches one address, so gives a transfer the number that a node gives it.
    Tokens are numbered above the chain's own asset. Where two hashes of a transaction meet, about
    once in 2^30 pairs, the later one by full hash takes the next free number.
    """
    if not len(moves):
        return np.zeros(0, dtype=np.int32)
    bits = pa.array(moves["amount"].to_numpy(np.float64).view(np.int64)).cast(pa.large_string())
    content = text_hashes(_joined([*(as_text(moves[name]) for name in _CONTENT), bits], "|"))
    keys = pd.DataFrame({"tx": moves["tx_id"].to_numpy(), "content": content})
    again = keys.groupby(["tx", "content"], sort=False).cumcount().to_numpy().astype(np.uint64)
    mixed = (content + again * _GOLDEN) * _GOLDEN
    top = moves["top"].to_numpy(dtype=bool)
    token = moves["asset"].str.startswith("0x").to_numpy(dtype=bool)
    number = (mixed >> np.uint64(34)).astype(np.int64) + np.where(token, _HALF, 0)
    number[top] = 0
    number[~top & (number == 0)] = 1
    return _apart(keys["tx"], number, mixed, top).astype(np.int32)


def _apart(tx: pd.Series, number: np.ndarray, mixed: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Move numbers that meet inside a transaction to the next free one."""
    while True:
        order = np.lexsort((mixed, ~top))
        met = pd.DataFrame({"tx": tx.to_numpy()[order], "number": number[order]}).duplicated()
        if not met.any():
            return number
        later = order[met.to_numpy()]
        half = number[later] & _HALF
        number[later] = half + (number[later] - half + 1) % _HALF
