"""Which times of transfers are accepted, refused or set aside."""

from collections.abc import Sequence

import pandas as pd
import pytest

from features.contracts.transfers import check_transfers
from features.errors import TransfersError
from tests.features.contracts.test_transfers import T0, reasons, transfers


def test_order_is_time_then_block_then_row() -> None:
    frame = transfers(4, timestamp=T0, block=[2, 1, 2, 1], position=[9, 8, 1, 0])
    assert check_transfers(frame)["tx_id"].tolist() == ["t1", "t3", "t0", "t2"]
    equal_times = transfers(3, timestamp=T0, position=[2, 1, 0])
    assert check_transfers(equal_times)["tx_id"].tolist() == ["t0", "t1", "t2"]


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "+05:30"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_aware_times_of_every_zone_and_unit_become_utc(zone: str, unit: str) -> None:
    times = transfers()["timestamp"].dt.tz_convert(zone).dt.as_unit(unit)
    checked = check_transfers(transfers(timestamp=times))
    assert checked["timestamp"].dtype == "datetime64[us, UTC]"
    assert checked["timestamp"].tolist() == transfers()["timestamp"].tolist()


def test_arrow_times_and_texts_with_an_offset_are_accepted() -> None:
    wanted = check_transfers(transfers())
    arrow = transfers().astype({"timestamp": "timestamp[us, tz=UTC][pyarrow]"})
    pd.testing.assert_frame_equal(check_transfers(arrow), wanted)
    for ending in ("Z", "+00:00", " UTC", ".000000Z", "+00"):
        texts = [f"2024-01-01T0{i}:00:00{ending}" for i in range(3)]
        pd.testing.assert_frame_equal(check_transfers(transfers(timestamp=texts)), wanted)
    texts = [f"2024-01-01 0{i}:00:00+0100" for i in range(1, 4)]
    pd.testing.assert_frame_equal(check_transfers(transfers(timestamp=texts)), wanted)


@pytest.mark.parametrize(
    ("times", "message"),
    [
        (pd.date_range("2024", periods=3), r"timestamp has no time zone .*tz_localize\('UTC'\)"),
        (["2024-01-01T00:00:00"] * 3, "timestamp must name its time zone or UTC offset: row 0"),
        (["2024-01-01T00Z"] * 3, r"timestamp is not an ISO 8601 time in 3 rows \(row 0: '2024"),
        ([1, 2, 3], "timestamp must hold datetimes with a time zone .* received int64"),
        (
            ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00+01:00", "2024-01-01T00:00:00Z"],
            r"mixes UTC offsets: row 0 has UTC \('2024.*'\); row 1 has \+01:00",
        ),
        (
            ["2024-01-01T00:00:00Z", "2024-01-01T00:00:00", "2024-01-01T00:00:00Z"],
            "mixes UTC offsets: row 0 has UTC .* row 1 has none",
        ),
        (
            pd.Series([T0, T0.tz_convert("Asia/Tokyo"), T0], dtype=object),
            "mixes UTC offsets: row 0 has UTC .* row 1 has Asia/Tokyo",
        ),
        (pd.Series([T0, T0.tz_localize(None), T0], dtype=object), "row 1 has none"),
    ],
)
def test_times_that_are_unclear_raise(times: Sequence[object], message: str) -> None:
    with pytest.raises(TransfersError, match=message):
        check_transfers(transfers(timestamp=times))


def test_unreadable_missing_and_impossible_times_are_bad_rows() -> None:
    times = ["2024-01-01T00:00:00Z", "now", None, "2024-13-01T00:00:00Z", "1066-10-14T09:00:00Z"]
    assert reasons(transfers(5, timestamp=times)) == {
        1: "timestamp is not an ISO 8601 time: 'now'",
        2: "timestamp is missing",
        3: "timestamp is not an ISO 8601 time: '2024-13-01T00:00:00Z'",
        4: "timestamp is outside [1678-01-01, 2262-01-01): '1066-10-14T09:00:00Z'",
    }
    milliseconds_as_seconds = pd.to_datetime([1_700_000_000_000] * 3, unit="s").tz_localize("UTC")
    assert len(reasons(transfers(timestamp=milliseconds_as_seconds))) == 3
