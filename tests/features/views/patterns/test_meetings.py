"""Meetings: the far wallets that a wallet's counterparties deal with around its transfers."""

import numpy as np
import pandas as pd
from hypothesis import given

from features import Ledger
from features.kernel import Int8s
from features.kernel.hash_table import SECRET
from features.past import Past, PastSide, ask
from features.past.distinct import empty_distinct
from features.past.nearby import Reach, nearby
from features.views.patterns.legs import empty_legs, read_legs
from features.views.patterns.meetings import (
    AFTER,
    ANCHORS,
    AROUND,
    BEFORE,
    Lane,
    Meetings,
    bits,
    empty_anchors,
    empty_meetings,
    empty_parts,
    empty_seen,
    forget,
    gather,
    mark,
    take_anchors,
    unmark,
)
from tests.naive.past import past as plain_past
from tests.naive.past import transfer_list
from tests.naive.patterns.meetings import anchors, met, shared
from tests.patterns import asked
from tests.strategies import World, fan_out, transfers, worlds

WHEN = {"earlier": BEFORE, "later": AFTER, "around": AROUND}


def searched(lane: Lane, side: PastSide, kind: Int8s, reach: Reach) -> Meetings:
    """The meetings of one lane."""
    meetings, seen = empty_meetings(), empty_seen()
    nearby(side, kind, lane.anchor, reach, lane.part)
    mark(seen, lane, side.counterparty)
    gather(meetings, seen, lane, side, kind)
    unmark(seen, lane, side.counterparty)
    assert not seen.any()
    return meetings


def members(meetings: Meetings, lane: int, ledger: Ledger) -> dict[str, int]:
    """Counterparties, two or more, through which each far wallet was met."""
    names = ledger.wallets.all_text().to_pylist()
    by = {
        names[meetings.far[far]["code"]]: bits(meetings.members[far, lane])
        for far in range(meetings.size[0])
    }
    return {name: n for name, n in by.items() if n > 1}


@given(worlds())
def test_far_wallets_are_met_as_by_the_slow_twin(world: World) -> None:
    ledger, listed = world.ledger(), transfer_list(world.transfers)
    past = world.past(ledger)
    for row, wallet in enumerate(world.spine["wallet"]):
        of = ask(past, row)
        known = plain_past(listed, None, of.as_of)
        receipts, sendings = anchors(known, wallet)
        for number, own, pays, when in (
            (1, sendings, True, "later"),
            (0, receipts, False, "earlier"),
            (0, receipts, True, "around"),
            (1, sendings, False, "around"),
        ):
            near, history = (past.outgoing, of.sent) if number else (past.incoming, of.received)
            legs = read_legs(empty_legs(), empty_distinct(), near, history, of.wallet)
            anchor = take_anchors(empty_anchors(), legs)
            assert anchor["time"].tolist() == [t.time for t in own]
            lane = Lane(number, anchor, empty_parts(), of.wallet, when == "earlier")
            side = past.outgoing if pays else past.incoming
            pairs = met(known, wallet, own, pays=pays, when=when)
            expected = {far: shared(each, wallet) for far, each in pairs.items()}
            found = members(searched(lane, side, past.kind, WHEN[when]), number, ledger)
            assert found == {far: n for far, n in expected.items() if n > 1}


def lane_of(frame: pd.DataFrame, wallet: str) -> tuple[Lane, Past]:
    """The lane of a wallet's recipients, and its past."""
    past = asked(Ledger.from_transfers(frame), wallet)
    of = ask(past, 0)
    legs = read_legs(empty_legs(), empty_distinct(), past.outgoing, of.sent, of.wallet)
    anchor = take_anchors(empty_anchors(), legs)
    return Lane(1, anchor, empty_parts(), of.wallet, False), past


def test_anchors_are_the_latest_legs_and_number_their_counterparties() -> None:
    lane, _ = lane_of(fan_out(ANCHORS + 3), "hub")
    assert lane.anchor["member"].tolist() == list(range(ANCHORS))
    assert (np.diff(lane.anchor["time"]) > 0).all()
    again = transfers([(0, "w", "a", 1.0), (1, "w", "b", 1.0), (2, "w", "a", 1.0)])
    assert lane_of(again, "w")[0].anchor["member"].tolist() == [0, 1, 0]


def test_what_is_forgotten_is_found_again() -> None:
    paid = [(0, "w", "a", 1.0), (1, "w", "b", 1.0), (60, "a", "x", 1.0), (61, "b", "x", 1.0)]
    lane, past = lane_of(transfers(paid), "w")
    side = past.outgoing
    meetings = searched(lane, side, past.kind, AFTER)
    assert meetings.size.tolist() == [1, 2]
    forget(meetings)
    assert meetings.size.tolist() == [0, 0]
    assert not meetings.table[:-SECRET].any()
    assert searched(lane, side, past.kind, AFTER).size.tolist() == [1, 2]
