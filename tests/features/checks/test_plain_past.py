"""The plain past holds what a ledger's past holds, in the same order."""

import numpy as np
import pytest

from features import Ledger
from features.checks.plain_past import (
    PlainPast,
    label_list,
    micros,
    plain_past,
    ratio,
    transfer_list,
)
from features.checks.worlds import World, random_world
from features.contracts.times import microseconds
from features.past import HISTORY_CAP, LICIT, UNLABELLED, History, PastSide, ask, label_at, past_of
from tests.strategies import at, fan_out


def seen(ledger: Ledger, side: PastSide, history: History) -> list[tuple[int, str, float]]:
    """Time, counterparty and amount of each transfer that is read."""
    return [
        (int(side.time[i]), ledger.wallet(int(side.counterparty[i])), float(side.amount[i]))
        for i in range(history.first, history.end)
    ]


def plain(past: PlainPast, wallet: str) -> tuple[list[tuple[int, str, float]], ...]:
    received, sent = past.read(wallet)
    return [(t.time, t.sender, t.amount) for t in received], [
        (t.time, t.recipient, t.amount) for t in sent
    ]


def world_of(seed: int) -> World:
    return random_world(np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(20))
def test_both_pasts_hold_the_same_transfers_in_the_same_order(seed: int) -> None:
    world = world_of(seed)
    ledger, everything = world.ledger(), transfer_list(world.transfers)
    codes, instants = ledger.codes(world.spine["wallet"]), microseconds(world.spine["as_of"])
    past = past_of(ledger, codes, instants, world.events(ledger))
    for row, (wallet, as_of) in enumerate(world.spine.itertuples(index=False)):
        asked = ask(past, row)
        received, sent = plain(plain_past(everything, None, micros(as_of)), wallet)
        assert seen(ledger, past.incoming, asked.received) == received
        assert seen(ledger, past.outgoing, asked.sent) == sent


@pytest.mark.parametrize("seed", range(20))
def test_both_pasts_know_labels_of_the_same_wallets(seed: int) -> None:
    world = world_of(seed)
    ledger = world.ledger()
    codes, instants = ledger.codes(world.spine["wallet"]), microseconds(world.spine["as_of"])
    past = past_of(ledger, codes, instants, world.events(ledger))
    for row, as_of in enumerate(world.spine["as_of"]):
        ask(past, row)
        labels = plain_past([], label_list(world.labels), micros(as_of)).labels
        assert labels is not None
        known = {label.wallet for label in labels}
        for code in range(ledger.n_wallets):
            label = label_at(past.labels, code)
            assert (label != UNLABELLED) == (ledger.wallet(code) in known)
            assert label >= LICIT or label == UNLABELLED


def test_a_row_reads_the_latest_transfers() -> None:
    everything = transfer_list(fan_out(HISTORY_CAP + 5).assign(position=0))
    past = plain_past(everything, None, micros(at(1e6)))
    assert len(past.sides("hub")[1]) == HISTORY_CAP + 5
    assert past.read("hub")[1] == past.sides("hub")[1][5:]
    assert past.read("never seen") == ([], [])


def test_nothing_divided_by_nothing_is_undefined() -> None:
    assert np.isnan(ratio(1.0, 0.0))
    assert ratio(1.0, 4.0) == 0.25
