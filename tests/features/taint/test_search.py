"""The search for labelled wallets, under caps of every size."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contracts.categories import CATEGORIES
from features.contracts.labels import NONE
from features.past import ILLICIT, LICIT, NO_VERDICT, ask, traced_past
from features.taint.paths import found, path_of
from features.taint.pieces import GROUPS, Caps, empty_search
from features.taint.reach import ReachCaps, empty_reach, reach_search
from features.taint.search import fifo_search, haircut_search
from tests.naive.exposure.exposure import search
from tests.naive.exposure.reach import reached
from tests.naive.exposure.rules import FIFO, HAIRCUT, Split
from tests.naive.past import label_list, transfer_list
from tests.naive.past import past as plain_past
from tests.taint_worlds import taint_world

CAPS = st.builds(
    Caps,
    st.integers(1, 9),
    st.integers(1, 9),
    st.integers(1, 5),
    st.sampled_from([0.0, 0.01, 0.2]),
    st.sampled_from([3, 5, 99]),
)

VERDICTS = {LICIT: "licit", ILLICIT: "illicit", NO_VERDICT: NONE}


@pytest.mark.parametrize("forward", [False, True], ids=["received", "sent"])
@pytest.mark.parametrize(
    ("follow", "split"), [(haircut_search, HAIRCUT), (fifo_search, FIFO)], ids=["haircut", "fifo"]
)
@given(seed=st.integers(0, 2**32 - 1), caps=CAPS)
def test_every_end_and_path_is_that_of_the_slow_twin(
    follow: Callable[..., None], split: tuple[Split, Split], forward: bool, seed: int, caps: Caps
) -> None:
    world = taint_world(seed)
    ledger, known = world.ledger(), label_list(world.labels)
    past, everything = world.past(ledger), transfer_list(world.transfers)
    side, labels = past.outgoing if forward else past.incoming, past.labels
    named = {(t.tx_id, t.position): t for t in everything}
    made = empty_search(caps, record=True)
    for row, wallet in enumerate(world.spine["wallet"]):
        asked = ask(past, row)
        follow(traced_past(ledger, past), asked, forward, made)
        now = plain_past(everything, known, asked.as_of)
        twin = search(now, wallet, split[forward], caps, forward=forward)
        scale = 1e-12 * twin.total
        sums = made.tally[0]
        assert sums["total"] == pytest.approx(twin.total)
        assert sums["searched"] == pytest.approx(twin.searched, abs=scale)
        assert sums["dropped"] == pytest.approx(twin.dropped, abs=scale)
        assert sums["service"] == pytest.approx(twin.service, abs=scale)
        assert sums["nearest"] == (twin.nearest if twin.service else 0)
        assert sums["searched"] + sums["dropped"] <= sums["total"] * (1 + 1e-9)
        ends = found(made)
        assert ends.size == len(twin.ends)
        for place, end in enumerate(twin.ends):
            event = ends["event"][place]
            label = VERDICTS[labels.label[event]]
            assert (CATEGORIES[labels.category[event]], label) == (end.category, end.label)
            assert ends["hops"][place] == end.hops
            assert ends["value"][place] == pytest.approx(end.value, abs=scale)
            path = [
                named[ledger.tx_id(row), ledger.position[row]]
                for row in side.transfer[path_of(made, place)].tolist()
            ]
            assert path == list(reversed(end.path))


REACH_CAPS = st.builds(
    ReachCaps, st.integers(1, 4), st.integers(1, 9), st.integers(1, 5), st.sampled_from([0, 0.01]),
    st.sampled_from([3, 5, 99]),
)  # fmt: skip


@pytest.mark.parametrize("forward", [False, True], ids=["received", "sent"])
@given(seed=st.integers(0, 2**32 - 1), caps=REACH_CAPS)
def test_any_path_is_found_that_the_slow_twin_finds(
    forward: bool, seed: int, caps: ReachCaps
) -> None:
    world = taint_world(seed)
    ledger, known = world.ledger(), label_list(world.labels)
    past, everything = world.past(ledger), transfer_list(world.transfers)
    reach = empty_reach(caps)
    for row, wallet in enumerate(world.spine["wallet"]):
        asked = ask(past, row)
        reach_search(traced_past(ledger, past), asked, forward, reach)
        now = plain_past(everything, known, asked.as_of)
        hops, service, cut = reached(now, wallet, caps, forward=forward)
        for group, name in enumerate(GROUPS):
            least = min((n for end, n in hops.items() if name in end), default=0)
            assert reach.best["hops"][group] == least
        assert reach.tally["service"][0] == (service if service == service else 0)
        assert reach.tally["cut"][0] == cut


def test_ends_are_not_recorded_where_only_sums_are_wanted() -> None:
    caps = Caps(followed=4, read=16, hops=5, floor=0.001, service=9)
    assert empty_search(caps, record=False).ends.size == 0
    assert empty_search(caps, record=True).ends.size > caps.followed * caps.read
