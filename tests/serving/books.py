"""A ledger's folder, its journal and the ledger in memory: a server without model and HTTP."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pandas as pd

from features import Ledger, Transfer
from serving.checkpoints import settle
from serving.corrections import JournalAlone, bring_up, resolve
from serving.fold import Folded, fold
from serving.journal import Entries, Journal
from serving.journal.contradictions import Keep

START = pd.Timestamp("2024-01-01", tz="UTC")


def payment(tx_id: str, amount: float = 1.0, *, position: int = 0) -> Transfer:
    """A transfer from a to b whose time follows from its amount."""
    when = (START + pd.Timedelta(amount, "s")).floor("us")
    return Transfer(tx_id, when, "a", "b", amount, "ETH", position)


def frame(*transfers: Transfer) -> pd.DataFrame:
    return pd.DataFrame(transfers, columns=Transfer._fields)


class Books:
    """What a server has open; everything acknowledged is in ``memory``."""

    def __init__(self, folder: Path, *transfers: Transfer, url: str | None = None) -> None:
        self.folder = folder / "ledger"
        self.url = url or f"sqlite:///{folder / 'journal.sqlite'}"
        Ledger.from_transfers(frame(payment("first"), *transfers)).save(self.folder)
        self.start()

    def start(self) -> None:
        self.memory = Ledger.open(self.folder)
        self.journal = Journal(self.url)
        try:
            bring_up(self.journal, self.memory, self.memory)
        except BaseException:
            self.journal.close()
            raise

    def restart(self) -> None:
        self.journal.close()
        self.start()

    def post(self, *transfers: Transfer) -> None:
        new = self.memory.check_append(frame(*transfers))
        self.journal.append(new)
        self.memory.insert(new)

    def retract(self, *tx_ids: str) -> None:
        held = [tx_id for tx_id in tx_ids if self.memory.rows(tx_id)]
        self.journal.retract(held)
        self.memory.retract(held)

    def resolve(self, number: int, keep: Keep) -> None:
        _, changed = resolve(self.journal, self.memory, number, keep)
        for tx_id, transfers in changed.items():
            if self.memory.rows(tx_id):
                self.memory.retract([tx_id])
            self.memory.append(frame(*transfers))

    def checkpoint(self, how: Callable[[Path, Entries], Folded] = fold) -> Folded:
        return settle(self.journal, JournalAlone(self.journal), self.folder, how)

    def command(self, change: Callable[[Ledger], object]) -> None:
        """What an operator's command does to the folder."""
        ledger = Ledger.open(self.folder)
        change(ledger)
        ledger.save(self.folder)


def amounts(ledger: Ledger, tx_ids: Sequence[str]) -> dict[str, dict[int, float]]:
    """Amount by position of each of these transactions that a ledger holds."""
    found = {
        tx_id: {one.position: one.amount for one in ledger.transaction(tx_id)} for tx_id in tx_ids
    }
    unnamed = [] if "first" in found else ledger.transaction("first")
    assert sum(map(len, found.values())) + len(unnamed) == ledger.n_transfers
    return {tx_id: held for tx_id, held in found.items() if held}
