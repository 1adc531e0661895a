"""Chains: their rules and the caps of the search."""

import pandas as pd
import pytest

from features.past import ask
from features.views.layering.chains import HOP_CAP, chain_depth, empty_levels
from tests.strategies import at, chain, cycle, one_past, transfers

DAY_S = 86_400


def depth(frame: pd.DataFrame, wallet: str, as_of: float = 1e7) -> dict[str, tuple[int, bool]]:
    past = one_past(frame, wallet, at(as_of))
    asked = ask(past, 0)
    found = {}
    for name, side, ahead in (
        ("backward", past.incoming, False),
        ("forward", past.outgoing, True),
    ):
        chain = chain_depth(side, asked, ahead, empty_levels())
        found[name] = chain[0], chain[1]
    return found


def test_hops_are_capped_and_the_cap_is_told() -> None:
    assert depth(chain(HOP_CAP), "c0")["forward"] == (HOP_CAP, False)
    assert depth(chain(HOP_CAP + 1), "c0")["forward"] == (HOP_CAP, True)
    assert depth(chain(HOP_CAP), f"c{HOP_CAP}")["backward"] == (HOP_CAP, False)
    assert depth(chain(HOP_CAP + 1), f"c{HOP_CAP + 1}")["backward"] == (HOP_CAP, True)


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        pytest.param((60, "b", "c", 0.9), 2, id="0.9 of the amount"),
        pytest.param((60, "b", "c", 0.899), 1, id="less than 0.9"),
        pytest.param((60, "b", "c", 1.001), 1, id="more than came"),
        pytest.param((0, "b", "c", 1.0), 1, id="at the same instant"),
        pytest.param((1e-6, "b", "c", 1.0), 2, id="a microsecond later"),
        pytest.param((DAY_S, "b", "c", 1.0), 2, id="a day later"),
        pytest.param((DAY_S + 1e-6, "b", "c", 1.0), 1, id="more than a day later"),
        pytest.param((60, "b", "b", 1.0), 1, id="to itself"),
        pytest.param((60, "c", "d", 1.0), 1, id="from elsewhere"),
    ],
)
def test_what_continues_a_chain(second: tuple[float, str, str, float], expected: int) -> None:
    frame = transfers([(0, "a", "b", 1.0), second])
    assert depth(frame, "a")["forward"] == (expected, False)
    assert depth(frame, second[2])["backward"][0] == (expected if second[2] != "b" else 1)


def test_zero_amounts_and_own_transfers_start_nothing() -> None:
    frame = transfers([(0, "a", "b", 0.0), (1, "b", "c", 0.0), (2, "a", "a", 1.0)])
    assert depth(frame, "a") == {"backward": (0, False), "forward": (0, False)}


def test_a_cycle_is_walked_once_in_time() -> None:
    assert depth(cycle(4), "r0") == {"backward": (4, False), "forward": (4, False)}
    assert depth(cycle(4), "r1") == {"backward": (1, False), "forward": (3, False)}


def test_as_of_ends_a_chain() -> None:
    assert depth(chain(5, step_s=60), "c0", as_of=180)["forward"] == (2, False)


@pytest.mark.parametrize(("busy", "expected"), [(99, 2), (100, 1)])
def test_no_chain_passes_a_hub(busy: int, expected: int) -> None:
    rows = [(0, "a", "hub", 8.0), (60, "hub", "b", 8.0)]
    onward = [(120 + i, "hub", f"x{i}", 1.0) for i in range(busy)]
    assert depth(transfers(rows + onward), "a")["forward"] == (expected, False)
    inward = [(-120 - i, f"x{i}", "hub", 1.0) for i in range(busy)]
    assert depth(transfers(rows + inward), "b")["backward"] == (expected, False)


def test_a_wallet_that_became_a_hub_later_is_passed() -> None:
    rows = [(0, "a", "hub", 8.0), (60, "hub", "b", 8.0)]
    rows += [(9 * DAY_S + i, "hub", f"x{i % 50}", 1.0) for i in range(10_001)]
    assert depth(transfers(rows), "a")["forward"] == (2, False)


@pytest.mark.parametrize(("n", "short"), [(128, False), (129, True)])
def test_first_hops_are_the_latest_128(n: int, short: bool) -> None:
    frame = transfers(
        [
            (0, "a", "a", 1.0),
            *((1 + i, "a", f"b{i}", 1.0) for i in range(n)),
            (200, "b0", "c", 1.0),  # continues the oldest
        ]
    )
    assert depth(frame, "a")["forward"] == (1 if short else 2, short)


@pytest.mark.parametrize(("n", "short"), [(64, False), (65, True)])
def test_a_level_holds_128_transfers(n: int, short: bool) -> None:
    rows = [(0, "a", "b", 1.0), (0, "a", "c", 1.0)]
    rows += [(1 + i, wallet, f"d{i}", 1.0) for wallet in "bc" for i in range(n)]
    assert depth(transfers(rows), "a")["forward"] == (2, short)
