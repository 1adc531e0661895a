"""Taint policies: haircut, FIFO and poison."""

from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import Ledger, fifo, haircut, poison
from features.taint.policies import CAPS
from tests.naive.exposure.exposure import poisoned, search
from tests.naive.exposure.reading import far
from tests.naive.exposure.rules import FIFO, HAIRCUT, Split
from tests.naive.past import Past, label_list, micros, past, transfer_list
from tests.strategies import World, at, spine, transfers, worlds
from tests.taint_worlds import taint_world

Policy = Callable[..., pd.DataFrame]
Moves = list[tuple[float, str, str, float]]
ADDITIVE = pytest.mark.parametrize(
    ("policy", "split"), [(haircut, HAIRCUT), (fifo, FIFO)], ids=["haircut", "fifo"]
)
TAINT_WORLDS = st.integers(0, 2**32 - 1).map(taint_world)
KNOWN = pd.DataFrame(
    {
        "wallet": ["thief", "casino"],
        "label": ["illicit", "licit"],
        "category": ["theft", "gambling"],
        "known_at": [at(-1), at(-1)],
    }
)


def found(
    policy: Policy, moves: Moves, wallet: str, direction: str = "received"
) -> dict[str, tuple[int, float]]:
    """Hops and amount of each category."""
    ledger = Ledger.from_transfers(transfers(moves))
    table = policy(ledger, spine([wallet], at(1e6)), labels=KNOWN)
    table = table[(table["direction"] == direction) & (table["category"] != "unknown")]
    pairs = zip(table["hops"].astype(int).tolist(), table["amount"].tolist(), strict=True)
    return dict(zip(table["category"].tolist(), pairs, strict=True))


def pasts(world: World) -> list[tuple[Past, str]]:
    everything, known = transfer_list(world.transfers), label_list(world.labels)
    return [(past(everything, known, micros(r.as_of)), str(r.wallet)) for r in rows_of(world)]


def rows_of(world: World) -> list[pd.Series]:
    return [row for _, row in world.spine.iterrows()]


def lines(table: pd.DataFrame, row: pd.Series) -> dict[tuple[str, ...], float]:
    own = table[(table["wallet"] == row["wallet"]) & (table["as_of"] == row["as_of"])]
    own = own.assign(hops=own["hops"].fillna(0).astype(int).astype(str))
    keys = own[["direction", "category", "label", "hops"]].itertuples(index=False)
    return dict(zip(map(tuple, keys), own["amount"].tolist(), strict=True))


@ADDITIVE
@settings(max_examples=20)  # the twin is slow under caps as wide as these
@given(world=st.one_of(worlds(), TAINT_WORLDS))
def test_matches_its_slow_twin(policy: Policy, split: tuple[Split, Split], world: World) -> None:
    table = policy(world.ledger(), world.spine, labels=world.labels)
    for (cut, wallet), row in zip(pasts(world), rows_of(world), strict=True):
        expected: dict[tuple[str, ...], float] = {}
        for direction, forward in (("received", False), ("sent", True)):
            twin = search(cut, wallet, split[forward], CAPS, forward=forward)
            for end in twin.ends:
                key = direction, end.category, end.label, str(end.hops)
                expected[key] = expected.get(key, 0.0) + end.value
            rest = twin.total - sum(end.value for end in twin.ends)
            if twin.total:
                expected[direction, "unknown", "unknown", "0"] = rest
        scale = sum(t.amount for side in cut.read(wallet) for t in side)
        assert lines(table, row) == pytest.approx(expected, rel=1e-9, abs=1e-12 * scale)


@given(st.one_of(worlds(), TAINT_WORLDS))
def test_poison_matches_its_slow_twin(world: World) -> None:
    table = poison(world.ledger(), world.spine, labels=world.labels)
    for (cut, wallet), row in zip(pasts(world), rows_of(world), strict=True):
        expected: dict[tuple[str, ...], tuple[int, float]] = {}
        for direction, forward in (("received", False), ("sent", True)):
            for transfer in cut.read(wallet)[forward]:
                if far(transfer, forward) == wallet:
                    continue
                tainted = poisoned(cut, transfer, wallet, forward=forward)
                for end, hops in tainted.items():
                    least, amount = expected.get((direction, *end), (hops, 0.0))
                    expected[direction, *end] = min(hops, least), amount + transfer.amount
        named = {(*key, str(hops)): amount for key, (hops, amount) in expected.items()}
        assert lines(table, row) == pytest.approx(named)


@pytest.mark.parametrize("policy", [haircut, fifo])
@given(world=st.one_of(worlds(), TAINT_WORLDS))
def test_all_lines_sum_to_the_value_moved(policy: Policy, world: World) -> None:
    table = policy(world.ledger(), world.spine, labels=world.labels)
    assert (table["amount"] >= 0).all()
    for (cut, wallet), row in zip(pasts(world), rows_of(world), strict=True):
        own = lines(table, row)
        for direction, side in zip(("received", "sent"), cut.read(wallet), strict=True):
            moved = sum(t.amount for t in side)
            counted = sum(amount for key, amount in own.items() if key[0] == direction)
            assert counted == pytest.approx(moved, rel=1e-9)


@given(st.floats(1e-6, 1e6))
def test_haircut_is_linear(scale: float) -> None:
    # neither label ends a path of the other: each alone finds what it finds beside it
    moves = transfers(
        [(0, "thief", "a", 1.0), (1, "casino", "a", 2.0), (2, "x", "a", 5.0), (3, "a", "b", 3.0)]
    )
    ledger = Ledger.from_transfers(moves.assign(amount=moves["amount"] * scale))
    asked = spine(["b"], at(9))
    both = haircut(ledger, asked, labels=KNOWN).set_index("category")["amount"]
    alone = [
        haircut(ledger, asked, labels=KNOWN.iloc[[k]]).set_index("category")["amount"]
        for k in range(2)
    ]
    assert both["theft"] == alone[0]["theft"] == pytest.approx(3 / 8 * scale)
    assert both["gambling"] == alone[1]["gambling"] == pytest.approx(6 / 8 * scale)


def test_the_three_policies_differ() -> None:
    moves = [(0.0, "x", "a", 3.0), (1.0, "thief", "a", 1.0), (2.0, "a", "b", 2.0)]
    assert found(haircut, moves, "b") == {"theft": (2, 0.5)}
    assert found(fifo, moves, "b") == {}
    assert found(poison, moves, "b") == {"theft": (2, 2.0)}


def test_fifo_follows_the_very_part_of_a_transfer() -> None:
    # a gets 2 of theft and 2 of gambling and sends them to b in one; b sends the first half to c
    moves = [
        (0.0, "thief", "a", 2.0), (1.0, "casino", "a", 2.0), (2.0, "a", "b", 4.0),
        (3.0, "b", "c", 2.0), (4.0, "b", "d", 2.0),
    ]  # fmt: skip
    assert found(fifo, moves, "c") == {"theft": (3, 2.0)}
    assert found(fifo, moves, "d") == {"gambling": (3, 2.0)}
    assert found(haircut, moves, "d") == {"theft": (3, 1.0), "gambling": (3, 1.0)}


def test_fifo_follows_the_very_part_of_what_was_sent() -> None:
    moves = [
        (0.0, "x", "a", 1.0), (1.0, "me", "a", 3.0), (2.0, "a", "thief", 2.0),
        (3.0, "a", "b", 2.0), (4.0, "b", "casino", 1.5), (5.0, "b", "thief", 0.5),
    ]  # fmt: skip
    # x is paid out first: of the 3, one goes to the thief at once, two to b
    table = fifo(
        Ledger.from_transfers(transfers(moves)), spine(["me"], at(1e6)), labels=KNOWN
    ).dropna()
    assert table[["category", "hops", "amount"]].to_numpy().tolist() == [
        ["gambling", 3, 1.5], ["theft", 2, 1.0], ["theft", 3, 0.5],
    ]  # fmt: skip


@pytest.mark.parametrize("policy", [haircut, fifo])
def test_dust_does_not_push_a_receipt_out_of_reach(policy: Policy) -> None:
    moves = [(0.0, "thief", "a", 4.0)]
    moves += [(1.0 + k, "x", "a", 1e-9) for k in range(CAPS.read + 1)]
    assert found(policy, [*moves, (1e4, "a", "b", 2.0)], "b") == {"theft": (2, 2.0)}


@pytest.mark.parametrize("policy", [haircut, fifo])
def test_a_hop_that_is_paid_small_money_hides_no_receipt(policy: Policy) -> None:
    moves = [(0.0, "thief", "a", 40.0)]
    moves += [(1.0 + k, "x", "a", 0.05) for k in range(CAPS.read + 1)]  # no dust, but small
    all_of_it = 40.0 + 0.05 * (CAPS.read + 1)
    hops, amount = found(policy, [*moves, (1e4, "a", "b", all_of_it)], "b")["theft"]
    assert hops == 2
    assert amount == pytest.approx(40.0)


@pytest.mark.parametrize("policy", [haircut, fifo, poison])
def test_a_wallet_without_history_has_no_lines(policy: Policy) -> None:
    ledger = Ledger.from_transfers(transfers([(5.0, "thief", "b", 1.0)]))
    table = policy(ledger, spine(["b", "never seen"], at(5)), labels=KNOWN)
    assert table.empty
    assert list(table.columns) == [
        "wallet", "as_of", "direction", "category", "label", "hops", "amount",
    ]  # fmt: skip


@pytest.mark.parametrize("policy", [haircut, fifo, poison])
def test_order_and_copies_of_the_spine_are_kept(policy: Policy) -> None:
    ledger = Ledger.from_transfers(transfers([(0.0, "thief", "b", 1.0), (1.0, "b", "c", 1.0)]))
    table = policy(ledger, spine(["c", "b", "c"], at(9)), labels=KNOWN)
    received = table[(table["direction"] == "received") & (table["category"] == "theft")]
    assert received["wallet"].tolist() == ["c", "b", "c"]
    assert received["hops"].tolist() == [2, 1, 2]


def test_poison_counts_a_transfer_for_each_category_once() -> None:
    moves = [
        (0.0, "thief", "a", 1.0), (1.0, "thief", "a", 1.0), (2.0, "casino", "a", 1.0),
        (3.0, "a", "b", 0.5), (4.0, "thief", "b", 2.0), (5.0, "y", "b", 9.0),
    ]  # fmt: skip
    assert found(poison, moves, "b") == {"theft": (1, 2.5), "gambling": (2, 0.5)}


def test_poison_comes_round_a_circle_once() -> None:
    moves = [(0.0, "thief", "a", 1.0)]
    for turn in range(20):
        moves += [(1.0 + 2 * turn, "a", "b", 1.0), (2.0 + 2 * turn, "b", "a", 1.0)]
    assert found(poison, [*moves, (99.0, "b", "me", 1.0)], "me") == {"theft": (3, 1.0)}
