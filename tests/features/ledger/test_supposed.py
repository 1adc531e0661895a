"""A ledger that supposes transfers answers as one that holds them, and is as it was afterwards."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import Ledger, LedgerError, Transfer
from features.checks.worlds import WALLETS, World
from features.ledger import supposed as module
from features.ledger.arrivals import frame_of
from features.ledger.state import State
from features.ledger.supposed import supposed
from features.past import LabelEvents, label_events
from features.past.growing_labels import GrowingLabels
from features.table import compute_rows
from tests.features.clusters.test_contraction import bits
from tests.strategies import asset_worlds, at, transfers, worlds

NAMES = [*WALLETS[:3], "new", "newer"]


def rows(ledger: Ledger, codes: list[int], events: LabelEvents, as_of: pd.Timestamp) -> Any:
    instants = np.full(len(codes), as_of.value // 1000)
    return compute_rows(ledger, np.array(codes, np.int32), instants, labels=events)


@st.composite
def questions(draw: st.DrawFn) -> list[tuple[str, str, float, int]]:
    """Some transfers: sender, recipient, amount, and hours back."""
    ends = st.sampled_from(NAMES)
    one = st.tuples(ends, ends, st.sampled_from([0.5, 3.0, 1e-6]), st.integers(1, 2_000))
    return draw(st.lists(one, min_size=1, max_size=4))


def assert_as_appended(world: World, asked: list[tuple[str, str, float, int]]) -> None:
    ledger, twin = world.ledger(), world.ledger()
    as_of = world.spine["as_of"].max()
    if not ledger.n_transfers or ledger.code(WALLETS[0]) < 0:
        return
    asset = ledger.assets.listed[0]
    known = GrowingLabels(ledger, world.labels)
    made = [
        Transfer(f"supposed {number}", (as_of - pd.Timedelta(hours, "h")).to_pydatetime(),
                 sender, recipient, amount, asset, 0, None if asset == ledger.unit else 2 * amount)
        for number, (sender, recipient, amount, hours) in enumerate(asked)
    ]  # fmt: skip
    before = bits(ledger)
    plain = rows(ledger, [0], known.events, as_of)
    twin.append(frame_of(made))
    with supposed(ledger, made) as codes:
        found = rows(ledger, [*codes.values()], known.supposing(codes), as_of)
    wanted = rows(
        twin, [twin.code(name) for name in codes], label_events(twin, world.labels), as_of
    )
    np.testing.assert_array_equal(found, wanted)
    assert [one[: len(other)] for one, other in zip(bits(ledger), before, strict=True)] == before
    np.testing.assert_array_equal(rows(ledger, [0], known.events, as_of), plain)


@settings(max_examples=10)
@given(worlds(), questions())
def test_a_supposed_transfer_is_one_that_was_made(
    world: World, asked: list[tuple[str, str, float, int]]
) -> None:
    assert_as_appended(world, asked)


@settings(max_examples=5)
@given(asset_worlds(), questions())
def test_so_it_is_among_several_assets(
    world: World, asked: list[tuple[str, str, float, int]]
) -> None:
    assert_as_appended(world, asked)


def made(**changes: Any) -> Transfer:
    when: datetime = at(50).to_pydatetime()
    return Transfer("s", when, "a", "new", 1.0, "ETH")._replace(**changes)


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"asset": "BTC"}, "holds no asset 'BTC'"), ({"amount": 0.0}, "needs a value above 0 in ETH")],
)  # fmt: skip
def test_what_says_nothing_is_refused(changes: dict[str, Any], message: str) -> None:
    state: State = Ledger.from_transfers(transfers([(1.0, "a", "b", 2.0)]))
    with pytest.raises(LedgerError, match=message), supposed(state, [made(**changes)]):
        pytest.fail("supposed")


def test_a_service_has_too_many_transfers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_HELD", 1)
    state: State = Ledger.from_transfers(transfers([(1.0, "a", "b", 2.0), (2.0, "a", "b", 2.0)]))
    with (
        pytest.raises(LedgerError, match="2 transfers in all; at most 1"),
        supposed(state, [made()]),
    ):
        pytest.fail("supposed")
