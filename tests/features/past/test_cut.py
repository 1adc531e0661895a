"""The cut: nothing at or after an instant can be found."""

import numpy as np
from hypothesis import given

from features.past import HISTORY_CAP, NO_LABELS, Past, ask, cut, event_at, label_at, past_of
from tests.naive.past import label_list, micros, transfer_list
from tests.naive.past import past as plain_past
from tests.strategies import World, at, fan_out, spine, worlds


def opened(world: World) -> Past:
    ledger = world.ledger()
    instants = np.array([micros(time) for time in world.spine["as_of"]], dtype=np.int64)
    return past_of(ledger, ledger.codes(world.spine["wallet"]), instants, world.events(ledger))


@given(worlds())
def test_histories_hold_what_came_before_and_nothing_else(world: World) -> None:
    past, listed = opened(world), transfer_list(world.transfers)
    for row, wallet in enumerate(world.spine["wallet"]):
        asked = ask(past, row)
        known = plain_past(listed, None, asked.as_of)
        received, sent = known.sides(wallet)
        for side, history, wanted in (
            (past.incoming, asked.received, received),
            (past.outgoing, asked.sent, sent),
        ):
            times = side.time[history.end - history.total : history.end]
            assert times.tolist() == [transfer.time for transfer in wanted]
            assert (times < asked.as_of).all()
            assert history.end - history.first == min(history.total, HISTORY_CAP)


@given(worlds())
def test_other_wallets_and_labels_are_cut_at_the_same_instant(world: World) -> None:
    past, ledger = opened(world), world.ledger()
    listed, labels = transfer_list(world.transfers), label_list(world.labels)
    for row in range(past.size):
        asked = ask(past, row)
        known = plain_past(listed, labels, asked.as_of)
        told = {
            label.wallet
            for label in known.labels or []
            if (label.label, label.category) != ("none", "victim")  # which says nothing
        }
        for wallet in {*world.transfers["sender"], *world.transfers["recipient"]}:
            code = ledger.code(wallet)
            assert cut(past.incoming, code).total == len(known.sides(wallet)[0])
            assert (event_at(past.labels, code) >= 0) == (wallet in told)


def test_the_cap_keeps_the_latest_and_counts_all() -> None:
    frame = fan_out(HISTORY_CAP + 5, step_s=1)
    world = World(frame, frame, spine(["hub"], at(10**6)))
    ledger = world.ledger()
    past = past_of(ledger, ledger.codes(["hub"]), np.array([2**62]), NO_LABELS)
    sent = ask(past, 0).sent
    assert (sent.total, sent.end - sent.first) == (HISTORY_CAP + 5, HISTORY_CAP)


def test_an_unknown_wallet_has_no_history_and_no_label() -> None:
    frame = fan_out(3)
    ledger = World(frame, frame, frame).ledger()
    past = past_of(ledger, np.array([-1], np.int32), np.array([2**62]), NO_LABELS)
    asked = ask(past, 0)
    assert asked.received == asked.sent == (0, 0, 0)
    assert label_at(past.labels, 0) == 0


def test_a_past_that_was_not_asked_knows_nothing() -> None:
    frame = fan_out(3)
    ledger = World(frame, frame, frame).ledger()
    hub = ledger.code("hub")
    past = past_of(ledger, np.array([hub], np.int32), np.array([2**62]), NO_LABELS)
    assert cut(past.outgoing, hub).total == 0
    assert ask(past, 0).sent.total == 3
    assert cut(past.part(slice(0, 1)).outgoing, hub).total == 0  # a part has an instant of its own
