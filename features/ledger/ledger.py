"""The ledger: all transfers of one asset, by wallet and in order of time."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from features.contracts.text import Texts, as_text, strings
from features.contracts.transfers import check_transfers
from features.errors import LedgerError
from features.kernel import Float64s, Int32s, Int64s, UInt64s, string_hash, text_hashes
from features.ledger.arrivals import Transfer, is_plain, new_transfers, one_asset, refuse_conflict
from features.ledger.build import Columns, lay_out
from features.ledger.disk import read_ledger, write_ledger
from features.ledger.names import Names, by_hash
from features.ledger.slices import NOTHING, Log, Sides, Slices, grown


@dataclass(slots=True)
class Ledger:
    """Transfers of one asset: each wallet's incoming and outgoing ones, in order of time.

    Make one with :meth:`from_transfers` or :meth:`open`. A transfer has a row, its
    place in the log; saved rows are in order of the hash of ``tx_id``. One thread writes at a time,
    and none reads while it does. ``amount_usd``, ``block`` and ``fee`` are checked but not kept: no
    feature reads them.

    Notes
    -----
    64 bytes a transfer and 40 a wallet, the text of ids and names apart; appended slices have slack
    on top until the ledger is saved.
    """

    asset: str
    wallets: Names
    transactions: Names
    incoming: Slices
    outgoing: Slices
    sender: Int32s  # -1 where the transfer was retracted
    position: Int32s
    tx_hash: UInt64s
    n_transfers: int
    last_time: int | None  # microseconds since 1970, of the latest transfer

    @classmethod
    def from_transfers(cls, transfers: pd.DataFrame) -> "Ledger":
        """Build a ledger.

        Parameters
        ----------
        transfers : DataFrame
            Meets the contract of :func:`features.check_transfers`, which is applied.

        Raises
        ------
        TransfersError
            A row breaks the contract.
        LedgerError
            The transfers are of more than one asset.

        Examples
        --------
        >>> frame = pd.DataFrame({
        ...     "tx_id": ["t1"], "timestamp": pd.to_datetime(["2026-01-01T00:00:00Z"]),
        ...     "sender": ["a"], "recipient": ["b"], "amount": [1.5], "asset": ["ETH"]})
        >>> Ledger.from_transfers(frame).n_transfers
        1
        """
        checked = check_transfers(transfers)
        n = len(checked)
        ends = pa.concat_arrays([as_text(checked["sender"]), as_text(checked["recipient"])])
        encoded = ends.dictionary_encode()
        wallets, code = by_hash(as_text(encoded.dictionary))
        codes = code[encoded.indices.to_numpy()]
        columns = Columns(
            tx_id=as_text(checked["tx_id"]),
            time=microseconds(checked["timestamp"]),
            sender=codes[:n],
            recipient=codes[n:],
            amount=checked["amount"].to_numpy(),
            position=checked["position"].to_numpy(),
        )
        return cls(**lay_out(one_asset(checked), wallets, columns))

    @classmethod
    def open(cls, directory: str | Path) -> "Ledger":
        """Memory-map a saved ledger; processes that open one folder share its pages.

        Changes stay in this process's memory until :meth:`save`.

        Raises
        ------
        LedgerError
            The folder is no ledger, of another format version, or damaged.
        """
        return cls(**read_ledger(Path(directory)))

    def save(self, directory: str | Path) -> None:
        """Write the ledger to ``directory``, all of it or nothing, without slack.

        A ledger that is there already is replaced; processes that have it open keep the old one.

        Raises
        ------
        LedgerError
            ``directory`` holds something that is no ledger.
        """
        untouched = not self.transactions.recent and self.n_transfers == len(self.transactions)
        write_ledger(Path(directory), self if untouched else self._compact())

    @property
    def sides(self) -> Sides:
        """The arrays, for kernels."""
        return Sides(self.incoming.side, self.outgoing.side)

    @property
    def n_wallets(self) -> int:
        """Wallets that are or were part of a transfer."""
        return len(self.wallets)

    @property
    def last_timestamp(self) -> pd.Timestamp | None:
        """Time of the latest transfer, None in an empty ledger."""
        return None if self.last_time is None else pd.Timestamp(self.last_time, unit="us", tz="UTC")

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, the text of ids and names apart."""
        rows = self.sender.nbytes + self.position.nbytes + self.tx_hash.nbytes
        return rows + self.incoming.nbytes + self.outgoing.nbytes + self.wallets.hashes.nbytes

    def codes(self, wallets: Texts) -> Int32s:
        """Code of each wallet, -1 where it was never part of a transfer.

        Parameters
        ----------
        wallets : sequence of str, shape (n,)

        Returns
        -------
        int32 array, shape (n,)
        """
        return self.wallets.first_rows(wallets)

    def code(self, wallet: str) -> int:
        """:meth:`codes` of one wallet."""
        return self.wallets.first_row(wallet)

    def wallet(self, code: int) -> str:
        """Name of the wallet with this code."""
        return self.wallets[code]

    def append(self, transfers: pd.DataFrame) -> int:
        """Add transfers, late ones in their place; returns how many were new.

        Raises
        ------
        TransfersError
            A row breaks the contract; nothing is added.
        ConflictError
            A transfer that is here came again with other content; nothing is added.
        LedgerError
            The transfers are of another asset; nothing is added.
        """
        new = self.check_append(transfers)
        self.insert(new)
        return len(new)

    def check_append(self, transfers: pd.DataFrame) -> pd.DataFrame:
        """Transfers that :meth:`append` would add, checked; raises as it does, changes nothing."""
        return new_transfers(self, check_transfers(transfers))

    def append_one(self, transfer: Transfer) -> bool:
        """Add one transfer of a stream; returns whether it was new. :meth:`append`, but quick.

        Raises
        ------
        TransfersError, ConflictError, LedgerError
            As :meth:`append` does; nothing is added.
        """
        if not is_plain(transfer) or transfer.asset != self.asset:
            return self.append(pd.DataFrame([transfer._asdict()])) == 1
        row = self.rows(transfer.tx_id).get(transfer.position)
        if row is not None:
            refuse_conflict(self, row, transfer)
            return False
        codes = np.array([self._code(transfer.sender), self._code(transfer.recipient)], np.int32)
        self._put(
            [transfer.tx_id], np.array([string_hash(transfer.tx_id)], np.uint64),
            np.array([transfer.microseconds], np.int64), codes[:1], codes[1:],
            np.array([transfer.amount], np.float64), np.array([transfer.position], np.int32),
        )  # fmt: skip
        return True

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
        for tx_id in dict.fromkeys(tx_ids):
            found = self.rows(tx_id)
            if not found:
                raise LedgerError(
                    f"transaction {tx_id!r} is not in the ledger; nothing was retracted"
                )
            rows += found.values()
        for row in rows:
            recipient = int(self.outgoing.counterparty[self.place(row)])
            self.outgoing.remove(int(self.sender[row]), row)
            self.incoming.remove(recipient, row)
            self.sender[row] = -1
        self.n_transfers -= len(rows)
        self.last_time = self.outgoing.last_time()
        self.asset = self.asset if self.n_transfers else ""
        return len(rows)

    def tx_id(self, row: int) -> str:
        """Transaction of a row, the entries of :attr:`features.ledger.slices.Side.transfer`."""
        return self.transactions[row]

    def rows(self, tx_id: str) -> dict[int, int]:
        """Row of each position of a transaction; empty where it is not here or was retracted."""
        rows = self.transactions.rows(tx_id)
        return {int(self.position[row]): row for row in rows if self.sender[row] >= 0}

    def place(self, row: int, *, near: int | None = None) -> int:
        """Place of a transfer in the outgoing arena; its time is probably ``near``."""
        return self.outgoing.find(int(self.sender[row]), row, near=near)

    def insert(self, new: pd.DataFrame) -> None:
        """Add what :meth:`check_append` returned; the second half of :meth:`append`."""
        if not len(new):
            return
        names = pa.concat_arrays([as_text(new["sender"]), as_text(new["recipient"])])
        codes = self.wallets.first_rows(names)
        unseen = np.flatnonzero(codes < 0)
        if unseen.size:
            self.wallets.extend(list(dict.fromkeys(strings(names.take(unseen)))))
            codes[unseen] = self.wallets.first_rows(names.take(unseen))
        n = len(new)
        self.asset = str(new["asset"].iloc[0])
        self._put(
            new["tx_id"].tolist(), text_hashes(as_text(new["tx_id"])),
            microseconds(new["timestamp"]), codes[:n], codes[n:],
            new["amount"].to_numpy(copy=True),  # writeable as NOTHING is: one compiled kernel
            new["position"].to_numpy(),
        )  # fmt: skip

    def _code(self, wallet: str) -> int:
        """Code of a wallet, a new one where it was never part of a transfer."""
        code = self.wallets.first_row(wallet)
        if code < 0:
            code = len(self.wallets)
            self.wallets.extend([wallet])
        return code

    def _put(
        self, tx_ids: list[str], tx_hash: UInt64s, time: Int64s, sender: Int32s,
        recipient: Int32s, amount: Float64s, position: Int32s,
    ) -> None:  # fmt: skip
        """Write new transfers, in order of time, to the log and to both sides."""
        first = len(self.transactions)
        end = first + len(tx_ids)
        if end > self.sender.size:
            self._reserve_rows(max(end, self.sender.size * 5 // 4))
        self.sender[first:end] = sender
        self.position[first:end], self.tx_hash[first:end] = position, tx_hash
        self.transactions.extend(tx_ids)
        rows = np.arange(first, end, dtype=np.int32)
        for slices, owner, other in (
            (self.outgoing, sender, recipient),
            (self.incoming, recipient, sender),
        ):
            log = Log(time, owner, other, rows, amount)
            slices.insert(log, self.tx_hash, self.position, self.n_wallets)
        self.n_transfers += len(tx_ids)
        latest = int(time[-1])
        self.last_time = latest if self.last_time is None else max(self.last_time, latest)

    def reserve(self, transfers: int) -> None:
        """Make room for appending so many transfers, so that no append copies whole arrays.

        A full slice of room r that takes in m transfers uses at most 2 r + 4 m places (see
        :func:`features.ledger.slices.slice_room`), and at worst the largest slices are the full
        ones. A place that is not used costs addresses, not memory.
        """
        self._reserve_rows(len(self.transactions) + transfers)
        for slices in (self.incoming, self.outgoing):
            moving = int(np.sort(slices.room)[::-1][:transfers].sum(dtype=np.int64))
            slices.reserve(slices.used + 2 * moving + 4 * transfers)
            slices.reserve_wallets(self.n_wallets + 2 * transfers)
            slices.insert(NOTHING, self.tx_hash, self.position, self.n_wallets)  # loads the kernel

    def _reserve_rows(self, size: int) -> None:
        if size <= self.sender.size:
            return
        self.sender, self.position = grown(self.sender, size), grown(self.position, size)
        self.tx_hash = grown(self.tx_hash, size)

    def _compact(self) -> "Ledger":
        """The live transfers laid out anew."""
        wallets, code = by_hash(self.wallets.all_text())
        places = self.outgoing.places()
        rows = self.outgoing.transfer[places]
        columns = Columns(
            tx_id=self.transactions.all_text().take(rows),
            time=self.outgoing.time[places],
            sender=code[self.sender[rows]],
            recipient=code[self.outgoing.counterparty[places]],
            amount=self.outgoing.amount[places],
            position=self.position[rows],
        )
        return Ledger(**lay_out(self.asset, wallets, columns))


def microseconds(times: pd.Series) -> Int64s:
    """Microseconds since 1970 UTC of a column of datetime64[us, UTC]."""
    return times.to_numpy(dtype="datetime64[us]").astype(np.int64)
