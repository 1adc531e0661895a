"""Check a ledger's folder in full: what opening it takes on trust, too."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from features.contracts.received import MAX_NAME
from features.contracts.times import EARLIEST, LATEST
from features.errors import LedgerError
from features.kernel import Float64s, Int32s, Int64s, kernel, text_hashes
from features.ledger.disk import read_ledger
from features.ledger.growth import earliest, latest
from features.ledger.kinds import WalletKinds
from features.ledger.manifest import read_manifest
from features.ledger.materiality import Scales, settle
from features.ledger.names import Names
from features.ledger.side import RowOrder, Side, in_order
from features.ledger.state import State

_ORDER, _TWICE, _SENDER, _OTHER = 1, 2, 3, 4
_RULES = {
    _ORDER: "transfers of one timestamp are not in the order of their ids",
    _TWICE: "a row stands there twice, or not at all",
    _SENDER: "the sender of a row is not that of the log",
    _OTHER: "a transfer is not the same on both sides",
}
_CHECKS = 6


@dataclass(frozen=True, slots=True)
class Verified:
    """A ledger that is as it was written, and agrees with itself."""

    ledger: str
    transfers: int
    wallets: int
    files: int

    def facts(self) -> dict[str, Any]:
        """All of it, for JSON."""
        return asdict(self)

    def text(self) -> str:
        """One line."""
        return (
            f"{self.ledger}: whole; {self.transfers} transfers of {self.wallets} wallets, "
            f"{self.files} files as they were written"
        )


def steps(directory: str | Path) -> int:
    """How many steps :func:`verify` takes on a folder; raises where it is no ledger."""
    return len(read_manifest(Path(directory)).files) + _CHECKS


def verify(directory: str | Path, progress: Callable[[int], None] = lambda _: None) -> Verified:
    """Check everything that a ledger's folder holds.

    Checksums of all files; slices, codes and rows as opening checks them; that names and ids are
    valid text, stand once and where their hashes say; that all times are in order; that both sides
    hold the same transfers.

    Parameters
    ----------
    directory : path
    progress : callable, optional
        Called with the number of steps done since its last call, of :func:`steps` in all.

    Raises
    ------
    LedgerError
        The folder is no ledger, or what is wrong with it.
    """
    place = Path(directory)
    state = read_ledger(place, progress, anew=True)
    for check in (_names, _kinds, _ids, _sides, _scales, _assets):
        found = check(state)
        if found:
            raise LedgerError(f"damaged ledger {place}: {found}")
        progress(1)
    return Verified(str(place), state.n_transfers, state.n_wallets, len(read_manifest(place).files))


def _names(state: State) -> str:
    found = _texts(state.wallets)
    return f"wallets: {found}" if found else _repeats(state.wallets, None, "wallets")


def _kinds(state: State) -> str:
    anew = WalletKinds.of(state.wallets, state.chain)
    same = (anew.kind == state.kinds.kind).all()
    return "" if same else "kind: a wallet is not of the kind that its name says"


def _ids(state: State) -> str:
    found = _texts(state.transactions)
    if found:
        return f"tx_ids: {found}"
    if state.position.size and state.position.min() < 0:
        return "position: one is below 0"
    return _repeats(state.transactions, state.position, "tx_ids")


def _texts(names: Names) -> str:
    """What is wrong with the texts of a list and their hashes."""
    try:
        names.text.validate(full=True)
    except pa.ArrowInvalid as error:
        return f"no valid text ({error})"
    length = pc.utf8_length(names.text)
    if len(length) and not 0 < pc.min(length).as_py() <= pc.max(length).as_py() <= MAX_NAME:
        return f"a text has not 1 to {MAX_NAME} characters"
    if (text_hashes(names.text) != names.hashes).any():
        return "a text does not have the hash that stands for it"
    return ""


def _repeats(names: Names, position: Int32s | None, name: str) -> str:
    """What is wrong with the order of a list by hash and position, without which nothing is found.

    Where hash and position are equal, the texts must differ.
    """
    low, high = names.hashes[:-1], names.hashes[1:]
    same = low == high
    falling = low > high
    if position is not None:
        falling |= same & (position[:-1] > position[1:])
        same &= position[:-1] == position[1:]
    if falling.any():
        return f"{name}: they are not in the order of their hashes"
    at = np.flatnonzero(same)
    rows = np.unique(np.concatenate([at, at + 1]))
    number = np.zeros(rows.size, np.int32) if position is None else position[rows]
    distinct = {*zip(names.texts(rows), number.tolist(), strict=True)}
    return f"{name}: one stands there twice" if len(distinct) < rows.size else ""


class _Seen(NamedTuple):
    """What the outgoing side says of each row; one entry a row.

    Attributes
    ----------
    time : int64 array, microseconds since 1970 UTC
    recipient : int32 array, code
    amount : float64 array, value in the unit of account
    sides : int8 array, 1 once the outgoing side held the row, 2 once both did
    """

    time: Int64s
    recipient: Int32s
    amount: Float64s
    sides: npt.NDArray[np.int8]


def _sides(state: State) -> str:
    n = state.n_transfers
    seen = _Seen(np.empty(n, np.int64), np.empty(n, np.int32), np.empty(n), np.zeros(n, np.int8))
    order = state.order
    for turn, name, slices in (
        (0, "outgoing", state.outgoing),
        (0, "unpriced.outgoing", state.unpriced.outgoing),
        (1, "incoming", state.incoming),
        (1, "dust", state.dust),
        (1, "unpriced.incoming", state.unpriced.incoming),
    ):
        rule = _compare(slices.side, state.sender, order, seen, turn)
        if rule:
            return f"{name}: {_RULES[rule]}"
    last = latest(state)
    if last != state.last_time:
        return f"the latest transfer is of {last}, the manifest says {state.last_time}"
    first = earliest(state)
    least, end = EARLIEST.value // 1000, LATEST.value // 1000
    if first is not None and last is not None and not least <= first <= last < end:
        return f"a time is not from {EARLIEST.date()} to {LATEST.date()}"
    return ""


def _assets(state: State) -> str:
    """What is wrong with what rows are of, and with the values of those that are of the unit."""
    assets = state.assets
    found = _texts(assets.names)
    if found:
        return f"assets: {found}"
    found = _repeats(assets.names, None, "assets")
    if found or assets.plain:
        return found
    own = assets.code == assets.names.first_row(assets.unit)
    for slices in state.sending:
        places = slices.places()
        rows, value = slices.transfer[places], slices.amount[places]
        if (own[rows] & (assets.amount[rows] != value)).any():
            return "amount: a transfer of the unit of account is not worth its amount"
    return ""


def _scales(state: State) -> str:
    """What is wrong with what says which receipts are dust: it is worked out anew."""
    if not (state.outgoing.amount[: state.outgoing.used] > 0.0).all():
        return "outgoing: a transfer of nothing is among those that count"
    anew = Scales.empty(state.n_wallets)
    wallets = np.arange(state.n_wallets, dtype=np.int32)
    misplaced = settle(state.sides, state.order, wallets, anew)
    for name, found in (("incoming", misplaced.incoming), ("dust", misplaced.dust)):
        if found.size:
            return f"{name}: a receipt belongs to the other of incoming and dust"
    held = state.scales
    same = (held.begun == anew.begun).all() and (held.scale == anew.scale).all()
    if not same or (held.beginnings != anew.beginnings[: anew.used]).any():
        return "scale, begun or beginnings: they do not follow from the transfers"
    return ""


@kernel
def _compare(side: Side, sender: Int32s, order: RowOrder, seen: _Seen, turn: int) -> int:
    """Note what the outgoing side holds (turn 0), or compare receipts with it (turn 1).

    Returns the number of a rule that is broken, 0 for none.
    """
    start, count, time, amount = side.start, side.count, side.time, side.amount
    counterparty, transfer = side.counterparty, side.transfer
    for wallet in range(start.size):
        for i in range(start[wallet], start[wallet] + count[wallet]):
            row = transfer[i]
            tied = i > start[wallet] and time[i] == time[i - 1]
            if tied and not in_order(transfer[i - 1], row, order):
                return _ORDER
            if seen.sides[row] != turn:
                return _TWICE
            seen.sides[row] = turn + 1
            if turn == 0:
                if sender[row] != wallet:
                    return _SENDER
                seen.time[row], seen.amount[row] = time[i], amount[i]
                seen.recipient[row] = counterparty[i]
            elif not (
                seen.time[row] == time[i]
                and (seen.amount[row] == amount[i] or np.isnan(seen.amount[row] + amount[i]))
                and seen.recipient[row] == wallet
                and sender[row] == counterparty[i]
            ):
                return _OTHER
    return 0
