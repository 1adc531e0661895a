"""What lies around instants in the slices of many wallets: nothing at or after the past's own."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features import Ledger
from features.kernel import DAY, SECOND, Int8s, Records
from features.past import Past, PastSide, ask
from features.past.cut import held
from features.past.nearby import PART, Reach, nearby
from tests.patterns import asked
from tests.strategies import World, transfers, worlds

EVENT = np.dtype([("counterparty", np.int32), ("time", np.int64)])
REACHES = st.builds(
    Reach, st.integers(0, 3), st.integers(0, 3), st.sampled_from([0, SECOND, DAY, 7 * DAY])
)


def events(*pairs: tuple[int, int]) -> Records:
    """Wallets and instants to look around."""
    return np.array(list(pairs), dtype=EVENT)


def found(
    side: PastSide, kind: Int8s, wanted: Records, reach: Reach
) -> tuple[list[list[int]], bool]:
    """Times that may be read of each event, and whether there are more."""
    parts = np.empty(wanted.size, dtype=PART)
    more = nearby(side, kind, wanted, reach, parts)
    return [side.time[part["first"] : part["end"]].tolist() for part in parts], more


def plain(side: PastSide, event: Records, reach: Reach, as_of: int) -> tuple[list[int], bool]:
    """The slow twin, of one event."""
    start, stop = held(side, int(event["counterparty"]), as_of)
    times = side.time[start:stop].tolist()
    instant = int(event["time"])
    near = [t for t in times if t < as_of and abs(t - instant) <= reach.span]
    if not reach.later:
        up_to, after = [t for t in near if t < instant], []
    else:
        up_to, after = [t for t in near if t <= instant], [t for t in near if t > instant]
    if not reach.earlier:
        up_to = []
    more = len(up_to) > reach.earlier or len(after) > reach.later
    return up_to[len(up_to) - min(len(up_to), reach.earlier) :] + after[: reach.later], more


@given(worlds(), REACHES)
def test_agrees_with_its_slow_twin(world: World, reach: Reach) -> None:
    ledger = world.ledger()
    assume((world.transfers["amount"] > 0).any())
    wallet = world.transfers["sender"].iloc[0]
    last = (world.transfers["timestamp"].max() - world.transfers["timestamp"].min()).total_seconds()
    for as_of in (0.0, last / 2, last + 1):
        past = _at(ledger, wallet, world, as_of)
        for side in past.incoming, past.outgoing:
            wanted = events(
                *(
                    (code, int(time))
                    for code in range(ledger.n_wallets)
                    for time in np.unique(side.time)
                    if time < past.instants[0]
                )
            )
            times, more = found(side, past.kind, wanted, reach)
            slow = [
                ([], False)
                if ledger.wallet(int(event["counterparty"])).startswith("tx:")
                else plain(side, event, reach, int(past.instants[0]))
                for event in wanted
            ]
            assert times == [each for each, _ in slow]
            assert more == any(each for _, each in slow)


def _at(ledger: Ledger, wallet: str, world: World, seconds: float) -> Past:
    past = asked(ledger, wallet)
    first = int(past.incoming.time.min())
    past.instants[0] = first + round(seconds * SECOND)
    ask(past, 0)
    return past


@pytest.mark.parametrize(
    ("reach", "expected", "more"),
    [
        pytest.param(Reach(2, 2, DAY), [1, 2, 3, 4], True, id="both ways"),
        pytest.param(Reach(9, 9, 2 * SECOND), [0, 1, 2, 3, 4], False, id="within the span"),
        pytest.param(Reach(2, 0, DAY), [0, 1], False, id="strictly before"),
        pytest.param(Reach(0, 1, DAY), [3], True, id="strictly after"),
        pytest.param(Reach(9, 9, DAY), [0, 1, 2, 3, 4, 5], False, id="nothing from as_of on"),
    ],
)
def test_the_nearest_are_read(reach: Reach, expected: list[int], more: bool) -> None:
    ledger = Ledger.from_transfers(transfers((k, "hub", f"x{k}", 1.0) for k in range(9)))
    past = asked(ledger, "hub", as_of=6)
    ask(past, 0)
    side, first = past.outgoing, int(past.outgoing.time.min())
    ((times,), cut_short) = found(
        side, past.kind, events((ledger.code("hub"), first + 2 * SECOND)), reach
    )
    assert [(time - first) // SECOND for time in times] == expected
    assert cut_short == more
