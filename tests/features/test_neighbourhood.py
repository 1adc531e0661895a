"""Neighbourhood: two hops around a wallet, in time."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.checks.worlds import other_names
from features.ledger import microseconds
from features.neighbourhood import LINK_COLUMNS, NODE_COLUMNS, Neighbourhoods, neighbourhoods
from features.past import NO_LABELS, past_of
from tests import compare
from tests.naive.past import NAN, Past, Transfer, is_pseudo, micros, past, ratio, transfer_list
from tests.strategies import STRANGER, World, at, fan_out, spine, transfers, worlds

COLUMNS = [*NODE_COLUMNS, *LINK_COLUMNS]
SEEDS = st.integers(0, 2**32 - 1)
Tree = list[tuple[int, int, str, list[float]]]  # parent, side, wallet, values; in order


def collect(
    ledger: Ledger, rows: pd.DataFrame, first_fan: int = 3, second_fan: int = 2
) -> Neighbourhoods:
    asked = past_of(ledger, ledger.codes(rows["wallet"]), microseconds(rows["as_of"]), NO_LABELS)
    return neighbourhoods(asked, first_fan=first_fan, second_fan=second_fan)


def tree_of(ledger: Ledger, row: pd.DataFrame, fans: tuple[int, int] = (3, 2)) -> Tree:
    found = collect(ledger, row, *fans)
    parents, sides = found.parent.tolist()[1:], found.side.tolist()[1:]
    names = [ledger.wallet(code) for code in found.code.tolist()[1:]]
    return list(zip(parents, sides, names, found.values.tolist(), strict=True))


def naive_tree(known: Past, root: str, fans: tuple[int, int] = (3, 2)) -> Tree:
    """The same tree, written from its definition."""
    tree: Tree = []
    level = [(0, root)]
    for fan in fans:
        below = []
        for parent, wallet in level:
            if is_pseudo(wallet) and wallet != root:
                continue
            for side, held in enumerate(known.sides(wallet)):
                latest = held[max(0, len(held) - 8 * fan) :]
                ends = [t.sender if side == 0 else t.recipient for t in latest]
                others = dict.fromkeys(e for e in reversed(ends) if e not in (wallet, root))
                for other in list(others)[:fan]:
                    of = [t for t, end in zip(latest, ends, strict=True) if end == other]
                    link = [
                        len(of) / len(latest),
                        ratio(sum(t.amount for t in of), sum(t.amount for t in latest)),
                        (known.as_of - of[-1].time) / 1e6,
                    ]
                    tree.append((parent, side, other, naive_node(known, other) + link))
                    below.append((len(tree), other))
        level = below
    return tree


def naive_node(known: Past, wallet: str) -> list[float]:
    received, sent = known.sides(wallet)
    values = naive_side(known, received, [t.sender for t in received])
    values += naive_side(known, sent, [t.recipient for t in sent])
    oldest = min(t.time for t in received + sent)
    total_in, total_out = (sum(t.amount for t in held[-64:]) for held in (received, sent))
    mean_in, mean_out = (
        ratio(sum(t.amount for t in held[-64:]), len(held[-64:])) for held in (received, sent)
    )
    return [
        *values,
        (known.as_of - oldest) / 1e6,
        ratio(min(total_in, total_out), max(total_in, total_out)),
        ratio(mean_out, mean_in),
    ]


def naive_side(known: Past, held: list[Transfer], ends: list[str]) -> list[float]:
    latest, fan = held[-64:], len(set(ends[-64:]))
    if not latest:
        return [0.0, NAN, NAN, NAN, NAN, NAN]
    amounts = [t.amount for t in latest]
    mean = sum(amounts) / len(amounts)
    sd = math.sqrt(sum((a - mean) ** 2 for a in amounts) / len(amounts))
    return [
        len(held),
        (known.as_of - latest[-1].time) / 1e6,
        ratio((latest[-1].time - latest[0].time) / 1e6, len(latest) - 1),
        fan / len(latest),
        ratio(max(amounts), sum(amounts)),
        ratio(sd, mean),
    ]


def same(left: Neighbourhoods, right: Neighbourhoods, *, but: tuple[str, ...] = ()) -> None:
    """Equal to the last bit; codes may differ between ledgers."""
    assert (left.n_rows, left.n_inner) == (right.n_rows, right.n_inner)
    for name in {"row", "parent", "side", "code"} - set(but):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name), err_msg=name)
    compare.same_bits(left.values, right.values, COLUMNS)


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    ledger, everything = world.ledger(), transfer_list(world.transfers)
    for i, (wallet, as_of) in enumerate(world.spine.itertuples(index=False)):
        expected = naive_tree(past(everything, None, micros(as_of)), wallet)
        tree = tree_of(ledger, world.spine.iloc[i : i + 1])
        assert [node[:3] for node in tree] == [node[:3] for node in expected]
        fast, slow = ([node[3] for node in nodes] for nodes in (tree, expected))
        compare.close(
            pd.DataFrame(fast, columns=COLUMNS, dtype=float),
            pd.DataFrame(slow, columns=COLUMNS, dtype=float),
            rtol=1e-9,
        )


@given(worlds(), SEEDS)
def test_what_comes_at_as_of_or_later_changes_nothing(world: World, seed: int) -> None:
    as_of = world.spine["as_of"].iloc[seed % len(world.spine)]
    earlier = world.transfers[world.transfers["timestamp"] < as_of]
    rows = world.spine[world.spine["as_of"] <= as_of]
    same(
        collect(Ledger.from_transfers(earlier), rows), collect(world.ledger(), rows), but=("code",)
    )


@given(worlds())
def test_a_row_alone_is_the_row_of_a_batch(world: World) -> None:
    ledger = world.ledger()
    whole = collect(ledger, world.spine)
    for i in range(len(world.spine)):
        same(whole.take(np.array([i])), collect(ledger, world.spine.iloc[i : i + 1]))


@given(worlds(), SEEDS)
def test_some_rows_are_those_rows(world: World, seed: int) -> None:
    ledger = world.ledger()
    rows = np.flatnonzero(np.random.default_rng(seed).random(len(world.spine)) < 0.5)
    same(
        collect(ledger, world.spine).take(rows.astype(np.int64)),
        collect(ledger, world.spine.iloc[rows]),
    )


@given(worlds(), SEEDS)
def test_a_grown_ledger_is_a_rebuilt_one(world: World, seed: int) -> None:
    arriving = world.transfers.sample(frac=1, random_state=seed)
    ledger = Ledger.from_transfers(arriving.iloc[:1])
    ledger.append(arriving.iloc[1:])
    same(collect(world.ledger(), world.spine), collect(ledger, world.spine), but=("code",))


@given(worlds(), SEEDS)
def test_names_of_wallets_do_not_matter(world: World, seed: int) -> None:
    renamed = world.renamed(other_names(seed))
    before = collect(world.ledger(), world.spine)
    same(before, collect(renamed.ledger(), renamed.spine), but=("code",))


@given(worlds())
def test_another_unit_of_the_asset_changes_nothing(world: World) -> None:
    larger = world.with_amounts(world.transfers["amount"] * 1024)
    same(collect(world.ledger(), world.spine), collect(larger.ledger(), world.spine))


@given(worlds(), st.integers(-(10**8), 10**8))
def test_a_shift_in_time_changes_nothing(world: World, seconds: int) -> None:
    shifted = world.shifted(pd.Timedelta(seconds=seconds))
    same(collect(world.ledger(), world.spine), collect(shifted.ledger(), shifted.spine))


def test_the_latest_counterparties_are_taken_and_the_wallet_itself_is_not() -> None:
    ledger = Ledger.from_transfers(
        transfers([(0, "me", "a", 1), (1, "me", "b", 1), (2, "me", "me", 1), (3, "b", "me", 1)])
    )
    tree = tree_of(ledger, spine(["me"], at(9)), (1, 5))
    assert [(side, wallet) for _, side, wallet, _ in tree] == [(0, "b"), (1, "b")]


def test_a_hub_costs_a_bounded_number_of_nodes() -> None:
    ledger = Ledger.from_transfers(fan_out(500, step_s=1))
    found = collect(ledger, spine(["hub"], at(999)), 16, 4)
    assert found.n_inner == 1 + 16
    assert [ledger.wallet(code) for code in found.code[1:3]] == ["leaf499", "leaf498"]


@pytest.mark.parametrize("wallet", [STRANGER, "leaf0"])
def test_no_history_is_a_root_alone(wallet: str) -> None:
    ledger = Ledger.from_transfers(fan_out(3))
    found = collect(ledger, spine([wallet], at(0)))
    assert (found.n_inner, found.row.tolist(), found.values.shape) == (1, [0], (0, len(COLUMNS)))


def test_no_fan_gives_no_neighbours() -> None:
    found = collect(Ledger.from_transfers(fan_out(3)), spine(["hub"], at(99)), 0, 4)
    assert len(found.values) == 0
