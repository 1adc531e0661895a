"""A ledger of several assets: values in one unit of account, and what nobody knows the value of."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from features import ConflictError, Ledger, LedgerError, Transfer, TransfersError, feature_table
from features.checks.worlds import UNIT
from features.ledger.arrivals import frame_of
from features.ledger.manifest import _own_checksum
from features.ledger.verify import verify
from tests import compare, ledger_changes
from tests.ledger_changes import Steps, changed
from tests.ledger_folder import generation, reseal
from tests.strategies import World, asset_worlds, at, spine, transfers

BASE = [(0, "a", "b", 2.0), (10, "b", "c", 3000.0), (20, "c", "a", 7.0), (30, "b", "d", 5.0)]


def several() -> pd.DataFrame:
    """ETH and USDC with values, a token without, dollars."""
    return transfers(BASE).assign(
        asset=["ETH", "USDC", "token", "USD"], value=[4000.0, 3000.0, np.nan, np.nan]
    )


def dollars() -> Ledger:
    return Ledger.from_transfers(several(), chain="simulation", unit="USD")


def told(ledger: Ledger) -> list[Transfer]:
    return [one for n in range(4) for one in ledger.transaction(f"t{n}")]


def test_slices_hold_values_and_the_log_assets_and_amounts() -> None:
    ledger = dollars()
    assert (ledger.chain, ledger.unit) == ("simulation", "USD")
    assert ledger.assets.listed == ("ETH", "USD", "USDC", "token")
    assert sorted(ledger.outgoing.amount.tolist()) == [5.0, 3000.0, 4000.0]
    assert [(one.asset, one.amount, one.value) for one in told(ledger)] == [
        ("ETH", 2.0, 4000.0), ("USDC", 3000.0, 3000.0), ("token", 7.0, None), ("USD", 5.0, None),
    ]  # fmt: skip
    assert repr(ledger).startswith("Ledger(4 simulation 4-asset USD transfers of 4 wallets")


def test_what_has_no_price_is_kept_apart_and_counted() -> None:
    ledger = dollars()
    assert (ledger.n_transfers, ledger.n_unpriced) == (4, 1)
    rows = feature_table(ledger, spine(["a", "c"], at(100)))
    assert rows["coverage_unpriced_in_count"].tolist() == [1.0, 0.0]
    assert rows["coverage_unpriced_out_count"].tolist() == [0.0, 1.0]
    assert rows["coverage_in_count"].tolist() == [0.0, 1.0]
    assert rows["amounts_mean_in_amount"].isna().tolist() == [True, False]  # and not 0
    early = feature_table(ledger, spine(["a"], at(20)))
    assert early["coverage_unpriced_in_count"].item() == 0.0


@given(asset_worlds(), ledger_changes.steps(6))
@settings(max_examples=40)
def test_any_history_of_changes_equals_a_rebuild(world: World, steps: Steps) -> None:
    ledger, held = changed(world.transfers, steps, one_of, UNIT)
    same(ledger, Ledger.from_transfers(world.transfers.iloc[held], unit=UNIT), world)


def one_of(row: pd.Series) -> Transfer:
    """A row of a frame as a stream has it; a transfer of the unit says no value."""
    value = None if np.isnan(row["value"]) or row["asset"] == UNIT else float(row["value"])
    return Transfer._make([*row[list(Transfer._fields[:-1])].tolist(), value])


def same(ledger: Ledger, rebuilt: Ledger, world: World) -> None:
    """Tell the same transfers, and give the same rows."""
    assert ledger.n_unpriced == rebuilt.n_unpriced
    assert ledger.last_timestamp == rebuilt.last_timestamp
    for tx_id in world.transfers["tx_id"].unique():
        assert ledger.transaction(tx_id) == rebuilt.transaction(tx_id)
    asked = feature_table(rebuilt, world.spine, labels=world.labels)
    compare.identical(feature_table(ledger, world.spine, labels=world.labels), asked)


def test_bytes_of_a_transfer_are_at_most_76_and_of_a_wallet_117() -> None:
    random = np.random.default_rng(0)
    rows = zip(
        random.uniform(0, 1e6, 5000), random.choice(list("abcdef"), 5000),
        random.choice(list("uvwxyz"), 5000), random.uniform(0, 1, 5000), strict=True,
    )  # fmt: skip
    frame = transfers(rows).assign(asset="token", value=random.uniform(1, 2, 5000))
    frame.loc[::7, "value"] = np.nan
    ledger = Ledger.from_transfers(frame, unit="USD")
    assert 0 < ledger.n_unpriced < 5000
    assert ledger.nbytes <= 76 * ledger.n_transfers + 117 * ledger.n_wallets


def test_a_saved_ledger_opens_as_it_was(tmp_path: Path) -> None:
    ledger = dollars()
    ledger.save(tmp_path)
    again = Ledger.open(tmp_path)
    assert (again.chain, again.unit, again.assets.listed) == (
        "simulation", "USD", ledger.assets.listed,
    )  # fmt: skip
    assert told(again) == told(ledger)


def test_amount_usd_is_a_value_in_dollars() -> None:
    frame = several().rename(columns={"value": "amount_usd"})
    assert told(Ledger.from_transfers(frame)) == told(dollars())
    with pytest.raises(LedgerError, match="counts in 'EUR', and amount_usd is in USD"):
        Ledger.from_transfers(frame, unit="EUR")
    with pytest.raises(TransfersError, match="keep one"):
        Ledger.from_transfers(frame.assign(value=1.0))


def test_values_need_a_unit_and_the_unit_its_amount() -> None:
    with pytest.raises(LedgerError, match="nobody says in which unit of account"):
        Ledger.from_transfers(several())
    with pytest.raises(LedgerError, match="the unit of account is empty"):
        Ledger.from_transfers(several(), unit=" ")
    with pytest.raises(LedgerError, match=r"'t3', 0\) moves 5.0 USD and is said to be worth 6.0"):
        Ledger.from_transfers(several().fillna({"value": 6.0}), unit="USD")
    with pytest.raises(LedgerError, match=r"no unit of account is named.*received 4"):
        Ledger.from_transfers(several().drop(columns="value"))


def test_a_plain_ledger_takes_no_value_in_another_unit() -> None:
    plain = Ledger.from_transfers(transfers(BASE))
    later = transfers([(40, "a", "b", 2.0)], prefix="n")
    with pytest.raises(LedgerError, match="counts in 'ETH', and amount_usd is in USD"):
        plain.append(later.assign(amount_usd=4000.0))
    with pytest.raises(LedgerError, match=r"moves 2.0 ETH and is said to be worth 4000.0 ETH"):
        plain.append(later.assign(value=4000.0))
    assert plain.append(later.assign(value=2.0)) == 1
    assert plain.transaction("n0")[0].value is None


def test_an_empty_ledger_takes_what_one_could_be_built_of() -> None:
    empty = Ledger.from_transfers(transfers([]))
    for frame, said in (
        (several(), "nobody says in which unit"),
        (several().drop(columns="value"), "no unit of account is named"),
    ):
        with pytest.raises(LedgerError, match=said):
            empty.append(frame)
    assert (empty.unit, empty.n_transfers) == ("", 0)
    assert empty.append(transfers(BASE)) == 4
    assert empty.unit == "ETH"


def test_a_copy_without_a_value_is_a_copy_and_one_with_another_a_conflict() -> None:
    ledger, frame = dollars(), several()
    assert ledger.append(frame.drop(columns="value")) == 0
    with pytest.raises(ConflictError, match=r"'t0', 0\).*value 4000.0 and came again with value"):
        ledger.append(frame.assign(value=frame["value"] * 2).iloc[:1])
    with pytest.raises(ConflictError, match=r"'t2', 0\).*value None and came again with value 1"):
        ledger.append(frame.assign(value=1.0).iloc[[2]])
    one = ledger.transaction("t0")[0]
    assert ledger.check_stream([one, one._replace(value=None)]) is None  # the full check tells
    assert not ledger.append_one(one._replace(value=None))
    assert ledger.n_transfers == 4


def test_transfers_go_through_a_frame_and_back() -> None:
    ledger = dollars()
    again = Ledger.from_transfers(frame_of(told(ledger)), unit="USD")
    assert told(again) == told(ledger)


def test_a_folder_of_one_asset_of_before_is_read(tmp_path: Path) -> None:
    before = Ledger.from_transfers(transfers(BASE))
    before.save(tmp_path)
    path = as_of_before(tmp_path)
    again = Ledger.open(tmp_path)
    assert (again.unit, again.chain, again.assets.plain) == ("ETH", "", True)
    assert told(again) == told(before)
    again.save(tmp_path)
    assert json.loads(path.read_text())["format_version"] == 5


def test_a_folder_of_before_in_mixed_case_is_refused(tmp_path: Path) -> None:
    mixed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    moves = [(0.0, mixed.lower(), "b", 1.0), (1.0, "b", "0xAB", 1.0)]
    Ledger.from_transfers(transfers(moves)).save(tmp_path)
    path = generation(tmp_path) / "wallets.arrow"
    path.write_bytes(path.read_bytes().replace(mixed.lower().encode(), mixed.encode()))
    reseal(tmp_path)
    as_of_before(tmp_path)
    with pytest.raises(LedgerError, match=f"holds 1 wallets in mixed case, such as '{mixed}'"):
        Ledger.open(tmp_path)


def as_of_before(folder: Path) -> Path:
    """Let a folder's manifest be as ledgers of one asset had it; returns its path."""
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text())
    for name in ("chain", "plain", "assets", "unpriced", "checksum"):
        del manifest[name]
    manifest |= {"asset": manifest.pop("unit"), "format_version": 3}
    path.write_text(json.dumps(manifest | {"checksum": _own_checksum(manifest)}))
    return path


WRONG = [
    ("asset", 0, 4, "asset: the code of an asset belongs to none"),
    ("amount", 1, -1.0, "amount: one is not from 0"),
    ("unpriced.outgoing.amount", 0, 1.0, "unpriced.outgoing: a transfer without a price has"),
    ("unpriced.incoming.transfer", 0, 9, "unpriced.incoming: the number of a row"),
]


@pytest.mark.parametrize(("name", "place", "value", "said"), WRONG)
def test_what_leads_astray_is_told(
    tmp_path: Path, name: str, place: int, value: float, said: str
) -> None:
    dollars().save(tmp_path)
    path = generation(tmp_path) / f"{name}.npy"
    array = np.load(path)
    array[place] = value
    np.save(path, array)
    reseal(tmp_path)
    with pytest.raises(LedgerError, match=said):
        Ledger.open(tmp_path)


def test_a_value_that_is_not_the_amount_of_the_unit_is_told(tmp_path: Path) -> None:
    dollars().save(tmp_path)
    path = generation(tmp_path) / "amount.npy"
    np.save(path, np.load(path) * 2)
    reseal(tmp_path)
    with pytest.raises(LedgerError, match="is not worth its amount"):
        verify(tmp_path)
