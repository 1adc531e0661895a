"""The few transfers of a wallet within a span of time."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.past import NO_LABELS, SECOND, Past, ask, few_between, past_of
from tests.naive.past import DAY, HOUR, micros, past, transfer_list
from tests.strategies import START, World, at, fan_out, spine, worlds


def asked(world: World, as_of: int) -> Past:
    """One question about no wallet: all others end at its instant, too."""
    question = past_of(world.ledger(), np.array([-1], np.int32), np.array([as_of]), NO_LABELS)
    ask(question, 0)
    return question


@given(worlds(), st.sampled_from([0, 1, HOUR, DAY]), st.integers(1, 4))
def test_they_are_those_within_the_span_unless_they_are_many(
    world: World, width: int, most: int
) -> None:
    ledger, as_of = world.ledger(), micros(world.spine["as_of"][0])
    question, known = asked(world, as_of), past(transfer_list(world.transfers), None, as_of)
    for since in {micros(time) for time in world.transfers["timestamp"]}:
        for wallet in {*world.transfers["sender"], *world.transfers["recipient"]}:
            sides = (question.incoming, question.outgoing)
            for side, transfers in zip(sides, known.sides(wallet), strict=True):
                wanted = [t.amount for t in transfers if since <= t.time < since + width]
                first, end = few_between(side, ledger.code(wallet), since, since + width, most)
                found = side.amount[first:end].tolist()
                assert found == (wanted if len(wanted) <= most else [])


@pytest.mark.parametrize(("seconds", "found"), [(0, 0), (120, 2), (121, 3), (10**6, 5)])
def test_none_is_later_than_the_past(seconds: int, found: int) -> None:
    frame = fan_out(5)
    world, start = World(frame, frame, spine(["hub"], at(0))), micros(START)
    hub = world.ledger().code("hub")
    outgoing = asked(world, start + seconds * SECOND).outgoing
    first, end = few_between(outgoing, hub, start, start + DAY, 100)
    assert end - first == found
