"""Labels over a ledger that grows agree with labels arranged anew."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import LabelsError, Ledger, check_transfers
from features.past import LabelEvents, label_events
from features.past.growing_labels import GrowingLabels
from tests.strategies import START, World, transfers, worlds


def by_wallet(events: LabelEvents, wallets: int) -> list[list[tuple[int, int, int]]]:
    """Events of each wallet, whether or not ``start`` reaches so far."""
    start = [*events.start.tolist()]
    start += [start[-1]] * (wallets + 1 - len(start))
    rows = list(
        zip(events.known_at.tolist(), events.label.tolist(), events.category.tolist(), strict=True)
    )
    return [rows[start[code] : start[code + 1]] for code in range(wallets)]


@given(worlds(), st.integers(0, 40), st.integers(1, 5))
def test_agrees_with_labels_arranged_anew(world: World, first: int, size: int) -> None:
    moves = check_transfers(world.transfers)
    ledger = Ledger.from_transfers(moves.iloc[:first])
    known = GrowingLabels(ledger, world.labels)
    for start in range(first, len(moves), size):
        part = moves.iloc[start : start + size]
        awaited = known.awaited([*part["sender"], *part["recipient"]])
        before, content = known.events, [array.copy() for array in known.events]
        ledger.append(part)
        known.join(ledger, awaited)
        for array, copy in zip(before, content, strict=True):  # a reader may still hold them
            np.testing.assert_array_equal(array, copy)
        expected = label_events(ledger, world.labels)
        assert by_wallet(known.events, ledger.n_wallets) == by_wallet(expected, ledger.n_wallets)
    assert known.awaited([*moves["sender"], *moves["recipient"]]) == []


def test_no_labels_are_no_labels() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    known = GrowingLabels(ledger, None)
    assert known.awaited(["a", "c"]) == []
    known.join(ledger, [])
    assert known.events.start.size == 0


def test_labels_are_checked_at_once() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    with pytest.raises(LabelsError, match="label is not one of"):
        GrowingLabels(
            ledger, pd.DataFrame({"wallet": ["a"], "label": ["dodgy"], "known_at": [START]})
        )


def test_a_new_wallet_costs_no_copy_of_all_labels() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0)]))
    names = [f"w{number}" for number in range(50_000)]
    labels = pd.DataFrame({"wallet": ["a", *names], "label": "illicit", "known_at": START})
    known = GrowingLabels(ledger, labels)
    places = set()
    for number in range(50):
        ledger.append(transfers([(number + 1, "a", f"w{number}", 1.0)]).assign(tx_id=f"n{number}"))
        known.join(ledger, known.awaited(["a", f"w{number}"]))
        places.add(known.events.known_at.__array_interface__["data"][0])
    assert known.events.known_at.size == 51
    assert len(places) == 1  # events join in the room behind those that are there
