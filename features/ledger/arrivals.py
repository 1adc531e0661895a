"""What arrives at a ledger: a transfer of a stream, and which transfers of a frame are new."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.addresses import is_canonical
from features.contracts.received import MAX_NAME
from features.contracts.times import EARLIEST, LATEST
from features.contracts.transaction_ids import transaction_id
from features.contracts.transfers import MAX_AMOUNT, MAX_POSITION, Transfers
from features.errors import ConflictError
from features.kernel import Float64s
from features.ledger.assets import Assets
from features.ledger.state import State
from features.ledger.values import values

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FIRST, _END = EARLIEST.to_pydatetime(), LATEST.to_pydatetime()  # quicker to compare


class Transfer(NamedTuple):
    """One transfer, under the contract of :func:`features.check_transfers`.

    ``value`` is in the ledger's unit of account, None where none is known, and for a transfer of
    the unit itself, which is worth its amount.
    """

    tx_id: str
    timestamp: datetime
    sender: str
    recipient: str
    amount: float
    asset: str
    position: int = 0
    value: float | None = None

    @property
    def microseconds(self) -> int:
        """Time in microseconds since 1970 UTC."""
        if isinstance(self.timestamp, pd.Timestamp):
            return self.timestamp.value // 1000
        return (self.timestamp - _EPOCH) // _MICROSECOND


def frame_of(transfers: Sequence[Transfer]) -> pd.DataFrame:
    """Transfers as a frame for :func:`features.check_transfers`."""
    frame = pd.DataFrame(transfers, columns=Transfer._fields)
    return frame.astype({"value": np.float64})


class _Known(dict[str, dict[int, int]]):
    """Rows of transactions in a ledger, looked up once each: one may have very many transfers."""

    def __init__(self, ledger: State) -> None:
        super().__init__()
        self._ledger = ledger

    def __missing__(self, tx_id: str) -> dict[int, int]:
        self[tx_id] = self._ledger.rows(tx_id)
        return self[tx_id]


def is_plain(transfer: Transfer, chain: str = "") -> bool:
    """Whether a transfer meets the contract as it stands; if not, only the full check can tell."""
    names = (transfer.tx_id, transfer.sender, transfer.recipient, transfer.asset)
    return (
        all(type(name) is str and 0 < len(name) <= MAX_NAME and name.isascii() for name in names)
        and transaction_id(transfer.tx_id, chain) == transfer.tx_id
        and is_canonical(transfer.sender, chain)
        and is_canonical(transfer.recipient, chain)
        and is_canonical(transfer.asset)
        and type(transfer.amount) is float
        and 0.0 <= transfer.amount <= MAX_AMOUNT
        and (
            transfer.value is None
            or (type(transfer.value) is float and 0.0 <= transfer.value <= MAX_AMOUNT)
        )
        and type(transfer.position) is int
        and 0 <= transfer.position <= MAX_POSITION
        and isinstance(transfer.timestamp, datetime)
        and transfer.timestamp.tzinfo is not None
        and _FIRST <= transfer.timestamp < _END
    )


def new_transfers(ledger: State, checked: Transfers) -> Transfers:
    """Those of checked transfers that a ledger does not hold yet.

    Raises
    ------
    ConflictError
        A transfer that it holds came again with other content.
    LedgerError
        The transfers are of another asset than the ledger's, or their values in another unit.
    """
    new, conflicts = sort_out(ledger, checked)
    for conflict in conflicts:
        raise conflict.error()
    return new


class Conflict(NamedTuple):
    """A transfer that a ledger holds, and a copy of it with other content."""

    stored: Transfer
    copy: Transfer

    def error(self) -> ConflictError:
        """What is said of it where it is refused."""
        pairs = zip(Transfer._fields, self.stored, self.copy, strict=True)
        differing = [(name, was, now) for name, was, now in pairs if was != now]
        was = ", ".join(f"{name} {was}" for name, was, _ in differing)
        now = ", ".join(f"{name} {now}" for name, _, now in differing)
        return ConflictError(
            f"transfer ({self.copy.tx_id!r}, {self.copy.position}) is in the ledger with {was} "
            f"and came again with {now}; retract the transaction before replacing it"
        )


def sort_out(ledger: State, checked: Transfers) -> tuple[Transfers, list[Conflict]]:
    """Checked transfers that a ledger does not hold yet, and those that contradict it.

    Raises
    ------
    LedgerError
        The transfers are of another asset than the ledger's, or their values in another unit.
    """
    if not len(checked):
        return checked, []
    worth = values(checked, ledger.assets)
    conflicts: list[Conflict] = []
    here = np.zeros(len(checked), dtype=bool)
    suspects = np.flatnonzero(ledger.transactions.may_hold(checked["tx_id"]))
    if suspects.size:
        known = _Known(ledger)
        copies = _told(checked.iloc[suspects], worth[suspects], ledger.unit)
        for at, copy in zip(suspects, copies, strict=True):
            row = known[copy.tx_id].get(copy.position)
            here[at] = row is not None
            if row is None:
                continue
            stored = stored_transfer(ledger, row, copy.tx_id, near=copy.microseconds)
            if _differs(stored, copy):
                conflicts.append(Conflict(stored, copy))
    return Transfers.sealed(checked[~here], None) if here.any() else checked, conflicts


def _told(some: pd.DataFrame, worth: Float64s, unit: str) -> Iterator[Transfer]:
    """Rows of a frame as the ledger would tell them."""
    rows = some[list(Transfer._fields[:-1])].to_numpy()
    for row, value in zip(rows, worth.tolist(), strict=True):
        one = Transfer._make([*row, None])
        yield one if value != value or one.asset == unit else one._replace(value=value)


def _differs(stored: Transfer, copy: Transfer) -> bool:
    """Whether a copy contradicts what is stored; one without a value says nothing of it."""
    return stored != copy and (copy.value is not None or stored._replace(value=None) != copy)


def _fits(assets: Assets, one: Transfer) -> bool:
    """Whether a plain transfer fits a ledger as it stands."""
    if one.asset == assets.unit:
        return one.value is None
    return not assets.plain


def new_of_stream(ledger: State, transfers: Sequence[Transfer]) -> list[Transfer] | None:
    """Those of a few transfers that a ledger does not hold yet, in order of time, without a frame.

    Returns
    -------
    list of Transfer, or None
        None where only the full check can tell: a transfer is not plain, does not fit, or has the
        id and position of another one here, with other content.

    Raises
    ------
    ConflictError
        A transfer that the ledger holds came again with other content.
    """
    distinct: dict[tuple[str, int], Transfer] = {}
    for one in transfers:
        if not is_plain(one, ledger.chain) or not _fits(ledger.assets, one):
            return None
        if distinct.setdefault((one.tx_id, one.position), one) != one:
            return None
    new, known = [], _Known(ledger)
    for one in sorted(distinct.values(), key=lambda each: each.microseconds):
        row = known[one.tx_id].get(one.position)
        if row is None:
            new.append(one)
            continue
        stored = stored_transfer(ledger, row, one.tx_id, near=one.microseconds)
        if _differs(stored, one):
            raise Conflict(stored, one).error()
    return new


def stored_transfer(ledger: State, row: int, tx_id: str, *, near: int | None = None) -> Transfer:
    """The transfer of a transaction in a row of the ledger; its time is probably ``near``."""
    side, at = ledger.find(row, near=near)
    asset, amount, value = ledger.assets.of_row(row, float(side.amount[at]))
    return Transfer(
        tx_id,
        pd.Timestamp(int(side.time[at]), unit="us", tz="UTC"),
        ledger.wallet(int(ledger.sender[row])),
        ledger.wallet(int(side.counterparty[at])),
        amount,
        asset,
        int(ledger.position[row]),
        value,
    )
