"""Times of files: units, zones, offsets, gaps of local time, and dates to come."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from features.errors import SourceError, TransfersError
from features.sources import tables
from features.sources.files import (
    load_transfers,
)
from features.sources.writing import Writing
from tests.files import HEADER, T0, csv_file, parquet_file, rows


@pytest.mark.parametrize(("unit", "factor"), [("s", 1), ("ms", 1_000), ("us", 1_000_000)])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_integer_times_need_their_unit(tmp_path: Path, unit: Any, factor: int, kind: str) -> None:
    unix = 1_704_067_200 * factor
    if kind == "csv":
        path = csv_file(tmp_path, HEADER + f"a,{unix},s,r,1,ETH\n")
    else:
        path = parquet_file(tmp_path, timestamp=[unix, unix])
    assert load_transfers([path], writing=Writing(time_unit=unit))["timestamp"].iloc[0] == T0
    with pytest.raises(SourceError, match=f"timestamp holds integers such as {unix}; say their"):
        load_transfers([path])


def test_naive_times_need_a_time_zone(tmp_path: Path) -> None:
    naive = csv_file(tmp_path, HEADER + rows(1).replace("Z", ""))
    arrow = parquet_file(tmp_path, timestamp=[T0.tz_localize(None)] * 2)
    dates = parquet_file(tmp_path, "d.parquet", timestamp=[T0.date()] * 2)
    for path in (naive, arrow, dates):
        loaded = load_transfers([path], writing=Writing(timezone="Europe/Berlin"))
        assert loaded["timestamp"].iloc[0] == T0 - pd.Timedelta(hours=1)
        with pytest.raises(SourceError, match=r"names no UTC offset in .*; say the time zone"):
            load_transfers([path])


def test_ethereum_etl_times_are_understood(tmp_path: Path) -> None:
    text = HEADER + "a,2019-01-01 00:00:00 UTC,s,r,1,ETH\nb,2019-01-01 00:00:01.5 UTC,s,r,1,ETH\n"
    times = load_transfers([csv_file(tmp_path, text)])["timestamp"]
    assert (times.iloc[1] - times.iloc[0]).total_seconds() == 1.5


@pytest.mark.parametrize("second", ["2024-01-01T00:00:00+02:00", "2024-01-01T00:00:00"])
def test_offsets_may_not_change_within_a_file(
    tmp_path: Path, second: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tables, "BLOCK_BYTES", 80)  # each row in a batch of its own
    path = csv_file(tmp_path, HEADER + rows(3) + f"x,{second},s,r,1,ETH\n")
    wanted = r"timestamp mixes UTC offsets: line 2 has UTC \('2024.*'\); line 5 has (\+02:00|none)"
    with pytest.raises(SourceError, match=wanted):
        load_transfers([path], writing=Writing(timezone="UTC"))


def test_unix_times_out_of_range_are_bad_rows(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, timestamp=[1_704_067_200, 1_704_067_200_000])
    with pytest.raises(SourceError, match=r"no unix time in s between .* row \(row 1: 17040672000"):
        load_transfers([path], writing=Writing(time_unit="s"))


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_times_that_a_zone_skips_or_has_twice_are_bad_rows(tmp_path: Path, kind: str) -> None:
    local = ["2024-03-31T02:30:00", "2024-10-27T02:30:00", "2024-10-27T03:30:00"]
    text = HEADER + "".join(f"t{i},{time},s,r,1,ETH\n" for i, time in enumerate(local))
    path = csv_file(tmp_path, text)
    if kind == "parquet":
        frame = pd.read_csv(path, parse_dates=["timestamp"])
        path = tmp_path / "t.parquet"
        frame.to_parquet(path)
    berlin = Writing(timezone="Europe/Berlin")
    with pytest.raises(SourceError, match=r"no time in Europe/Berlin, .* forward .*two times"):
        load_transfers([path], writing=berlin)
    good, bad = load_transfers([path], writing=berlin, on_error="quarantine")
    assert good["timestamp"].tolist() == [pd.Timestamp("2024-10-27T02:30:00Z")]
    assert [number for _, number in bad.index] == ([2, 3] if kind == "csv" else [0, 1])
    assert bad["reason"].str.contains("whose clock was put").all()
    good, bad = load_transfers([path], writing=Writing(timezone="UTC"), on_error="quarantine")
    assert len(good) == 3


def test_transfers_dated_later_than_now_are_bad_rows(tmp_path: Path) -> None:
    ahead = pd.Timestamp.now("UTC").floor("s") + pd.Timedelta(1, "h")
    text = HEADER + f"soon,{ahead.isoformat()},s,r,1,ETH\n"
    assert len(load_transfers([csv_file(tmp_path, text)])) == 1
    later = (ahead + pd.Timedelta(2, "h")).isoformat()
    path = csv_file(tmp_path, text + f"later,{later},s,r,1,ETH\n")
    with pytest.raises(TransfersError, match=r"timestamp is later than now, 2.* in 1 row .*line 3"):
        load_transfers([path])
