"""Legs: what of a wallet's own transfers patterns are made of."""

import math

import numpy as np
from hypothesis import given

from features.past import Past, PastSide, Question, ask
from features.past.distinct import empty_distinct
from features.views.patterns.legs import Legs, empty_legs, measured, read_legs
from tests.naive.past import past as plain_past
from tests.naive.past import transfer_list
from tests.naive.patterns.legs import moving
from tests.strategies import World, worlds


def both(past: Past, of: Question) -> tuple[Legs, Legs]:
    """Legs received and sent."""
    sides: tuple[PastSide, PastSide] = past.incoming, past.outgoing
    received, sent = (
        read_legs(empty_legs(), empty_distinct(), side, history, of.wallet)
        for side, history in zip(sides, (of.received, of.sent), strict=True)
    )
    return received, sent


@given(worlds())
def test_legs_are_what_moves_to_others(world: World) -> None:
    past, listed = world.past(world.ledger()), transfer_list(world.transfers)
    for row, wallet in enumerate(world.spine["wallet"]):
        of = ask(past, row)
        known = plain_past(listed, None, of.as_of)
        for legs, side in zip(both(past, of), known.read(wallet), strict=True):
            expected = moving(side)
            assert legs.leg["time"].tolist() == [t.time for t in expected]
            assert legs.leg["amount"].tolist() == [t.amount for t in expected]
            assert legs.read == len(side)
            assert math.isclose(legs.value, math.fsum(t.amount for t in side), rel_tol=1e-12)


@given(worlds())
def test_counterparties_are_numbered_as_they_appear(world: World) -> None:
    past = world.past(world.ledger())
    for row in range(past.size):
        for legs in both(past, ask(past, row)):
            order = dict.fromkeys(legs.leg["counterparty"].tolist())
            numbers = {code: number for number, code in enumerate(order)}
            assert legs.leg["number"].tolist() == [numbers[c] for c in legs.leg["counterparty"]]
            assert legs.fan == len(order)


def test_an_amount_is_measured_against_all_that_was_read() -> None:
    none = empty_legs()[:0]
    assert measured(Legs(none, 0, 2, 8.0), 4.0, 2.0) == (4.0, 0.25)
    amount, share = measured(Legs(none, 0, 2, 0.0), 0.0, 0.0)
    assert amount == 0.0
    assert np.isnan(share)
    assert np.isnan(measured(Legs(none, 0, 0, 0.0), 0.0, 0.0)).all()
