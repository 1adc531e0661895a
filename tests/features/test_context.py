from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from features import RiskError, SourceError, check_spine, join_context
from features.context import context_values
from features.sources.context import read_context

NOON = pd.Timestamp("2024-01-01T12:00", tz="UTC")


def rows(*keys: tuple[str, pd.Timestamp], **columns: list[float]) -> pd.DataFrame:
    index = pd.MultiIndex.from_tuples(keys, names=["wallet", "as_of"])
    return pd.DataFrame(columns, index=index)


TABLE = rows(("w1", NOON), ("w2", NOON), ("w1", NOON), coverage_in_count=[1.0, 2.0, 3.0])


def test_absent_rows_are_nan_and_order_stays() -> None:
    later = NOON + pd.Timedelta(1, "us")
    kyc = rows(("w1", later), ("w1", NOON), kyc_age_days=[9.0, 7.0], risk=[1.0, np.nan])
    joined = join_context(TABLE, kyc)
    assert list(joined.columns) == ["coverage_in_count", "kyc_age_days", "risk"]
    assert joined.index.equals(TABLE.index)
    np.testing.assert_array_equal(joined["kyc_age_days"], [7.0, np.nan, 7.0])
    assert joined["risk"].isna().all()


@pytest.mark.parametrize(
    ("context", "message"),
    [
        (rows(("w1", NOON), timing_mine=[1.0]), "named as those of the view 'timing'"),
        (rows(("w1", NOON), kyc=[1.0]).reset_index(), r"indexed by \(wallet, as_of\), got"),
        (rows(("w1", NOON), kyc=[1.0]).astype("int64"), "must be float64, got {'kyc': 'int64'}"),
        (rows(("w1", NOON), ("w1", NOON), kyc=[1.0, 2.0]), "is there twice"),
        (rows(("w1", NOON), kyc=[1.0]).rename(columns={"kyc": 3}), "must be a text, got 3"),
    ],
)
def test_what_cannot_be_joined_is_refused(context: pd.DataFrame, message: str) -> None:
    with pytest.raises(RiskError, match=message):
        join_context(TABLE, context)


def test_a_column_joined_twice_is_refused() -> None:
    kyc = rows(("w1", NOON), kyc=[1.0])
    with pytest.raises(RiskError, match="has a column 'kyc' already"):
        join_context(join_context(TABLE, kyc), kyc)


def test_a_frame_by_wallet_holds_for_all_instants() -> None:
    spine = check_spine(TABLE.index.to_frame(index=False))
    by_wallet = pd.DataFrame({"kyc": [5.0]}, index=pd.Index(["w1"], name="wallet"))
    found = context_values(by_wallet, spine, ("risk", "kyc"))
    np.testing.assert_array_equal(found, [[np.nan, 5.0], [np.nan, np.nan], [np.nan, 5.0]])
    with pytest.raises(RiskError, match="columns that are not read: kyc; read: risk"):
        context_values(by_wallet, spine, ("risk",))


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_file_is_read_as_numbers_with_gaps(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"kyc.{suffix}"
    kyc = rows(("0012", NOON), ("w2", NOON), kyc_age_days=[3.5, np.nan])
    if suffix == "csv":
        kyc.reset_index().to_csv(path, index=False)
    else:
        kyc.to_parquet(path)
    found = read_context(path)
    assert found.index.get_level_values("wallet").tolist() == ["0012", "w2"]
    np.testing.assert_array_equal(found["kyc_age_days"], [3.5, np.nan])


def test_a_text_that_is_no_number_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kyc.csv"
    path.write_text("wallet,as_of,kyc\nw1,2024-01-01T00:00Z,old\n")
    with pytest.raises(SourceError, match="column 'kyc' must hold numbers"):
        read_context(path)


def test_a_frame_by_wallet_is_met_in_any_spelling() -> None:
    mixed = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    spine = check_spine(pd.DataFrame({"wallet": [mixed], "as_of": [NOON]}))
    by_wallet = pd.DataFrame({"kyc": [5.0]}, index=pd.Index([mixed], name="wallet"))
    np.testing.assert_array_equal(context_values(by_wallet, spine, ("kyc",)), [[5.0]])


ADDRESS = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_wallets_are_those_of_the_ledgers_chain_in_any_spelling(tmp_path: Path) -> None:
    spine = check_spine(pd.DataFrame({"wallet": [ADDRESS], "as_of": [NOON]}), chain="ethereum")
    bare = ADDRESS[2:].upper()
    by_wallet = pd.DataFrame({"kyc": [5.0]}, index=pd.Index([bare], name="wallet"))
    assert context_values(by_wallet, spine, ("kyc",), chain="ethereum").tolist() == [[5.0]]
    by_row = rows((bare, NOON), kyc=[7.0])
    assert context_values(by_row, spine, ("kyc",), chain="ethereum").tolist() == [[7.0]]
    table = rows((ADDRESS.lower(), NOON), coverage_in_count=[1.0])
    table.attrs["ledger"] = {"chain": "ethereum", "unit": "ETH", "assets": ["ETH"], "n_assets": 1}
    assert join_context(table, by_row)["kyc"].tolist() == [7.0]
    file = tmp_path / "kyc.csv"
    file.write_text(f"wallet,as_of,kyc\n{bare},2024-01-01T12:00:00Z,7\n")
    assert join_context(table, read_context(file, chain="ethereum"))["kyc"].tolist() == [7.0]
    wrong = pd.DataFrame({"kyc": [5.0]}, index=pd.Index([ADDRESS[:-1]], name="wallet"))
    with pytest.raises(RiskError, match=r"context: wallet .* is no address of ethereum"):
        context_values(wrong, spine, ("kyc",), chain="ethereum")
