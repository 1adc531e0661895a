"""The ledger: all transfers of one chain, by wallet and in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

import pandas as pd

from features.contracts.transaction_ids import transaction_id
from features.contracts.transfers import Transfers, check_transfers
from features.errors import LedgerError
from features.ledger import growth
from features.ledger.arrivals import (
    Conflict,
    Transfer,
    frame_of,
    new_of_stream,
    new_transfers,
    sort_out,
    stored_transfer,
)
from features.ledger.build import build, compact
from features.ledger.disk import read_ledger, write_ledger
from features.ledger.growth import Arrived
from features.ledger.state import State
from features.ledger.values import account


@dataclass(slots=True, repr=False, eq=False)
class Ledger(State):
    """Transfers of one chain: each wallet's incoming and outgoing ones, in order of time.

    Make one with :meth:`from_transfers` or :meth:`open`. One thread writes at a time, and none
    reads while it does. All values are in one unit of account, that of the one asset of a plain
    ledger; views read values. ``block`` and ``fee`` are checked but not kept: no feature reads
    them.

    Notes
    -----
    64 bytes a transfer and 85 a wallet, the text of ids and names apart; 76 and 117 in a ledger
    that a unit of account was named for, in which the log holds asset and amount. Appended slices
    have slack on top until the ledger is saved.
    """

    @classmethod
    def from_transfers(
        cls, transfers: pd.DataFrame, *, chain: str | None = None, unit: str | None = None
    ) -> "Ledger":
        """Build a ledger.

        Parameters
        ----------
        transfers : DataFrame
            Meets the contract of :func:`features.check_transfers`, which is applied.
        chain : str, optional
            Which chain they are of, such as ``ethereum``; it stays with the ledger, and says how
            its wallets are spelt, see :mod:`features.contracts.addresses`.
        unit : str, optional
            Unit of account that ``value`` is in, such as ``USD``. A transfer of the unit itself is
            worth its amount; one without a value is kept, and counted by the coverage view alone.
            Without it the transfers must be of one asset, which is the unit then, or say their
            ``amount_usd``.

        Raises
        ------
        TransfersError
            A row breaks the contract.
        LedgerError
            The unit of account is not named and does not follow, or a value contradicts it.

        Examples
        --------
        >>> frame = pd.DataFrame({
        ...     "tx_id": ["t1"], "timestamp": pd.to_datetime(["2026-01-01T00:00:00Z"]),
        ...     "sender": ["a"], "recipient": ["b"], "amount": [1.5], "asset": ["ETH"]})
        >>> Ledger.from_transfers(frame).n_transfers
        1
        """
        checked = check_transfers(transfers, chain=chain)
        return cls._of(build(account(checked, chain, unit), checked))

    @classmethod
    def open(cls, directory: str | Path) -> "Ledger":
        """Memory-map a saved ledger; processes that open one folder share its pages.

        Changes stay in this process's memory until :meth:`save`.

        Raises
        ------
        LedgerError
            The folder is no ledger, of another format version, or damaged.
        """
        return cls._of(read_ledger(Path(directory)))

    @classmethod
    def _of(cls, state: State) -> Self:
        return cls(*(getattr(state, field.name) for field in fields(State)))

    def save(self, directory: str | Path) -> None:
        """Write the ledger to ``directory``, all of it or nothing, without slack.

        A ledger that is there already is replaced; processes that have it open keep the old one.
        To read, change and save without another writer in between, do all three inside
        ``with writing(directory)`` (:func:`features.ledger.lock.writing`).

        Raises
        ------
        LedgerError
            ``directory`` holds something that is no ledger, cannot be written, another writer does
            not end in time, or one saved there since this ledger was opened there.
        """
        untouched = not self.transactions.recent and self.n_transfers == len(self.transactions)
        state: State = self
        if not untouched:
            state = compact(self)
            state.origin = self.origin
        self.origin = write_ledger(Path(directory), state)

    def __repr__(self) -> str:
        """How much of what, and from when to when."""
        first, last = growth.earliest(self), self.last_timestamp
        if first is None or last is None:
            return "Ledger(no transfers)"
        since = pd.Timestamp(first, unit="us", tz="UTC")
        return (
            f"Ledger({self.n_transfers:,} {self._of_what} transfers of {self.n_wallets:,} wallets, "
            f"{since.date()} to {last.date()})"
        )

    @property
    def _of_what(self) -> str:
        chain = f"{self.chain} " if self.chain else ""
        if self.assets.plain:
            return f"{chain}{self.unit}"
        return f"{chain}{len(self.assets.names)}-asset {self.unit}"

    def count_in(self, unit: str) -> None:
        """Name the unit of a plain ledger that has no transfer yet; empty leaves it open."""
        if self.assets.plain and not self.assets.unit:
            self.assets.unit = unit

    @property
    def last_timestamp(self) -> pd.Timestamp | None:
        """Time of the latest transfer, None in an empty ledger."""
        return None if self.last_time is None else pd.Timestamp(self.last_time, unit="us", tz="UTC")

    def append(self, transfers: pd.DataFrame) -> int:
        """Add transfers, late ones in their place; returns how many were new.

        Raises
        ------
        TransfersError
            A row breaks the contract; nothing is added.
        ConflictError
            A transfer that is here came again with other content; nothing is added.
        LedgerError
            The transfers are of another asset than a plain ledger's, or their values in another
            unit; nothing is added.
        """
        new = self.check_append(transfers)
        self.insert(new)
        return len(new)

    def check_append(self, transfers: pd.DataFrame) -> Transfers:
        """Transfers that :meth:`append` would add, checked; raises as it does, changes nothing."""
        return new_transfers(self, check_transfers(transfers, chain=self.chain))

    def sort_out(self, transfers: pd.DataFrame) -> tuple[Transfers, list[Conflict]]:
        """:meth:`check_append` that gives the contradictions back, and what is new without them."""
        return sort_out(self, check_transfers(transfers, chain=self.chain))

    def insert(self, new: pd.DataFrame) -> None:
        """Add what :meth:`check_append` returned; the second half of :meth:`append`."""
        if len(new):
            self.assets.unit = self.assets.unit or str(new["asset"].iloc[0])
            growth.put(self, Arrived.of_frame(new, self.wallets, self.assets))

    def append_one(self, transfer: Transfer) -> bool:
        """Add one transfer of a stream; returns whether it was new. :meth:`append`, but quick.

        Raises
        ------
        TransfersError, ConflictError, LedgerError
            As :meth:`append` does; nothing is added.
        """
        new = self.check_stream([transfer])
        if new is None:
            return self.append(frame_of([transfer])) == 1
        self.insert_stream(new)
        return len(new) == 1

    def check_stream(self, transfers: Sequence[Transfer]) -> list[Transfer] | None:
        """:meth:`check_append` of a few, quick; None where only :meth:`check_append` can tell.

        Raises
        ------
        ConflictError
            A transfer that is here came again with other content.
        """
        return new_of_stream(self, transfers)

    def insert_stream(self, new: Sequence[Transfer]) -> None:
        """Add what :meth:`check_stream` returned."""
        if new:
            growth.put(self, Arrived.of_stream(new, self.wallets, self.assets))

    def retract(self, tx_ids: Sequence[str]) -> int:
        """Take back all transfers of these transactions, as a chain reorganisation does.

        Returns how many transfers were removed.

        Raises
        ------
        LedgerError
            A transaction is not here; nothing is removed.
        """
        if isinstance(tx_ids, str):
            raise LedgerError(f"tx_ids must be a list of ids, received the text {tx_ids!r}")
        rows: list[int] = []
        taken_back = list(dict.fromkeys(transaction_id(tx_id, self.chain) for tx_id in tx_ids))
        for tx_id in taken_back:
            found = self.rows(tx_id)
            if not found:
                raise LedgerError(
                    f"transaction {tx_id!r} is not in the ledger; nothing was retracted"
                )
            rows += found.values()
        growth.take_back(self, rows)
        self.provenance.retract(taken_back)
        return len(rows)

    def transaction(self, tx_id: str) -> list[Transfer]:
        """The transfers of a transaction, in order of position; none where it is not here."""
        tx_id = transaction_id(tx_id, self.chain)
        return [stored_transfer(self, row, tx_id) for _, row in sorted(self.rows(tx_id).items())]

    def reserve(self, transfers: int) -> None:
        """Make room for appending so many transfers, so that no append copies whole arrays.

        A full slice of room r that takes in m transfers uses at most 2 r + 4 m places (see
        :func:`features.ledger.insertion.slice_room`), and at worst the largest slices are the full
        ones. A place that is not used costs addresses, not memory.
        """
        growth.reserve(self, transfers)
