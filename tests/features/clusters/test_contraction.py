"""An entity is the wallet of the ledger that would be built if its wallets had one name."""

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.checks.worlds import WALLETS, World
from features.clusters.contraction import contracted, transfers_before
from features.ledger import microseconds
from tests import compare
from tests.naive.past import is_pseudo
from tests.strategies import asset_worlds, at, spine, transfers, worlds

_OWNED = [name for name in WALLETS if not is_pseudo(name)]  # a transaction is nobody's wallet
MEMBERS = st.lists(st.sampled_from(_OWNED), min_size=2, max_size=4, unique=True)


def as_one(world: World, members: list[str]) -> World:
    """Give the members the first one's name, and leave out what they paid each other."""
    names = dict.fromkeys(members, members[0])
    moved, labels = world.transfers, world.labels
    ends = moved["sender"], moved["recipient"]
    among = ends[0].isin(members) & ends[1].isin(members) & (ends[0] != ends[1])
    one = {str(end.name): end.replace(names) for end in ends}
    return World(
        moved.assign(**one)[~among],
        labels.assign(wallet=labels["wallet"].replace(names)),
        world.spine,
        world.unit,
    )


def bits(ledger: Ledger) -> list[bytes]:
    """All that a question reads, up to what is used."""
    found = []
    for slices in (ledger.incoming, ledger.outgoing, ledger.dust, *ledger.unpriced):
        columns = slices.time, slices.counterparty, slices.transfer, slices.amount
        found += [array[: slices.used].tobytes() for array in columns]
        found += [slices.start.tobytes(), slices.count.tobytes(), bytes(slices.used)]
    scales = ledger.scales
    beginnings = scales.beginnings[: scales.used]
    return [*found, scales.scale.tobytes(), scales.begun.tobytes(), beginnings.tobytes()]


def assert_as_rebuilt(world: World, members: list[str], instant: pd.Timestamp) -> None:
    """The entity's row, and those of all others where nothing is labelled."""
    ledger = world.ledger()
    present = [name for name in members if ledger.code(name) >= 0]
    # the one that is there gives the name, as names say which wallets are transactions
    members = [*present, *(name for name in members if name not in present)]
    twin = as_one(world, members)
    rebuilt = Ledger.from_transfers(twin.transfers, unit=world.unit)
    before, micros = bits(ledger), int(microseconds(pd.Series([instant]))[0])
    codes = ledger.codes(members)
    with contracted(ledger, codes[codes >= 0], micros):
        asked = spine(present[:1], instant)
        found = feature_table(ledger, asked, labels=world.labels)
        others = spine([name for name in WALLETS if name not in members], instant)
        found_others = feature_table(ledger, others)
    assert bits(ledger) == before
    if present:
        compare.identical(found, feature_table(rebuilt, asked, labels=twin.labels))
    compare.identical(found_others, feature_table(rebuilt, others))


def test_a_question_that_fails_leaves_the_ledger_as_it_was() -> None:
    moves = [
        (1.0, "a", "b", 5.0),
        (2.0, "a", "x", 5.0),
        (3.0, "x", "b", 5.0),
        (4.0, "b", "x", 0.001),
    ]
    ledger = Ledger.from_transfers(transfers(moves))
    before = bits(ledger)
    late = int(microseconds(pd.Series([at(9)]))[0])

    def ask() -> None:
        with contracted(ledger, ledger.codes(["a", "b"]), late):
            assert bits(ledger) != before
            raise KeyError

    with pytest.raises(KeyError):
        ask()
    assert bits(ledger) == before


def test_transfers_of_wallets_are_counted_up_to_an_instant() -> None:
    ledger = Ledger.from_transfers(transfers([(1.0, "a", "b", 5.0), (2.0, "b", "a", 1e-9)]))
    codes = ledger.codes(["a", "b"])
    micros = microseconds(pd.Series([at(2), at(3)]))
    assert [transfers_before(ledger, codes, int(one)).tolist() for one in micros] == [
        [1, 1], [2, 2],
    ]  # fmt: skip


@settings(max_examples=25)
@given(worlds(), MEMBERS, st.data())
def test_an_entity_has_the_row_of_the_ledger_with_its_name(
    world: World, members: list[str], data: st.DataObject
) -> None:
    assert_as_rebuilt(world, members, data.draw(st.sampled_from(world.spine["as_of"].tolist())))


@settings(max_examples=15)
@given(asset_worlds(), MEMBERS, st.data())
def test_an_entity_of_several_assets_has_so_too(
    world: World, members: list[str], data: st.DataObject
) -> None:
    assert_as_rebuilt(world, members, data.draw(st.sampled_from(world.spine["as_of"].tolist())))
