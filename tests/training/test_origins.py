from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from training import OutOfTime, rolling_origins
from training.origins import origins_text

T0 = pd.Timestamp("2024-01-01", tz="UTC")


def day(number: float) -> pd.Timestamp:
    return T0 + pd.Timedelta(number, "D")


def spine_of(days: list[int]) -> pd.DataFrame:
    return pd.DataFrame({"wallet": [f"w{at}" for at in days], "as_of": [day(at) for at in days]})


WHOLE = OutOfTime(
    day(50), day(52), day(60), day(62), day(101), label_delay=pd.Timedelta(3, "D"),
    wallets="together",
)  # fmt: skip


def test_stretches_cover_the_test_slice_once() -> None:
    spine = spine_of(list(range(100)))
    splits = rolling_origins(spine, WHOLE, 4)
    tested = np.stack([one.slices(spine["as_of"])["test"] for one in splits])
    np.testing.assert_array_equal(tested.sum(axis=0), WHOLE.slices(spine["as_of"])["test"])
    assert np.abs(tested.sum(axis=1) - 38 / 4).max() < 1


def test_every_origin_keeps_gap_calibration_delay_and_wallets() -> None:
    for one in rolling_origins(spine_of(list(range(100))), WHOLE, 4):
        assert one.test_from - one.calibrate_until == pd.Timedelta(2, "D")
        assert one.calibrate_until - one.calibrate_from == pd.Timedelta(8, "D")
        assert one.calibrate_from - one.train_until == pd.Timedelta(2, "D")
        assert (one.label_delay, one.wallets) == (WHOLE.label_delay, "together")


def test_one_origin_is_the_split_itself() -> None:
    assert rolling_origins(spine_of(list(range(100))), WHOLE, 1) == (WHOLE,)


def test_rows_of_one_instant_stay_together() -> None:
    splits = rolling_origins(spine_of([1, 55, *[70] * 50, 80, 90]), WHOLE, 3)
    assert [one.test_from for one in splits] == [day(62), day(80), day(90)]


def test_more_origins_than_instants_are_refused() -> None:
    with pytest.raises(RiskError, match=r"3 origins need as many different as_of .* got 2"):
        rolling_origins(spine_of([1, 55, 70, 70, 80]), WHOLE, 3)
    with pytest.raises(RiskError, match="origins must be 1 or more, got 0"):
        rolling_origins(spine_of([1, 55, 70]), WHOLE, 0)


def test_borders_can_be_read() -> None:
    text = origins_text(rolling_origins(spine_of(list(range(100))), WHOLE, 2))
    assert text.splitlines()[1] == "     1  2024-03-01 00:00  2024-03-03 00:00  2024-03-22 00:00"
    assert text.endswith("labels enter 3 days 00:00:00 after known_at; wallets together")
