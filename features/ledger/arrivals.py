"""What arrives at a ledger: a transfer of a stream, and which transfers of a frame are new."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import numpy as np
import pandas as pd

from features.contracts.received import MAX_NAME
from features.contracts.times import EARLIEST, LATEST
from features.contracts.transfers import MAX_AMOUNT, MAX_POSITION, Transfers
from features.errors import ConflictError, LedgerError
from features.ledger.state import State

_EPOCH, _MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
_FIRST, _END = EARLIEST.to_pydatetime(), LATEST.to_pydatetime()  # quicker to compare


class Transfer(NamedTuple):
    """One transfer, under the contract of :func:`features.check_transfers`."""

    tx_id: str
    timestamp: datetime
    sender: str
    recipient: str
    amount: float
    asset: str
    position: int = 0

    @property
    def microseconds(self) -> int:
        """Time in microseconds since 1970 UTC."""
        if isinstance(self.timestamp, pd.Timestamp):
            return self.timestamp.value // 1000
        return (self.timestamp - _EPOCH) // _MICROSECOND


class _Known(dict[str, dict[int, int]]):
    """Rows of transactions in a ledger, looked up once each: one may have very many transfers."""

    def __init__(self, ledger: State) -> None:
        super().__init__()
        self._ledger = ledger

    def __missing__(self, tx_id: str) -> dict[int, int]:
        self[tx_id] = self._ledger.rows(tx_id)
        return self[tx_id]


def is_plain(transfer: Transfer) -> bool:
    """Whether a transfer meets the contract as it stands; if not, only the full check can tell."""
    names = (transfer.tx_id, transfer.sender, transfer.recipient, transfer.asset)
    return (
        all(type(name) is str and 0 < len(name) <= MAX_NAME and name.isascii() for name in names)
        and type(transfer.amount) is float
        and 0.0 <= transfer.amount <= MAX_AMOUNT
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
        The transfers are of another asset.
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
        The transfers are of another asset.
    """
    if not len(checked):
        return checked, []
    asset = one_asset(checked)
    if ledger.asset not in ("", asset):
        raise LedgerError(
            f"the ledger holds {ledger.asset!r}, the transfers are of {asset!r}; "
            "keep one ledger an asset"
        )
    conflicts: list[Conflict] = []
    here = np.zeros(len(checked), dtype=bool)
    suspects = np.flatnonzero(ledger.transactions.may_hold(checked["tx_id"]))
    if suspects.size:
        known = _Known(ledger)
        copies = checked.iloc[suspects][list(Transfer._fields)]
        for at, copy in zip(suspects, map(Transfer._make, copies.to_numpy()), strict=True):
            row = known[copy.tx_id].get(copy.position)
            here[at] = row is not None
            if (
                row is not None
                and (stored := stored_transfer(ledger, row, copy.tx_id, near=copy.microseconds))
                != copy
            ):
                conflicts.append(Conflict(stored, copy))
    return Transfers.sealed(checked[~here], None) if here.any() else checked, conflicts


def new_of_stream(ledger: State, transfers: Sequence[Transfer]) -> list[Transfer] | None:
    """Those of a few transfers that a ledger does not hold yet, in order of time, without a frame.

    Returns
    -------
    list of Transfer, or None
        None where only the full check can tell: a transfer is not plain, is of another asset, or
        has the id and position of another one here, with other content.

    Raises
    ------
    ConflictError
        A transfer that the ledger holds came again with other content.
    """
    distinct: dict[tuple[str, int], Transfer] = {}
    for one in transfers:
        if not is_plain(one) or one.asset != ledger.asset:
            return None
        if distinct.setdefault((one.tx_id, one.position), one) != one:
            return None
    new, known = [], _Known(ledger)
    for one in sorted(distinct.values(), key=lambda each: each.microseconds):
        row = known[one.tx_id].get(one.position)
        if row is None:
            new.append(one)
        elif (stored := stored_transfer(ledger, row, one.tx_id, near=one.microseconds)) != one:
            raise Conflict(stored, one).error()
    return new


def stored_transfer(ledger: State, row: int, tx_id: str, *, near: int | None = None) -> Transfer:
    """The transfer of a transaction in a row of the ledger; its time is probably ``near``."""
    at, side = ledger.place(row, near=near), ledger.outgoing
    return Transfer(
        tx_id,
        pd.Timestamp(int(side.time[at]), unit="us", tz="UTC"),
        ledger.wallet(int(ledger.sender[row])),
        ledger.wallet(int(side.counterparty[at])),
        float(side.amount[at]),
        ledger.asset,
        int(ledger.position[row]),
    )


def one_asset(checked: Transfers) -> str:
    """Return the one asset of checked transfers, empty where there are none.

    Raises
    ------
    LedgerError
        They are of more than one.
    """
    assets = checked["asset"].unique().tolist()
    if len(assets) > 1:
        listed = ", ".join(repr(asset) for asset in sorted(assets)[:5])
        raise LedgerError(
            f"a ledger holds one asset, since amounts of different assets do not add; "
            f"received {len(assets)}: {listed}"
        )
    return str(assets[0]) if assets else ""
