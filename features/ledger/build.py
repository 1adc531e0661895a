"""From columns of transfers to the arrays of a ledger."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from features.contracts.text import Chunks, as_chunks, as_text
from features.contracts.times import microseconds
from features.contracts.transfers import IdOrder, Transfers
from features.kernel import Float64s, Int32s, Int64s
from features.ledger.names import Names, by_hash
from features.ledger.slices import Log, Slices, dealt
from features.ledger.state import State


class Columns(NamedTuple):
    """Distinct transfers in any order; one entry a transfer.

    Attributes
    ----------
    tx_id : large_string array
    time : int64 array, microseconds since 1970 UTC
    sender, recipient : int32 arrays of wallet codes
    amount : float64 array, whole units of the asset
    position : int32 array
    """

    tx_id: pa.LargeStringArray
    time: Int64s
    sender: Int32s
    recipient: Int32s
    amount: Float64s
    position: Int32s


def build(asset: str, checked: Transfers) -> State:
    """Lay out checked transfers of one asset."""
    wallets, sender, recipient = _wallets(
        as_chunks(checked["sender"]), as_chunks(checked["recipient"])
    )
    columns = Columns(
        tx_id=as_text(checked["tx_id"]),
        time=microseconds(checked["timestamp"]),
        sender=sender,
        recipient=recipient,
        amount=checked["amount"].to_numpy(),
        position=checked["position"].to_numpy(),
    )
    return lay_out(asset, wallets, columns, checked.id_order)


def compact(state: State) -> State:
    """Lay out anew the transfers that are here, without the room that changes left behind."""
    wallets, code = by_hash(state.wallets.all_text())
    places = state.outgoing.places()
    rows = state.outgoing.transfer[places]
    columns = Columns(
        tx_id=state.transactions.all_text().take(rows),
        time=state.outgoing.time[places],
        sender=code[state.sender[rows]],
        recipient=code[state.outgoing.counterparty[places]],
        amount=state.outgoing.amount[places],
        position=state.position[rows],
    )
    order = IdOrder.of(columns.tx_id, columns.position)
    return lay_out(state.asset, wallets, columns, order)


def lay_out(asset: str, wallets: Names, columns: Columns, by_id: IdOrder) -> State:
    """Bring transfers into rows, in order of their ids, and into both sides, in order of time."""
    rows = by_id.rows
    hashes = by_id.hashes[rows]
    in_time = _in_time(columns.time, rows)
    row = np.empty(rows.size, dtype=np.int32)
    row[rows] = np.arange(rows.size, dtype=np.int32)
    time = columns.time[in_time]
    outgoing = Log(
        time,
        columns.sender[in_time],
        columns.recipient[in_time],
        row[in_time],
        columns.amount[in_time],
    )
    incoming = outgoing._replace(owner=outgoing.counterparty, counterparty=outgoing.owner)
    with ThreadPoolExecutor(1) as other:
        text = other.submit(columns.tx_id.take, rows)
        sides = [Slices.build(side, len(wallets)) for side in (incoming, outgoing)]
    return State(
        asset=asset,
        wallets=wallets,
        transactions=Names(text.result(), hashes),
        incoming=sides[0],
        outgoing=sides[1],
        sender=columns.sender[rows],
        position=columns.position[rows],
        tx_hash=hashes,
        n_transfers=time.size,
        last_time=int(time[-1]) if time.size else None,
    )


def _wallets(sender: Chunks, recipient: Chunks) -> tuple[Names, Int32s, Int32s]:
    """The distinct wallets of both ends, and the code of each end."""
    with ThreadPoolExecutor(1) as other:
        received = other.submit(_encoded, recipient)
        senders, sent = _encoded(sender)
        recipients, got = received.result()
    distinct, among = _encoded(pa.chunked_array([senders, recipients]))
    wallets, code = by_hash(distinct)
    code = code[among]
    return wallets, code[: len(senders)][sent], code[len(senders) :][got]


def _encoded(text: Chunks) -> tuple[pa.LargeStringArray, Int32s]:
    """The distinct texts, and which of them each text is."""
    if not len(text):
        return as_text(text), np.empty(0, dtype=np.int32)
    chunks: list[Any] = text.dictionary_encode().chunks
    places = [chunk.indices.to_numpy() for chunk in chunks]
    return as_text(chunks[-1].dictionary), np.concatenate(places)


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
