"""Transfers that are supposed for as long as a question takes: what if they had been made.

The ledger answers as one that they were appended to would, to the last bit, and afterwards is as
it was. Their wallets need not be in it.
"""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager

import numpy as np

from features.contracts.text import as_text
from features.contracts.wallet_kinds import wallet_kinds
from features.errors import LedgerError
from features.kernel import Int32s, string_hash
from features.ledger import growth
from features.ledger.arrivals import Transfer
from features.ledger.overlay import Held, for_now, replaced
from features.ledger.side import Log
from features.ledger.slices import Slices
from features.ledger.state import State

MOST_SUPPOSED = 64  # transfers of a question
MOST_HELD = 200_000  # transfers of the wallets that they name: these are copied


@contextmanager
def supposed(state: State, transfers: Sequence[Transfer]) -> Iterator[dict[str, int]]:
    """Let a ledger hold more transfers until the end.

    Parameters
    ----------
    state : State
        Nothing else may read or change it meanwhile.
    transfers : sequence of Transfer
        Under the contract of :func:`features.check_transfers`, their names canonical, their ids
        none of the ledger's.

    Yields
    ------
    dict of str to int
        Code of each wallet that they name; those of new ones hold until the end.

    Raises
    ------
    LedgerError
        The ledger holds no such asset, the value is not known, or a wallet has too many transfers
        for this.
    """
    values = np.array([_worth(state, one) for one in transfers], np.float64)
    codes = _codes(state, transfers)
    owners = np.array(sorted(codes.values()), np.int32)
    held = _held(state, owners)
    count = sum(log.row.size for log in held)
    if count > MOST_HELD:
        raise LedgerError(
            f"supposed transfers name wallets with {count} transfers in all; at most {MOST_HELD}"
        )
    first = len(state.transactions)
    rows = np.arange(first, first + len(transfers), dtype=np.int32)
    growth.reserve_rows(state, first + rows.size)
    growth.reserve_wallets(state, int(owners[-1]) + 1)
    time = np.array([one.microseconds for one in transfers], np.int64)
    sender, recipient = (
        np.array([codes[name] for name in names], np.int32)
        for names in ([one.sender for one in transfers], [one.recipient for one in transfers])
    )
    sent = Log(time, sender, recipient, rows, values)
    more = held._replace(received=held.received.then(sent.turned()), sent=held.sent.then(sent))
    with ExitStack() as undo:
        _write(undo, state, rows, transfers, sender)
        new = [name for name, code in codes.items() if code >= state.n_wallets]
        at = np.arange(state.n_wallets, state.n_wallets + len(new))
        for_now(undo, state.kinds.kind, at, wallet_kinds(as_text(new), state.chain))
        undo.enter_context(replaced(state, owners, more))
        yield codes


def _worth(state: State, one: Transfer) -> float:
    """Value of a transfer in the ledger's unit of account."""
    assets = state.assets
    here = one.asset == assets.unit if assets.plain else assets.names.first_row(one.asset) >= 0
    if not here:
        raise LedgerError(f"the ledger holds no asset {one.asset!r}: nothing can be supposed of it")
    value = assets.worth(one.asset, one.amount, one.value)
    if not value > 0.0:
        raise LedgerError(
            f"a supposed transfer of {one.amount:g} {one.asset} needs a value above 0 in "
            f"{assets.unit}, received {one.value}"
        )
    return value


def _codes(state: State, transfers: Sequence[Transfer]) -> dict[str, int]:
    """Code of each wallet, the next ones for those that the ledger never saw."""
    codes: dict[str, int] = {}
    following = state.n_wallets
    for name in (end for one in transfers for end in (one.sender, one.recipient)):
        if name not in codes:
            code = state.code(name)
            codes[name] = following if code < 0 else code
            following += code < 0
    return codes


def _held(state: State, owners: Int32s) -> Held:
    """All transfers of some wallets, of which the last may be new ones."""
    known = owners[owners < state.n_wallets]
    received, sent, dust = (
        _of(slices, known) for slices in (state.incoming, state.outgoing, state.dust)
    )
    return Held(received.then(dust), sent, *(_of(slices, known) for slices in state.unpriced))


def _of(slices: Slices, wallets: Int32s) -> Log:
    if not slices.start.size:
        wallets = wallets[:0]  # the unpriced ones of a plain ledger
    count = slices.count[wallets].astype(np.int64)
    before = np.cumsum(count) - count
    places = np.arange(count.sum()) + np.repeat(slices.start[wallets] - before, count)
    return slices.log(np.repeat(wallets, count), places)


def _write(
    undo: ExitStack, state: State, rows: Int32s, transfers: Sequence[Transfer], sender: Int32s
) -> None:
    """Write rows of the log behind its last one, where there is room."""
    for_now(undo, state.sender, rows, sender)
    for_now(undo, state.position, rows, [one.position for one in transfers])
    for_now(undo, state.tx_hash, rows, [string_hash(one.tx_id) for one in transfers])
    assets = state.assets
    if not assets.plain:
        for_now(undo, assets.code, rows, [assets.names.first_row(one.asset) for one in transfers])
        for_now(undo, assets.amount, rows, [one.amount for one in transfers])
