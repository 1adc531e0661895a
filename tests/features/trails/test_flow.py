"""The flow of a wallet's money: what it follows, where it ends, and that no value is lost."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, SpineError, trace
from features.past import NO_LABELS
from features.taint.service import SERVICE
from features.trails.flow import (
    CAPS,
    Direction,
    Flow,
    best_flow,
    flow_question,
    follow_value,
    trace_flow,
)
from tests.naive import flow as naive
from tests.strategies import at, chain, transfers

LATE = at(8e7)


def flow_of(
    frame: pd.DataFrame, wallet: str | list[str], direction: Direction, **how: object
) -> Flow:
    ledger = Ledger.from_transfers(frame)
    found: Flow = trace_flow(ledger, wallet, LATE, direction=direction, **{"share": 1.0, **how})  # type: ignore[arg-type]
    return found


def conserved(flow: Flow) -> None:
    """What comes to each transfer is what goes on and what ends."""
    size = len(flow.transfers)
    traced = flow.transfers["traced_amount"].to_numpy()
    passed = flow.payments["amount"].to_numpy()
    came = np.bincount(flow.payments["target"], passed, size) + flow.transfers["begins_amount"]
    went = np.bincount(flow.payments["source"], passed, size) + flow.transfers["ended_amount"]
    np.testing.assert_allclose(came, traced, rtol=1e-9, atol=1e-9 * flow.total)
    np.testing.assert_allclose(went, traced, rtol=1e-9, atol=1e-9 * flow.total)
    assert flow.kept == pytest.approx(flow.transfers["begins_amount"].sum())
    assert sum(flow.reached.values()) == pytest.approx(flow.total)


def legs(flow: Flow) -> list[tuple[str, str, float]]:
    rows = flow.transfers[["sender", "recipient", "traced_amount"]]
    return [(a, b, round(v, 9)) for a, b, v in rows.itertuples(index=False, name=None)]


def known(wallet: str) -> pd.DataFrame:
    return pd.DataFrame(
        {"wallet": [wallet], "label": "illicit", "category": "theft",
         "known_at": pd.to_datetime(["2020-01-01T00:00Z"])}
    )  # fmt: skip


def swap(rows: Sequence[tuple[float, str, str, float]], together: set[int]) -> pd.DataFrame:
    frame = transfers(rows).assign(position=range(len(rows)))
    one = f"t{min(together)}"
    return frame.assign(tx_id=[one if k in together else f"t{k}" for k in range(len(rows))])


@pytest.mark.parametrize("hops", [1, 6, 40])
def test_a_chain_is_followed_to_its_end(hops: int) -> None:
    for wallet, direction in ((f"c{hops}", "backward"), ("c0", "forward")):
        found = flow_of(chain(hops), wallet, direction)  # type: ignore[arg-type]
        assert found.transfers["hop"].tolist() == list(range(1, hops + 1))
        assert found.reached == {"rest": 64.0}
        assert not found.truncated
        conserved(found)


def test_a_split_that_meets_again_is_one_flow() -> None:
    rows = [(0.0, "thief", "a", 100.0)]
    rows += [(1.0 + k, "a", f"m{k}", 2.0) for k in range(50)]
    rows += [(1e6 + k, f"m{k}", "z", 2.0) for k in range(50)]  # after a rest of 11 days
    found = flow_of(transfers(rows), "z", "backward")
    assert len(found.transfers) == 101
    assert legs(found)[-1] == ("thief", "a", 100.0)
    conserved(found)
    conserved(flow_of(transfers(rows), "thief", "forward"))


def test_later_lots_go_first_and_old_balance_stays() -> None:
    rows = [(0, "old", "w", 50.0), (1, "w", "shop", 1.0), (2, "x", "w", 10.0), (3, "y", "w", 10.0),
            (4, "w", "z", 12.0)]  # fmt: skip
    found = flow_of(transfers(rows), "z", "backward")
    assert legs(found)[1:] == [("x", "w", 10.0), ("y", "w", 2.0)]


def test_what_the_balance_does_not_cover_takes_what_was_spent_once_more() -> None:
    rows = [(0, "thief", "w", 10.0), (1, "w", "a", 10.0), (2, "w", "z", 8.0), (3, "w", "y", 90.0)]
    assert legs(flow_of(transfers(rows), "z", "backward"))[1:] == [("thief", "w", 8.0)]
    tail = flow_of(transfers(rows), "y", "backward")
    assert legs(tail)[1:] == [("thief", "w", 2.0)]
    assert tail.reached == {"rest": 90.0}
    conserved(tail)


def test_a_swap_keeps_its_history() -> None:
    rows = [(0, "thief", "w", 100.0), (5, "w", "pool", 100.0), (5, "pool", "w", 98.0),
            (9, "w", "z", 98.0)]  # fmt: skip
    found = flow_of(swap(rows, {1, 2}), "z", "backward")
    assert legs(found) == [("w", "z", 98.0), ("thief", "w", 98.0)]
    assert ("w", "z", 98.0) in legs(flow_of(swap(rows, {1, 2}), "thief", "forward"))


def test_a_router_is_transparent_however_busy() -> None:
    busy = [(k, f"u{k}", "router", 5.0) for k in range(SERVICE)]
    busy += [(k, "router", f"v{k}", 5.0) for k in range(SERVICE)]
    n = len(busy)
    rows = [*busy, (2e6, "thief", "w", 9.0), (2e6 + 1, "w", "router", 9.0),
            (2e6 + 1, "router", "z", 9.0), (3e6, "router", "q", 7.0)]  # fmt: skip
    frame = swap(rows, {n + 1, n + 2})
    found = flow_of(frame, "z", "backward")
    assert legs(found)[1:] == [("w", "router", 9.0), ("thief", "w", 9.0)]
    stopped = flow_of(frame, "q", "backward")
    assert legs(stopped) == [("router", "q", 7.0)]
    assert stopped.reached == {"service": 7.0}
    assert flow_of(frame, "thief", "forward").transfers["recipient"].tolist() == [
        "w",
        "router",
        "z",
    ]


def test_a_label_ends_a_flow_and_is_named() -> None:
    found = flow_of(chain(5), "c5", "backward", labels=known("c2"))
    assert found.transfers["sender"].tolist() == ["c4", "c3", "c2"]
    assert found.transfers["end"].tolist() == ["", "", "labelled"]
    assert found.transfers["category"].tolist() == ["", "", "theft"]


def test_between_two_sets_only_what_links_them_is_kept() -> None:
    rows = [(0, "t1", "a", 5.0), (1, "t2", "a", 5.0), (2, "other", "b", 90.0), (3, "a", "b", 10.0),
            (4, "b", "e1", 60.0), (5, "b", "e2", 40.0)]  # fmt: skip
    found = flow_of(transfers(rows), ["e1", "e2"], "backward", to=["t1", "t2", "nobody"])
    assert found.total == 100.0
    assert found.followed == found.kept == pytest.approx(10.0)
    assert {sender for sender, _, _ in legs(found)} == {"b", "a", "t1", "t2"}
    onward = flow_of(transfers(rows), ["t1", "t2"], "forward", to=["e2"])
    assert onward.followed + onward.reached.get("rest", 0.0) == pytest.approx(10.0)
    conserved(found)


def test_the_small_is_left_out_and_counted() -> None:
    rows = [(k, f"s{k}", "w", 2.0**-k) for k in range(12)]
    found = flow_of(transfers(rows), "w", "backward", share=0.95)
    assert 0.95 <= found.kept / found.total < 0.975
    assert found.left_out == 12 - len(found.transfers) == 7
    conserved(found)


def test_a_circle_inside_one_instant_ends() -> None:
    rows = [(0, "x", "a", 4.0), (5, "a", "b", 4.0), (5, "b", "c", 4.0), (5, "c", "a", 4.0),
            (5, "a", "z", 4.0)]  # fmt: skip
    for wallet, direction in (("z", "backward"), ("x", "forward")):
        conserved(flow_of(transfers(rows), wallet, direction))  # type: ignore[arg-type]


def test_a_cap_is_told() -> None:
    ledger = Ledger.from_transfers(chain(9))
    asked = flow_question(ledger, "c9", LATE, direction="backward")
    found = best_flow(
        follow_value(ledger, asked, labels=NO_LABELS, caps=CAPS._replace(transfers=4))
    )
    assert found.truncated
    assert len(found.transfers) == 4
    conserved(found)


def test_it_sees_the_past_alone() -> None:
    frame = chain(6)
    ledger = Ledger.from_transfers(frame)
    early = trace_flow(ledger, "c0", frame["timestamp"].iloc[3], direction="forward", share=1.0)
    assert early.transfers["recipient"].tolist() == ["c1", "c2", "c3"]


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"direction": "sideways"}, "direction is 'sideways'; allowed are backward and forward"),
        ({"direction": "forward", "share": 0.0}, "share is 0.0; allowed is above 0 and up to 1"),
        ({"direction": "forward", "to": []}, "to has 0 wallets; allowed are 1 to 1000"),
        ({"to": ["c1"]}, "traced in a direction"),
    ],
)
def test_a_bad_question_is_told(how: dict[str, object], message: str) -> None:
    ask = trace_flow if "share" in how else trace
    with pytest.raises(SpineError, match=message):
        ask(Ledger.from_transfers(chain(3)), "c1", LATE, **how)  # type: ignore[arg-type, call-overload]


def test_an_unknown_wallet_has_an_empty_flow() -> None:
    found = flow_of(chain(3), "nobody", "forward")
    assert (len(found.transfers), found.total, found.truncated) == (0, 0.0, False)


_MOVE = st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(1, 16), st.booleans()).filter(
    lambda move: move[0] != move[1]
)


@given(st.lists(_MOVE, min_size=1, max_size=25), st.booleans())
def test_values_are_those_of_the_slow_twin(
    moves: list[tuple[int, int, int, bool]], forward: bool
) -> None:
    ids, times = ["t0"], [0]
    for k, (_, _, _, same) in enumerate(moves[1:], start=1):
        ids.append(ids[-1] if same else f"t{k}")
        times.append(times[-1] if same else k)
    frame = transfers(
        [(t, f"w{a}", f"w{b}", float(v)) for t, (a, b, v, _) in zip(times, moves, strict=True)]
    ).assign(tx_id=ids, position=range(len(moves)))
    found = flow_of(frame, "w0", "forward" if forward else "backward")
    conserved(found)
    if len(set(ids)) < len(ids):
        return  # inside an instant the order of a circle is the search's own
    plain = [
        naive.Move(k, t, ids[k], f"w{a}", f"w{b}", float(v))
        for k, (t, (a, b, v, _)) in enumerate(zip(times, moves, strict=True))
    ]
    expected = naive.flow(plain, "w0", forward=forward)
    got = dict(zip(found.transfers["position"], found.transfers["traced_amount"], strict=True))
    floor = 1e-4 * max(found.total, 1.0)
    for number in {*got, *expected}:
        assert got.get(number, 0.0) == pytest.approx(expected.get(number, 0.0), abs=floor)
