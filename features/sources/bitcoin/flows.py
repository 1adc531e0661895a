"""From inputs and outputs to transfers between wallets, exact to the satoshi.

A wallet is an address. In one transaction each address counts once, by its net: outputs less
inputs. Those below zero pay, those above are paid, and what every payer gave is split among the
payees pro rata, in whole satoshi, so that rows and columns add up to what each paid and got.
(GraphSense splits so in floating point, and lets the fee vanish.)

``tx:<txid>`` is a pseudo-wallet, the transaction itself. It stands between payers and payees of

* a CoinJoin (:mod:`features.sources.bitcoin.coinjoin`): who paid whom is what it hides;
* a transaction of several payers and several payees with more than ``PAIRS`` pairs of them: 1 % of
  transactions would make 45 % of all transfers;
* a coinbase, which nobody pays: its balance is what was made, and the fees it took;
* and it keeps what a transaction destroys, in an output that cannot be spent.

No path leads through any of these (:mod:`features.contracts.wallet_kinds`), whatever is known of
it: the origin of money out of one is unknown. A CoinJoin is labelled as a mixer, too
(:mod:`features.sources.bitcoin.mixes`).

The fee stands in ``fee``, on the first transfer of each payer, so that for every wallet

    balance = sum of amounts received - sum of (amount + fee) sent

holds to the satoshi. A transaction in which nothing but the fee leaves its payers is a transfer of
zero of each of them to itself. Three coinbases made nothing and are left out: the first of all, and
two that repeat the id of an earlier one, as their outputs took the place of its.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from features.contracts.wallet_kinds import PSEUDO_PREFIX
from features.kernel import Int32s, Int64s
from features.sources.bitcoin.coinjoin import coinjoins
from features.sources.bitcoin.records import NOBODY, SATOSHI, UNMADE, Records
from features.sources.bitcoin.splitting import NODE, Nets, split

ASSET = "BTC"
PAIRS = 400  # of a payer and a payee, above which a transaction stands between them


def transfers(records: Records, between: npt.NDArray[np.bool_] | None = None) -> pd.DataFrame:
    """Transfers of transactions, as :func:`features.check_transfers` takes them.

    Parameters
    ----------
    records : Records
    between : bool array, shape (n,), optional
        What :func:`stand_between` says of them, where that is known already.

    Returns
    -------
    DataFrame
        ``tx_id``, ``position`` (rank among the transaction's transfers by sender and recipient, so
        that it is the same whatever they were read from), ``timestamp``, ``sender``, ``recipient``,
        ``amount`` and ``fee`` in BTC, ``asset``, ``block``.
    """
    node = stand_between(records) if between is None else between
    rows = split(nets(records), _burnt(records), records.fees, node)
    rows = rows.at(~_unmade(records)[rows.transaction])
    head, k = records.head, len(records.owners)
    names = pa.concat_arrays([records.owners, _node_names(head.txid)])

    def named(codes: Int32s) -> "pd.Series[str]":
        return _texts(names.take(np.where(codes == NODE, k + rows.transaction, codes)))

    return pd.DataFrame(
        {
            "tx_id": _texts(head.txid.take(rows.transaction)),
            "position": positions(rows.transaction),
            "timestamp": pd.to_datetime(head.time[rows.transaction], unit="s", utc=True),
            "sender": named(rows.sender),
            "recipient": named(rows.recipient),
            "amount": rows.amount / SATOSHI,
            "asset": ASSET,
            "block": head.block[rows.transaction],
            "fee": rows.fee / SATOSHI,
        }
    )


def _texts(texts: Any) -> "pd.Series[str]":
    return pd.Series(pd.array(texts, dtype="str"))


def _unmade(records: Records) -> npt.NDArray[np.bool_]:
    """Which transactions are coinbases that made nothing."""
    empty = np.isin(records.head.block, list(UNMADE))
    for at in np.flatnonzero(empty).tolist():
        txid = records.head.txid[at].as_py()
        empty[at] = txid == UNMADE[int(records.head.block[at])]
    return empty


def nets(records: Records) -> Nets:
    """Outputs less inputs of each owner in each transaction."""
    inputs, outputs = records.inputs, records.outputs
    held = outputs.owner != NOBODY
    transaction = np.concatenate([inputs.transaction, outputs.transaction[held]])
    owner = np.concatenate([inputs.owner, outputs.owner[held]])
    value = np.concatenate([-inputs.value, outputs.value[held]])
    key = transaction * (len(records.owners) + 1) + owner
    order = np.argsort(key, kind="stable")
    begins = np.flatnonzero(np.diff(key[order], prepend=-1))
    net = np.add.reduceat(value[order], begins) if begins.size else value
    kept = net != 0
    at = order[begins][kept]
    first = np.searchsorted(transaction[at], np.arange(len(records) + 1))
    return Nets(first, owner[at], net[kept])


def stand_between(records: Records) -> npt.NDArray[np.bool_]:
    """Which transactions stand between their payers and payees, shape (n,)."""
    found = nets(records)
    paying = np.concatenate([[0], np.cumsum(found.value < 0)])
    payers = paying[found.first[1:]] - paying[found.first[:-1]]
    payees = np.diff(found.first) - payers
    huge = (payers * payees > PAIRS) & (payers > 1) & (payees > 1)
    between: npt.NDArray[np.bool_] = huge | records.coinbase | (coinjoins(records) > 0)
    return between


def positions(transaction: Int64s) -> Int32s:
    """Rank of each row among those of its transaction; they follow one another."""
    begins = np.flatnonzero(np.diff(transaction, prepend=-1))
    length = np.diff(begins, append=transaction.size)
    return (np.arange(transaction.size) - np.repeat(begins, length)).astype(np.int32)


def _burnt(records: Records) -> Int64s:
    """What each transaction pays to nobody, satoshi, shape (n,)."""
    outputs = records.outputs
    lost = outputs._replace(value=np.where(outputs.owner == NOBODY, outputs.value, 0))
    return np.where(records.coinbase, 0, lost.sums())


def _node_names(txid: pa.LargeStringArray) -> pa.LargeStringArray:
    texts = np.char.add(PSEUDO_PREFIX, np.asarray(txid.to_pylist(), dtype="U"))
    return pa.array(texts, type=pa.large_string())
