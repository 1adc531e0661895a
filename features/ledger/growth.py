"""How a ledger changes in place: transfers enter it, make room, and are taken back."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
import pyarrow as pa

from features.contracts.text import as_text, strings
from features.contracts.times import microseconds
from features.kernel import Float64s, Int32s, Int64s, UInt64s, string_hash, text_hashes
from features.ledger.arrivals import Transfer
from features.ledger.assets import Assets
from features.ledger.materiality import judge, settle
from features.ledger.names import Names
from features.ledger.side import NOTHING, Log, grown
from features.ledger.slices import Slices
from features.ledger.state import State
from features.ledger.values import values


class Arrived(NamedTuple):
    """New transfers in order of time, their wallets in the ledger's codes; one entry a transfer.

    Attributes
    ----------
    tx_id : list of str
    tx_hash : uint64 array
    time : int64 array, microseconds since 1970 UTC
    sender, recipient : int32 arrays of wallet codes
    value : float64 array, in the ledger's unit of account; nan where none is known
    position : int32 array
    asset : int32 array of asset codes; empty for a plain ledger
    amount : float64 array, whole units of the asset; empty for a plain ledger
    """

    tx_id: list[str]
    tx_hash: UInt64s
    time: Int64s
    sender: Int32s
    recipient: Int32s
    value: Float64s
    position: Int32s
    asset: Int32s
    amount: Float64s

    @classmethod
    def of_frame(cls, new: pd.DataFrame, wallets: Names, assets: Assets) -> Self:
        """Take in checked transfers; wallets that were never seen get the next codes."""
        names = pa.concat_arrays([as_text(new["sender"]), as_text(new["recipient"])])
        codes = wallets.first_rows(names)
        unseen = np.flatnonzero(codes < 0)
        if unseen.size:
            wallets.extend(list(dict.fromkeys(strings(names.take(unseen)))))
            codes[unseen] = wallets.first_rows(names.take(unseen))
        n, amount = len(new), new["amount"].to_numpy(copy=True)
        return cls(
            tx_id=new["tx_id"].tolist(),
            tx_hash=text_hashes(as_text(new["tx_id"])),
            time=microseconds(new["timestamp"]),
            sender=codes[:n],
            recipient=codes[n:],
            # writeable as NOTHING is: one compiled kernel
            value=amount if assets.plain else values(new, assets),
            position=new["position"].to_numpy(),
            asset=assets.codes([] if assets.plain else new["asset"].tolist()),
            amount=amount[:0] if assets.plain else amount,
        )

    @classmethod
    def of_stream(cls, new: Sequence[Transfer], wallets: Names, assets: Assets) -> Self:
        """Take in a few plain transfers, without a frame."""
        tx_id, _, sender, recipient, moved, of, position, _ = zip(*new, strict=True)
        amount = np.array(moved, np.float64)
        told = [assets.worth(one.asset, one.amount, one.value) for one in new]
        return cls(
            tx_id=list(tx_id),
            tx_hash=np.array([string_hash(text) for text in tx_id], np.uint64),
            time=np.array([one.microseconds for one in new], np.int64),
            sender=np.array([_code(wallets, wallet) for wallet in sender], np.int32),
            recipient=np.array([_code(wallets, wallet) for wallet in recipient], np.int32),
            value=np.array(told, np.float64),
            position=np.array(position, np.int32),
            asset=assets.codes([] if assets.plain else list(of)),
            amount=amount[:0] if assets.plain else amount,
        )


def _code(wallets: Names, wallet: str) -> int:
    """Code of a wallet, a new one where it was never part of a transfer."""
    code = wallets.first_row(wallet)
    if code < 0:
        code = len(wallets)
        wallets.extend([wallet])
    return code


def put(state: State, new: Arrived) -> None:
    """Write new transfers to the log and to both sides."""
    first = len(state.transactions)
    end = first + len(new.tx_id)
    if end > state.sender.size:
        reserve_rows(state, max(end, state.sender.size * 5 // 4))
    state.sender[first:end] = new.sender
    state.position[first:end], state.tx_hash[first:end] = new.position, new.tx_hash
    if not state.assets.plain:
        state.assets.code[first:end], state.assets.amount[first:end] = new.asset, new.amount
    state.transactions.extend(new.tx_id)
    rows = np.arange(first, end, dtype=np.int32)
    reserve_wallets(state, state.n_wallets)
    state.kinds.take_in(state.wallets, state.chain)
    sent = Log(new.time, new.sender, new.recipient, rows, new.value)
    priced = new.value > 0.0
    if not priced.all():
        _put_unpriced(state, sent.take(~priced))
        sent = sent.take(priced)
    _put_priced(state, sent)
    state.n_transfers += len(new.tx_id)
    latest = int(new.time[-1])
    state.last_time = latest if state.last_time is None else max(state.last_time, latest)


def _put_unpriced(state: State, sent: Log) -> None:
    for slices in state.unpriced:  # empty in a plain ledger before the first
        slices.reserve_wallets(state.scales.begun.size)
    state.unpriced.outgoing.insert(sent, state.order)
    state.unpriced.incoming.insert(sent.turned(), state.order)


def _put_priced(state: State, sent: Log) -> None:
    """Write transfers with a value to both sides, as dust or not."""
    received = sent.turned()
    dust, late = judge(state.sides, state.order, received, state.scales)
    state.outgoing.insert(sent, state.order)
    if dust.any():
        state.dust.insert(received.take(dust), state.order)
        received = received.take(~dust)
    state.incoming.insert(received, state.order)
    _settle(state, late)


def _settle(state: State, wallets: Int32s) -> None:
    """Judge anew which receipts of wallets are dust, after a change that was not at the end."""
    if not wallets.size:
        return
    both = state.incoming, state.dust
    misplaced = settle(state.sides, state.order, wallets, state.scales)
    moving = [
        slices.log(found["owner"], found["place"])
        for slices, found in zip(both, misplaced, strict=True)
    ]
    for slices, log in zip(both, moving, strict=True):
        if log.row.size:
            slices.take_out(log, state.sender)
    for slices, log in zip(both[::-1], moving, strict=True):
        if log.row.size:
            slices.insert(log, state.order)


def take_back(state: State, rows: Iterable[int]) -> None:
    """Remove the transfers of these rows from both sides; the rows stay, marked."""
    gone = np.array(list(rows), dtype=np.int64)
    senders = np.unique(state.sender[gone])
    state.sender[gone] = -1
    recipients = np.unique(state.outgoing.remove(senders, state.sender))
    state.incoming.remove(recipients, state.sender)
    state.dust.remove(recipients, state.sender)
    unpriced = state.unpriced
    if unpriced.outgoing.start.size:
        unpriced.incoming.remove(
            np.unique(unpriced.outgoing.remove(senders, state.sender)), state.sender
        )
    _settle(state, np.union1d(senders, recipients))
    state.n_transfers -= gone.size
    state.last_time = latest(state)
    if state.assets.plain and not state.n_transfers:
        state.assets.unit = ""


def _all_slices(state: State) -> tuple[Slices, ...]:
    """Every side that takes in transfers of this ledger."""
    counted = state.incoming, state.outgoing, state.dust
    return (*counted, *state.unpriced) if state.unpriced.outgoing.start.size else counted


def earliest(state: State) -> int | None:
    """Time of the earliest transfer."""
    times = [slices.first_time() for slices in state.sending]
    return min((time for time in times if time is not None), default=None)


def latest(state: State) -> int | None:
    """Time of the latest transfer."""
    times = [slices.last_time() for slices in state.sending]
    return max((time for time in times if time is not None), default=None)


def reserve(state: State, transfers: int) -> None:
    """Make room for so many more; see :meth:`features.Ledger.reserve`."""
    reserve_rows(state, len(state.transactions) + transfers)
    reserve_wallets(state, state.n_wallets + 2 * transfers)
    for slices in _all_slices(state):
        moving = int(np.sort(slices.room)[::-1][:transfers].sum(dtype=np.int64))
        slices.reserve(slices.used + 2 * moving + 4 * transfers)
        slices.insert(NOTHING, state.order)  # these two load their kernels
        slices.merge(NOTHING, state.order)


def reserve_wallets(state: State, size: int) -> None:
    """Make room for ``size`` wallets on all sides."""
    if size > state.scales.begun.size:
        room = max(size, state.scales.begun.size * 5 // 4)
        for slices in _all_slices(state):
            slices.reserve_wallets(room)
        state.scales.reserve_wallets(room)
        state.kinds.reserve_wallets(room)


def reserve_rows(state: State, size: int) -> None:
    """Make the log at least ``size`` rows long."""
    if size <= state.sender.size:
        return
    state.sender, state.position = grown(state.sender, size), grown(state.position, size)
    state.tx_hash = grown(state.tx_hash, size)
    state.assets.reserve_rows(size)
