"""From columns of transfers to the arrays of a ledger."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from features.contracts.text import Chunks, as_chunks, as_text
from features.contracts.times import microseconds
from features.contracts.transfers import IdOrder, Transfers
from features.kernel import Float64s, Int32s, Int64s
from features.ledger.assets import Assets
from features.ledger.kinds import WalletKinds
from features.ledger.materiality import parted
from features.ledger.names import Names, by_hash
from features.ledger.side import NOTHING, Log, RowOrder
from features.ledger.slices import Slices, dealt
from features.ledger.state import State, Unpriced
from features.ledger.values import Account, values


class Columns(NamedTuple):
    """Distinct transfers in any order; one entry a transfer.

    Attributes
    ----------
    time : int64 array, microseconds since 1970 UTC
    sender, recipient : int32 arrays of wallet codes
    value : float64 array, in the unit of account; nan where none is known
    position : int32 array
    by_id : int64 array
        Which transfer stands in each row: they are in order of (hash of ``tx_id``, position).
    """

    time: Int64s
    sender: Int32s
    recipient: Int32s
    value: Float64s
    position: Int32s
    by_id: Int64s


def build(counted: Account, checked: Transfers) -> State:
    """Lay out checked transfers."""
    chain, unit, plain = counted
    of = Assets.of_unit(chain, unit) if plain else Assets.of_frame(chain, unit, checked)
    value = checked["amount"].to_numpy() if plain else values(checked, of)
    ends = [*as_chunks(checked["sender"]).chunks, *as_chunks(checked["recipient"]).chunks]
    with ThreadPoolExecutor(1) as other:
        numbered = other.submit(_numbered, pa.chunked_array(ends))
        order = checked.id_order
        transactions = _transactions(as_text(checked["tx_id"]), order)
        wallets, codes = numbered.result()
    columns = Columns(
        time=microseconds(checked["timestamp"]),
        sender=codes[: len(checked)],
        recipient=codes[len(checked) :],
        value=value,
        position=checked["position"].to_numpy(),
        by_id=order.rows,
    )
    return lay_out(of, wallets, transactions, columns)


def compact(state: State) -> State:
    """Lay out anew the transfers that are here, without the room that changes left behind."""
    wallets, code = by_hash(state.wallets.all_text())
    held = _everything(state)
    rows = held.row
    tx_id, position = state.transactions.all_text().take(rows), state.position[rows]
    order = IdOrder.of(tx_id, position)
    columns = Columns(
        time=held.time,
        sender=code[held.owner],
        recipient=code[held.counterparty],
        value=held.amount,
        position=position,
        by_id=order.rows,
    )
    assets = state.assets.take(rows.astype(np.int64))
    laid_out = lay_out(assets, wallets, _transactions(tx_id, order), columns)
    laid_out.provenance = state.provenance
    return laid_out


def _everything(state: State) -> Log:
    """All transfers, wallet by wallet."""
    logs = []
    for slices in state.sending:
        places = slices.places()
        logs.append(slices.log(state.sender[slices.transfer[places]], places))
    return logs[0].then(logs[1]) if logs[1].row.size else logs[0]


def lay_out(assets: Assets, wallets: Names, transactions: Names, columns: Columns) -> State:
    """Bring transfers into rows, in order of their ids, and into both sides, in order of time.

    ``assets`` holds those of the transfers in the order of ``columns``.
    """
    rows, log = columns.by_id, _log(columns)
    outgoing, apart = _by_price(log)
    incoming = outgoing.turned()
    with ThreadPoolExecutor(1) as other:
        building = other.submit(Slices.build, incoming, len(wallets))
        sent = Slices.build(outgoing, len(wallets))
    position = columns.position[rows]
    received, dust, scales = parted(
        building.result(), sent, RowOrder(transactions.hashes, position)
    )
    return State(
        assets=assets.take(rows),
        wallets=wallets,
        kinds=WalletKinds.of(wallets, assets.chain),
        transactions=transactions,
        incoming=received,
        outgoing=sent,
        dust=dust,
        unpriced=_unpriced(apart, 0 if assets.plain and not apart.row.size else len(wallets)),
        scales=scales,
        sender=columns.sender[rows],
        position=position,
        tx_hash=transactions.hashes,
        n_transfers=rows.size,
        last_time=int(log.time[-1]) if rows.size else None,
    )


def _log(columns: Columns) -> Log:
    """Transfers in order of (time, row), by their senders."""
    rows = columns.by_id
    row = np.empty(rows.size, dtype=np.int32)
    row[rows] = np.arange(rows.size, dtype=np.int32)
    in_time = _in_time(columns.time, rows)
    return Log(
        columns.time[in_time],
        columns.sender[in_time],
        columns.recipient[in_time],
        row[in_time],
        columns.value[in_time],
    )


def _by_price(log: Log) -> tuple[Log, Log]:
    """Part transfers into those with a value, and those of none or of no known one."""
    priced = log.amount > 0.0
    return (log, NOTHING) if priced.all() else (log.take(priced), log.take(~priced))


def _unpriced(log: Log, n_wallets: int) -> Unpriced:
    return Unpriced(Slices.build(log.turned(), n_wallets), Slices.build(log, n_wallets))


def _transactions(tx_id: pa.LargeStringArray, order: IdOrder) -> Names:
    """The ids of transfers by row."""
    return Names(tx_id.take(order.rows), order.hashes[order.rows])


def _numbered(ends: Chunks) -> tuple[Names, Int32s]:
    """The distinct wallets by code, and the code of each end."""
    if not len(ends):
        return by_hash(as_text(ends))
    chunks: list[Any] = ends.dictionary_encode().chunks  # all have the last one's dictionary
    wallets, code = by_hash(as_text(chunks[-1].dictionary))
    return wallets, np.concatenate([code[chunk.indices.to_numpy()] for chunk in chunks])


def _in_time(time: Int64s, rows: Int64s) -> Int64s:
    """Order by (time, row): transfers in the order of their rows are dealt out to the instants."""
    first = np.diff(time, prepend=time[:1] - 1)
    if (first < 0).any():
        instant = np.unique(time, return_inverse=True)[1].astype(np.int32)
    else:  # as checks leave them
        instant = np.cumsum(first > 0, dtype=np.int32) - np.int32(1)
    order = np.empty_like(rows)
    order[dealt(instant[rows], np.bincount(instant))] = rows
    return order
