"""Transactions of a chain of coins: who put in how much, and who got how much out.

Whatever it was read from, a transaction is a record (txid, time, block, inputs, outputs), and many
are arrays. :func:`features.sources.bitcoin.flows.transfers` makes transfers of them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple, Self, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.text import Texts, as_text
from features.errors import SourceError
from features.kernel import Int32s, Int64s

NOBODY = -1  # owner of an output that cannot be spent
SATOSHI = 100_000_000  # of one bitcoin
MOST = 21_000_000 * SATOSHI  # that can ever be
LATEST = 2**32 - 1  # unix seconds: a block has four bytes for its time
# coinbases that made nothing, by height: the first one's output is not to be spent, the others
# repeat the id of an earlier one, whose output they took the place of (BIP 30)
UNMADE = {
    0: "4a5e1e4baab89f3a32518a88c31bc87f618f76673e2cc77ab2127b7afdeda33b",
    91_842: "d5d27987d2a3dfc724e359870c6644b40e497bdc0589a033220fe15429d88599",
    91_880: "e3bf3d07d4b0375638d5f1db5255fe07ba2c4cb067cd81b84ee974b6585fb468",
}


class Coins(NamedTuple):
    """Inputs, or outputs, of n transactions.

    Attributes
    ----------
    first : int64 array, shape (n + 1,)
        Those of transaction i are ``[first[i], first[i + 1])``.
    owner : int32 array, shape (m,)
        Code of an owner, ``NOBODY`` for an output that cannot be spent.
    value : int64 array, shape (m,), satoshi
    """

    first: Int64s
    owner: Int32s
    value: Int64s

    @property
    def transaction(self) -> Int64s:
        """The transaction of each, shape (m,)."""
        return np.repeat(np.arange(self.first.size - 1), np.diff(self.first))

    def sums(self) -> Int64s:
        """Their sum in each transaction, satoshi, shape (n,)."""
        upto = np.concatenate([[0], np.cumsum(self.value)])
        return cast("Int64s", upto[self.first[1:]] - upto[self.first[:-1]])


class Read(NamedTuple):
    """Inputs, or outputs, of n transactions as a reader finds them.

    Attributes
    ----------
    first : int64 array, shape (n + 1,)
        As in :class:`Coins`.
    owner : large_string array, shape (m,)
        Null where it has none, or is not known.
    value : int64 array, shape (m,), satoshi
        Null where it is not known.
    """

    first: Int64s
    owner: Texts
    value: Any


class Head(NamedTuple):
    """What is known of n transactions beside their coins.

    Attributes
    ----------
    txid : large_string array, shape (n,)
        In hex, as explorers show it.
    time : int64 array, shape (n,), unix seconds
        Of the block.
    block : int64 array, shape (n,)
        Its height.
    """

    txid: pa.LargeStringArray
    time: Int64s
    block: Int64s


@dataclass(frozen=True, slots=True)
class Records:
    """Transactions with their coins; one without inputs is a coinbase.

    Attributes
    ----------
    head : Head
    inputs, outputs : Coins
    owners : large_string array, shape (k,)
        Name of each code: distinct, ascending.
    """

    head: Head
    inputs: Coins
    outputs: Coins
    owners: pa.LargeStringArray

    def __len__(self) -> int:
        return self.head.time.size

    @classmethod
    def of(cls, head: Head, inputs: Read, outputs: Read) -> Self:
        """Check what was read, and give every owner a code.

        Raises
        ------
        SourceError
            An input without owner or value, an output without value or outside of what can be,
            a transaction that pays out more than was put in, or a time that is no block's.
        """
        _require_when(head)
        _require_known(head, inputs)
        owners, codes = _coded(inputs.owner, outputs.owner)
        n = len(inputs.owner)
        got = Coins(outputs.first, codes[n:], _values(head, outputs))
        found = cls(head, Coins(inputs.first, codes[:n], _values(head, inputs)), got, owners)
        _require_funds(found)
        return found

    @property
    def coinbase(self) -> npt.NDArray[np.bool_]:
        """Which transactions make new coins, shape (n,)."""
        made: npt.NDArray[np.bool_] = np.diff(self.inputs.first) == 0
        return made

    @property
    def fees(self) -> Int64s:
        """What each transaction leaves to the miner, satoshi, shape (n,); 0 for a coinbase."""
        left = self.inputs.sums() - self.outputs.sums()
        return np.where(self.coinbase, 0, left)


class Found(NamedTuple):
    """What a format's files held.

    Attributes
    ----------
    records : Records
    left_out : mapping of str to int
        How many transactions were left out, by reason.
    """

    records: Records
    left_out: Mapping[str, int] = MappingProxyType({})


def _coded(*owners: Texts) -> tuple[pa.LargeStringArray, Int32s]:
    """Distinct names in ascending order, and the code of each name, NOBODY for null."""
    texts = pa.concat_arrays([as_text(each) for each in owners])
    coded: Any = cast("Any", texts).dictionary_encode()
    order = np.asarray(pc.sort_indices(coded.dictionary))
    rank = np.empty(order.size + 1, dtype=np.int32)
    rank[order] = np.arange(order.size)
    rank[-1] = NOBODY
    indices = np.asarray(coded.indices.fill_null(order.size))
    return cast("pa.LargeStringArray", coded.dictionary.take(pa.array(order))), rank[indices]


def _values(head: Head, coins: Read) -> Int64s:
    values: Any = pa.array(coins.value, pa.int64())
    known = np.asarray(values.fill_null(-1))
    odd = np.flatnonzero((known < 0) | (known > MOST))
    if odd.size:
        at = _transaction_of(coins, int(odd[0]))
        raise SourceError(
            f"transaction {head.txid[at]}: an input or output of {values[int(odd[0])]} satoshi; "
            f"allowed are 0 to {MOST}"
        )
    return known


def _require_when(head: Head) -> None:
    odd = np.flatnonzero((head.time < 0) | (head.time > LATEST) | (head.block < 0))
    if odd.size:
        at = int(odd[0])
        raise SourceError(
            f"transaction {head.txid[at]}: time {head.time[at]} or height {head.block[at]} is no "
            f"block's; allowed are unix seconds from 0 to {LATEST} and heights from 0 on"
        )


def _transaction_of(coins: Read, place: int) -> int:
    return int(np.searchsorted(coins.first, place, side="right")) - 1


def _require_known(head: Head, inputs: Read) -> None:
    """Raise unless every input has an owner and a value."""
    owner, value = as_text(inputs.owner), pa.array(inputs.value, pa.int64())
    unknown = np.asarray(owner.is_null()) | np.asarray(value.is_null())
    if not unknown.any():
        return
    where = np.flatnonzero(unknown)
    transactions = np.unique(np.searchsorted(inputs.first, where, side="right") - 1)
    raise SourceError(
        f"{where.size} of {unknown.size} inputs, of {transactions.size} transactions, have no "
        f"address or no value, the first in {head.txid[int(transactions[0])]}: who paid is not "
        "known. Read the blocks that hold what they spend as well, or a source that says it: an "
        "export with inputs filled in (bitcoinetl enrich_transactions), a node that answers "
        "getblock with verbosity 3"
    )


def _require_funds(records: Records) -> None:
    for coins in (records.inputs, records.outputs):
        sums = np.bincount(coins.transaction, coins.value.astype(np.float64))
        if sums.size and sums.max() > MOST:
            txid = records.head.txid[int(sums.argmax())]
            raise SourceError(f"transaction {txid} moves more than the {MOST} satoshi there are")
    short = np.flatnonzero(records.fees < 0)
    if short.size:
        at = int(short[0])
        raise SourceError(
            f"{short.size} transactions pay out more than was put in, the first "
            f"{records.head.txid[at]}, by {-int(records.fees[at])} satoshi: inputs are missing"
        )
