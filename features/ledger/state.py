"""What a ledger holds, and how it is looked up."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np

from features.contracts.text import Texts
from features.contracts.transaction_ids import transaction_id
from features.kernel import Int32s, UInt64s
from features.ledger.assets import Assets
from features.ledger.kinds import WalletKinds
from features.ledger.materiality import Scales
from features.ledger.names import Names
from features.ledger.provenance import Provenance
from features.ledger.side import RowOrder, Sides
from features.ledger.slices import Slices


class Origin(NamedTuple):
    """Of which generation in which folder a ledger is the content, changes in memory apart."""

    folder: Path
    generation: str


class Unpriced(NamedTuple):
    """Transfers of no known value (nan) or of none at all (0), by recipient and by sender.

    The first say that something moved and not how much. The second say nothing, and are no act of
    the sender: whoever calls a token's ``transferFrom`` with 0 names anyone, so as to stand among
    the transfers of a victim. No view counts either but ``coverage`` and ``dust``. In a plain
    ledger without any the arrays are empty.
    """

    incoming: Slices
    outgoing: Slices


@dataclass(slots=True, eq=False)
class State:
    """The transfers of one chain.

    A transfer has a row, its place in the log; saved rows are in order of (hash of ``tx_id``,
    position). ``sender``, ``position`` and ``tx_hash`` may have room for more rows than there are.

    Parameters
    ----------
    assets : Assets
        What they are of, and what they are counted in.
    wallets : Names
        By code.
    kinds : WalletKinds
        What each is by its name.
    transactions : Names
        ``tx_id`` by row.
    incoming, outgoing, dust : Slices
        Receipts are on the incoming side or among the dust, sendings all on the outgoing side.
    unpriced : Unpriced
        What nobody knows the value of, or what has none: on none of those.
    scales : Scales
        What makes a receipt dust; see :mod:`features.ledger.materiality`.
    sender : int32 array, shape (rows,)
        Code of the sending wallet, -1 where the transfer was retracted.
    position : int32 array, shape (rows,)
    tx_hash : uint64 array, shape (rows,)
    n_transfers : int
        Those that are here, retracted ones not among them.
    last_time : int or None
        Of the latest transfer, microseconds since 1970 UTC.
    origin : Origin, optional
        Where it was opened, or saved last.
    provenance : Provenance
    """

    assets: Assets
    wallets: Names
    kinds: WalletKinds
    transactions: Names
    incoming: Slices
    outgoing: Slices
    dust: Slices
    unpriced: Unpriced
    scales: Scales
    sender: Int32s
    position: Int32s
    tx_hash: UInt64s
    n_transfers: int
    last_time: int | None
    origin: Origin | None = None
    provenance: Provenance = field(default_factory=Provenance)

    @property
    def sides(self) -> Sides:
        """The arrays, for kernels."""
        return Sides(self.incoming.side, self.outgoing.side, self.dust.side)

    @property
    def order(self) -> RowOrder:
        """What decides between rows of one timestamp, for kernels."""
        return RowOrder(self.tx_hash, self.position)

    @property
    def n_wallets(self) -> int:
        """Wallets that are or were part of a transfer."""
        return len(self.wallets)

    @property
    def nbytes(self) -> int:
        """Bytes of the arrays, the text of ids and names apart."""
        rows = self.sender.nbytes + self.position.nbytes + self.tx_hash.nbytes
        sides = self.incoming.nbytes + self.outgoing.nbytes + self.dust.nbytes
        sides += self.unpriced.incoming.nbytes + self.unpriced.outgoing.nbytes
        rows += self.assets.nbytes
        return (
            rows + sides + self.scales.nbytes + self.wallets.hashes.nbytes + self.kinds.kind.nbytes
        )

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

    def tx_id(self, row: int) -> str:
        """Transaction of a row, the entries of :attr:`features.ledger.side.Side.transfer`."""
        return self.transactions[row]

    def rows(self, tx_id: str) -> dict[int, int]:
        """Row of each position of a transaction; empty where it is not here or was retracted.

        Its id may be in any spelling.
        """
        rows = self.transactions.rows(transaction_id(tx_id, self.chain))
        return {int(self.position[row]): row for row in rows if self.sender[row] >= 0}

    @property
    def unit(self) -> str:
        """The unit of account; empty while a ledger that none was named for has no transfer."""
        return self.assets.unit

    @property
    def chain(self) -> str:
        """The chain; empty where nobody said."""
        return self.assets.chain

    @property
    def sending(self) -> tuple[Slices, Slices]:
        """Every transfer once, by sender: those with a value, and those of none or of no known."""
        return self.outgoing, self.unpriced.outgoing

    @property
    def n_unpriced(self) -> int:
        """Transfers whose value is not known."""
        side = self.unpriced.outgoing
        return int(np.isnan(side.amount[side.places()]).sum())

    def place(self, row: int) -> int:
        """Place of a transfer in the outgoing arena, -1 where it has no value, or none known."""
        return self.outgoing.find(int(self.sender[row]), row)

    def find(self, row: int, *, near: int | None = None) -> tuple[Slices, int]:
        """Where a transfer stands by its sender, whose time is probably ``near``."""
        sender = int(self.sender[row])
        place = self.outgoing.find(sender, row, near=near)
        if place >= 0:
            return self.outgoing, place
        return self.unpriced.outgoing, self.unpriced.outgoing.find(sender, row, near=near)
