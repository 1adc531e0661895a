"""The ledger: build, append, retract."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import (
    ConflictError,
    Ledger,
    LedgerError,
    Transfer,
    TransfersError,
    check_transfers,
    feature_table,
)
from tests import compare, ledger_changes
from tests.ledger_changes import Steps, changed
from tests.strategies import START, World, at, spine, transfers, worlds

BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (20, "c", "a", 3.0)]


def one_of(row: pd.Series) -> Transfer:
    """A row of a frame as a stream has it."""
    return Transfer(*row[list(Transfer._fields[:-1])].tolist())


def same(left: Ledger, right: Ledger, world: World | None = None) -> None:
    """Hold the same transfers and give the same features."""
    assert left.n_transfers == right.n_transfers
    assert left.unit == right.unit
    assert left.last_timestamp == right.last_timestamp
    asked = spine(sorted({"a", "b", "c", "d", "nobody"}), at(1e6)) if world is None else world.spine
    labels = None if world is None else world.labels
    compare.identical(
        feature_table(left, asked, labels=labels), feature_table(right, asked, labels=labels)
    )


@given(worlds(), ledger_changes.steps(8))
def test_any_history_of_changes_equals_a_rebuild(world: World, steps: Steps) -> None:
    pool = world.transfers
    ledger, held = changed(pool, steps, one_of)
    if held:
        same(ledger, Ledger.from_transfers(pool.iloc[held]), world)
    else:
        assert ledger.n_transfers == 0
        assert ledger.last_timestamp is None
        assert ledger.append(pool) == len(pool)


def test_from_transfers_counts() -> None:
    ledger = Ledger.from_transfers(transfers([*BASE, (20, "c", "d", 0.0)]))
    assert (ledger.n_transfers, ledger.n_wallets, ledger.unit) == (4, 4, "ETH")
    assert ledger.last_timestamp == at(20)
    assert ledger.codes(["nobody"]).tolist() == [-1]
    codes = ledger.codes(["a", "d", "a"])
    assert [ledger.wallet(code) for code in codes] == ["a", "d", "a"]
    assert ledger.code("d") == codes[1]
    row = int(ledger.sides.outgoing.transfer[ledger.sides.outgoing.start[codes[0]]])
    assert ledger.tx_id(row) == "t0"


def test_memory_stays_within_64_bytes_a_transfer_and_85_a_wallet() -> None:
    # 4-byte rows and codes: at most 2**31 transfers and wallets a ledger
    random = np.random.default_rng(0)
    rows = zip(
        random.uniform(0, 1e6, 5000), random.choice(list("abcdef"), 5000),
        random.choice(list("uvwxyz"), 5000), random.uniform(0, 1, 5000), strict=True,
    )  # fmt: skip
    ledger = Ledger.from_transfers(transfers(rows))
    assert ledger.nbytes <= 64 * ledger.n_transfers + 85 * ledger.n_wallets
    assert ledger.incoming.transfer.dtype == ledger.sender.dtype == np.int32


@pytest.mark.parametrize("amount", [1e-18, 1e9, 0.0, 1e60])
def test_amounts_are_kept_exactly(amount: float) -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", amount)]))
    values = feature_table(ledger, spine(["b"], at(1)))
    assert values["amounts_total_in_amount"].item() == amount


def test_a_transfer_to_itself_stands_on_both_sides() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "a", 1.0)]))
    values = feature_table(ledger, spine(["a"], at(1))).iloc[0]
    assert values["coverage_in_count"] == values["coverage_out_count"] == 1
    assert ledger.retract(["t0"]) == 1
    assert ledger.n_transfers == 0


def test_append_of_new_late_and_equal_times() -> None:
    everything = transfers([*BASE, (5, "d", "a", 1.0), (10, "b", "c", 7.0), (20, "x", "y", 1.0)])
    ledger = Ledger.from_transfers(everything.iloc[:3])
    assert ledger.append(everything.iloc[[5, 3]]) == 2
    assert ledger.append(everything) == 1
    assert ledger.n_wallets == 6
    same(ledger, Ledger.from_transfers(everything))


def test_append_of_copies_changes_nothing() -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    assert ledger.append(transfers(BASE)) == 0
    assert len(ledger.check_append(transfers(BASE))) == 0
    same(ledger, Ledger.from_transfers(transfers(BASE)))


def test_check_append_changes_nothing() -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    new = ledger.check_append(transfers([*BASE, (30, "d", "e", 1.0)]))
    assert new["tx_id"].tolist() == ["t3"]
    assert ledger.n_transfers == 3
    assert ledger.code("d") == -1
    ledger.insert(ledger.check_append(transfers(BASE)))  # no rows
    assert ledger.n_transfers == 3
    ledger.insert(new)
    same(ledger, Ledger.from_transfers(transfers([*BASE, (30, "d", "e", 1.0)])))
    assert ledger.append(new) == 0


def arrays(ledger: Ledger) -> list[np.ndarray]:
    """Every array of a ledger that grows."""
    names = ("start", "count", "room", "time", "counterparty", "transfer", "amount")
    slices = [getattr(side, name) for side in (ledger.incoming, ledger.outgoing) for name in names]
    return [*slices, ledger.sender, ledger.position, ledger.tx_hash]


@given(worlds(), st.integers(0, 40))
def test_reserved_room_is_enough_and_changes_nothing(world: World, split: int) -> None:
    pool = world.transfers
    ledger = Ledger.from_transfers(pool.iloc[:split])
    ledger.reserve(len(pool.iloc[split:]))
    if split:
        same(ledger, Ledger.from_transfers(pool.iloc[:split]), world)
    ledger.reserve(0)
    reserved = arrays(ledger)
    ledger.append(pool.iloc[split:])
    assert all(now is then for now, then in zip(arrays(ledger), reserved, strict=True))
    same(ledger, Ledger.from_transfers(pool), world)


@pytest.mark.parametrize(
    ("column", "value", "told"),
    [
        ("amount", 2.5, "amount 1.0 .* came again with amount 2.5"),
        ("sender", "z", "sender a .* came again with sender z"),
        ("recipient", "z", "recipient b .* came again with recipient z"),
        ("timestamp", START + pd.Timedelta(seconds=1), "timestamp .* came again with timestamp"),
    ],
)
def test_a_conflicting_copy_is_refused_and_nothing_added(
    column: str, value: float | str | pd.Timestamp, told: str
) -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    batch = transfers([BASE[0]])
    batch[column] = pd.Series([value])
    fresh = transfers([(30, "d", "e", 1.0)], prefix="new")
    with pytest.raises(ConflictError, match=rf"'t0', 0\) is in the ledger with {told}"):
        ledger.append(pd.concat([fresh, batch], ignore_index=True))
    same(ledger, Ledger.from_transfers(transfers(BASE)))
    assert ledger.code("d") == -1


def test_another_asset_is_refused() -> None:
    other = transfers([(0, "a", "b", 1.0)], prefix="o").assign(asset="BTC")
    with pytest.raises(LedgerError, match=r"one asset.*received 2: 'BTC', 'ETH'"):
        Ledger.from_transfers(pd.concat([transfers(BASE), other], ignore_index=True))
    ledger = Ledger.from_transfers(transfers(BASE))
    with pytest.raises(LedgerError, match="holds 'ETH', the transfers are of 'BTC'"):
        ledger.append(other)
    same(ledger, Ledger.from_transfers(transfers(BASE)))


def test_an_empty_ledger_takes_its_first_transfers() -> None:
    ledger = Ledger.from_transfers(transfers([]))
    assert (ledger.n_transfers, ledger.n_wallets, ledger.unit) == (0, 0, "")
    assert ledger.last_timestamp is None
    assert ledger.append(transfers([])) == 0
    assert ledger.codes(["a"]).tolist() == [-1]
    assert ledger.append(transfers(BASE)) == 3
    same(ledger, Ledger.from_transfers(transfers(BASE)))


def test_retract_takes_all_transfers_of_a_transaction() -> None:
    several = transfers(BASE).assign(tx_id=["t", "t", "u"], position=[0, 1, 0])
    ledger = Ledger.from_transfers(several)
    assert ledger.retract(["t", "t"]) == 2
    same(ledger, Ledger.from_transfers(several.iloc[2:]))
    assert ledger.append(several) == 2
    same(ledger, Ledger.from_transfers(several))
    assert ledger.retract([]) == 0


def test_retract_of_an_unknown_transaction_changes_nothing() -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    with pytest.raises(LedgerError, match="'gone' is not in the ledger; nothing was retracted"):
        ledger.retract(["t0", "gone"])
    same(ledger, Ledger.from_transfers(transfers(BASE)))


def test_a_retracted_transaction_may_come_back_changed() -> None:
    ledger = Ledger.from_transfers(transfers(BASE))
    ledger.retract(["t2"])
    assert ledger.last_timestamp == at(10)
    with pytest.raises(LedgerError, match="'t2' is not in the ledger"):
        ledger.retract(["t2"])
    changed = transfers([*BASE[:2], (25, "c", "d", 9.0)])
    assert ledger.append(changed) == 1
    same(ledger, Ledger.from_transfers(changed))


def test_an_append_larger_than_the_ledger() -> None:
    many = transfers((i % 97, f"w{i % 50}", f"w{i % 31}", 1.0) for i in range(3000))
    ledger = Ledger.from_transfers(many.iloc[:1])
    assert ledger.append(many) == 2999
    asked = spine([f"w{i}" for i in range(50)], at(50))
    rebuilt = Ledger.from_transfers(many)
    compare.identical(feature_table(ledger, asked), feature_table(rebuilt, asked))


def test_what_the_ledger_takes_it_checks() -> None:
    bad = transfers([(0, "a", "b", -1.0)])
    with pytest.raises(TransfersError, match="amount is negative"):
        Ledger.from_transfers(bad)
    ledger = Ledger.from_transfers(check_transfers(transfers(BASE)))
    with pytest.raises(TransfersError, match="amount is negative"):
        ledger.append(bad)


def test_a_ledger_is_shown_in_one_line() -> None:
    assert repr(Ledger.from_transfers(transfers([]))) == "Ledger(no transfers)"
    days = [(0, "a", "b", 1.0), (86_400 * 400, "b", "c", 1.0)]
    ledger = Ledger.from_transfers(transfers(days))
    since, until = at(0).date(), at(86_400 * 400).date()
    assert repr(ledger) == f"Ledger(2 ETH transfers of 3 wallets, {since} to {until})"
    many = transfers((0, f"w{i}", f"v{i}", 1.0) for i in range(1500))
    assert repr(Ledger.from_transfers(many)).startswith("Ledger(1,500 ETH transfers of 3,000 wal")
