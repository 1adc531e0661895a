"""The patterns view as a whole: its twin, its trails, what it reads at most."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features import feature_table
from features.past import HISTORY_CAP, past_of, traced_past
from features.views.patterns.patterns import PATTERNS
from tests import compare
from tests.naive.past import micros
from tests.patterns import row
from tests.strategies import STRANGER, World, at, spine, transfers, worlds

NAMES = [f"n{k}" for k in range(6)]
DAY_S = 86_400
NO_LABELS = pd.DataFrame({"wallet": [], "label": [], "known_at": [], "confidence": []}).astype(
    {"wallet": "str", "label": "str", "known_at": "datetime64[us, UTC]", "confidence": "float64"}
)


@st.composite
def crowds(draw: st.DrawFn) -> World:
    """Few wallets that deal with each other a lot, so that patterns are many and overlap."""
    step = st.sampled_from([0, 0, 1, 60, 3600, DAY_S // 2, DAY_S])
    amount = st.sampled_from([0.0, 1.0, 1.0, 2.0, 3.0, 5.0])
    wallet = st.sampled_from(NAMES)
    drawn = draw(st.lists(st.tuples(step, wallet, wallet, amount), min_size=20, max_size=70))
    times = np.cumsum([each[0] for each in drawn]).tolist()
    rows = [(time, *each[1:]) for time, each in zip(times, drawn, strict=True)]
    frame = transfers(rows).assign(position=np.int32(0))
    instant = at(draw(st.sampled_from(times)) + draw(st.sampled_from([0, 1e-6, 60])))
    return World(frame, NO_LABELS, spine([*NAMES, STRANGER], instant))


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, PATTERNS)


@given(crowds())
def test_matches_its_slow_twin_in_a_crowd(world: World) -> None:
    compare.with_naive(world, PATTERNS)


@given(crowds())
def test_every_value_has_a_trail_of_transfers_before_as_of(world: World) -> None:
    ledger = world.ledger()
    values = feature_table(ledger, world.spine, views=(PATTERNS,))
    assert PATTERNS.trails is not None
    as_of = world.spine["as_of"].iloc[0]
    for wallet, line in zip(world.spine["wallet"], values.to_dict("records"), strict=True):
        code = np.array([ledger.code(wallet)], dtype=np.int32)
        instant = np.array([micros(as_of)], dtype=np.int64)
        trails = PATTERNS.trails(
            traced_past(ledger, past_of(ledger, code, instant, world.events(ledger)))
        )
        nonzero = {
            str(name) for name, value in line.items() if value > 0 and "truncated" not in str(name)
        }
        assert {name for trail in trails for name in trail.columns} == nonzero
        for trail in trails:
            ids = [ledger.tx_id(int(transfer)) for transfer in trail.transfers]
            shown = world.transfers.set_index("tx_id").loc[ids]
            assert shown["timestamp"].is_monotonic_increasing
            assert shown["timestamp"].max() < as_of
            moved = shown["amount"].to_numpy()
            round_trip = trail.columns[0].startswith(
                "patterns_cycle"
            )  # the smallest amount goes round
            assert (trail.amounts == (moved.min() if round_trip else moved)).all()
            assert (moved > 0).all()


def test_a_hub_is_read_up_to_its_cap() -> None:
    n = HISTORY_CAP + 1
    frame = transfers((float(k), f"s{k}", "hub", 1.0) for k in range(n))
    as_of = spine(["hub"], at(n))
    values = feature_table(World(frame, NO_LABELS, as_of).ledger(), as_of, views=(PATTERNS,))
    assert values["patterns_fan_in_burst_7d_count"].item() == HISTORY_CAP
    assert values["patterns_fan_in_burst_7d_share"].item() == 1
    assert values["patterns_truncated_ratio"].item() == 1


def test_two_wallets_that_only_pay_each_other_are_no_pattern() -> None:
    rows = [(60.0 * k, *(("a", "b") if k % 2 else ("b", "a")), 1.0) for k in range(40)]
    values = row(transfers(rows), "a")
    assert values.filter(regex="scatter_gather_.*_count").sum() == 0
