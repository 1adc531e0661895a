"""Random changes of a ledger: appended, streamed, retracted, saved and opened again."""

import tempfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
from hypothesis import strategies as st

from features import Ledger, Transfer
from features.ledger.verify import verify

Steps = list[tuple[str, set[int]]]


def steps(most: int) -> st.SearchStrategy[Steps]:
    """Up to so many changes, each with numbers of transfers."""
    change = st.sampled_from(["append", "stream", "retract", "reopen"])
    return st.lists(st.tuples(change, st.sets(st.integers(0, 39), max_size=12)), max_size=most)


def changed(
    pool: pd.DataFrame,
    steps: Steps,
    one_of: Callable[[pd.Series], Transfer],
    unit: str | None = None,
) -> tuple[Ledger, list[int]]:
    """A ledger of the first of some transfers after changes, and which of them it holds then.

    ``one_of`` makes a row of the frame a transfer of a stream.
    """
    ledger, held = Ledger.from_transfers(pool.iloc[:1], unit=unit), {0}
    with tempfile.TemporaryDirectory() as room:
        folder = Path(room) / "ledger"
        for step, numbers in steps:
            chosen = sorted(number % len(pool) for number in numbers)
            if step == "append":  # late ones and copies among them
                assert ledger.append(pool.iloc[chosen]) == len(set(chosen) - held)
                held |= set(chosen)
            elif step == "stream":
                for number in chosen:
                    assert ledger.append_one(one_of(pool.iloc[number])) == (number not in held)
                    held.add(number)
            elif step == "retract":
                ids = set(pool["tx_id"].iloc[chosen]) & set(pool["tx_id"].iloc[sorted(held)])
                gone = {row for row in held if pool["tx_id"].iloc[row] in ids}
                assert ledger.retract(sorted(ids)) == len(gone)
                held -= gone
            else:
                ledger.save(folder)
                assert verify(folder).transfers == len(held)
                ledger = Ledger.open(folder)
    return ledger, sorted(held)
