"""The search for labelled wallets, under caps of every size."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.contracts.categories import CATEGORIES
from features.ledger import microseconds
from features.past.known_labels import ILLICIT
from features.taint.paths import path_of
from features.taint.pieces import DROPPED, FOUND, SEARCHED, TOTAL, Caps, empty_memory
from features.taint.search import fifo_search, haircut_search
from tests.naive.exposure import FIFO, HAIRCUT, Split, search
from tests.naive.past import label_list, past, transfer_list
from tests.taint_worlds import taint_world

CAPS = st.builds(
    Caps, st.integers(1, 9), st.integers(1, 9), st.integers(1, 5), st.sampled_from([0.0, 0.01, 0.2])
)


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
    events, everything = world.events(ledger), transfer_list(world.transfers)
    named = {(t.tx_id, t.position): t for t in everything}
    memory = empty_memory(caps, record=True)
    wallets, instants = world.spine["wallet"].tolist(), microseconds(world.spine["as_of"]).tolist()
    for wallet, as_of in zip(wallets, instants, strict=True):
        code = ledger.code(wallet)
        follow(ledger.sides, events, code, as_of, forward, caps, memory)
        twin = search(
            past(everything, known, as_of), wallet, split[forward], caps, forward=forward
        )  # fmt: skip
        scale = 1e-12 * twin.total
        sums = memory.sums
        assert sums[TOTAL] == pytest.approx(twin.total)
        assert sums[SEARCHED] == pytest.approx(twin.searched, abs=scale)
        assert sums[DROPPED] == pytest.approx(twin.dropped, abs=scale)
        assert sums[SEARCHED] + sums[DROPPED] <= sums[TOTAL] * (1 + 1e-9)
        found = memory.found[: memory.n[FOUND]]
        assert found.size == len(twin.ends)
        for place, end in enumerate(twin.ends):
            event = found["event"][place]
            label = "illicit" if events.label[event] == ILLICIT else "licit"
            assert (CATEGORIES[events.category[event]], label) == (end.category, end.label)
            assert found["hops"][place] == end.hops
            assert found["value"][place] == pytest.approx(end.value, abs=scale)
            path = [
                named[ledger.tx_id(row), ledger.position[row]]
                for row in path_of(memory, place).tolist()
            ]
            assert path == list(reversed(end.path))


def test_memory_records_no_ends_where_only_sums_are_wanted() -> None:
    caps = Caps(4, 16, 5, 0.001)
    assert empty_memory(caps, record=False).found.size == 0
    assert empty_memory(caps, record=True).found.size > caps.followed * caps.read
    assert np.ndim(empty_memory(caps, record=False).sums) == 1
