"""Child process: acknowledges changes until it is killed, and checkpoints meanwhile.

It is the endpoint's way of a change (ledger's check, journal, memory) and its checkpoints, without
model and HTTP, so that a thousand starts fit into an hour. It writes lines of JSON: what it holds
at its start, then each change before it is begun and after it is acknowledged.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import pandas as pd

from features import Ledger, Transfer
from serving.checkpoints import Checkpoints
from serving.corrections import JournalAlone, bring_up
from serving.journal import Journal

NAMES = 400
CHECKPOINT_ENTRIES = 60
START = pd.Timestamp("2024-01-01", tz="UTC")


class Writer:
    """A ledger in memory and its journal."""

    def __init__(self, folder: Path) -> None:
        directory = folder / "ledger"
        self.ledger = Ledger.open(directory)
        self.journal = Journal(f"sqlite:///{folder / 'journal.sqlite'}")
        bring_up(self.journal, self.ledger, self.ledger)
        self.checkpoints = Checkpoints(self.journal, JournalAlone(self.journal), directory)

    def holds(self) -> dict[str, float]:
        """Amount by transaction."""
        found = {}
        for number in range(NAMES):
            for one in self.ledger.transaction(f"t{number}"):
                found[one.tx_id] = one.amount
        if len(found) + 1 != self.ledger.n_transfers:
            raise ValueError(f"{self.ledger.n_transfers} transfers, {len(found) + 1} are known")
        return found

    def post(self, amounts: dict[str, float]) -> None:
        """Acknowledge transfers."""
        new = self.ledger.check_append(frame(amounts))
        self.journal.append(new)
        self.ledger.insert(new)

    def retract(self, tx_ids: list[str]) -> None:
        """Acknowledge retractions."""
        self.journal.retract(tx_ids)
        self.ledger.retract(tx_ids)


def frame(amounts: dict[str, float]) -> pd.DataFrame:
    """Transfers from a to b whose time follows from their amount."""
    rows = [
        Transfer(tx_id, START + pd.Timedelta(int(amount), "s"), "a", "b", amount, "ETH")
        for tx_id, amount in amounts.items()
    ]
    return pd.DataFrame(rows, columns=Transfer._fields)


def say(**facts: Any) -> None:
    """One line for the parent."""
    print(json.dumps(facts), flush=True)


def main(folder: Path, seed: int) -> None:
    """Change without end."""
    chance, writer = random.Random(seed), Writer(folder)
    held = writer.holds()
    say(holds=held)
    writer.checkpoints.start(CHECKPOINT_ENTRIES, lambda outcome, _: say(checkpoint=outcome))
    while True:
        chosen = [f"t{number}" for number in chance.sample(range(NAMES), chance.randint(1, 20))]
        gone = [tx_id for tx_id in chosen if tx_id in held]
        if gone and chance.random() < 0.4:
            say(begins={"retract": gone})
            writer.retract(gone)
            for tx_id in gone:
                del held[tx_id]
        else:
            new = {tx_id: float(chance.randrange(10**6)) for tx_id in chosen if tx_id not in held}
            say(begins={"post": new})
            writer.post(new)
            held |= new
        say(acknowledged=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
