from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from features import RiskError
from training.split_rows import SplitRows, assign_rows
from training.splits import OutOfTime, out_of_time, out_of_time_shares

T0 = pd.Timestamp("2024-01-01", tz="UTC")


def day(number: float) -> pd.Timestamp:
    return T0 + pd.Timedelta(number, "D")


def spine_of(*days: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"wallet": [f"w{at}" for at in range(len(days))], "as_of": [day(one) for one in days]}
    )


TEN_DAYS = OutOfTime(day(10), day(11), day(20), day(21), day(30))


def rows_of(
    wallets: list[str], days: list[float], labels: list[tuple[str, str, float]], **enough: object
) -> SplitRows:
    index = pd.MultiIndex.from_arrays(
        [wallets, pd.DatetimeIndex([day(one) for one in days])], names=["wallet", "as_of"]
    )
    frame = pd.DataFrame(labels, columns=["wallet", "label", "known_at"])
    frame["known_at"] = [day(one) for one in frame["known_at"]]
    return assign_rows(index, frame, TEN_DAYS, **enough)  # type: ignore[arg-type]


# two wallets of either class in every slice
BASE_WALLETS = ["a", "b", "c", "d", "e", "f"]
BASE_DAYS = [1.0, 2.0, 12.0, 13.0, 22.0, 23.0]
BASE_LABELS = [
    (wallet, "illicit" if at % 2 else "licit", 0.0) for at, wallet in enumerate(BASE_WALLETS)
]


def test_intervals_are_half_open() -> None:
    times = pd.DatetimeIndex([day(one) for one in (9.99, 10, 10.5, 11, 19.99, 20, 21, 29.99, 30)])
    masks = TEN_DAYS.slices(times)
    assert masks["train"].tolist() == [True] + [False] * 8
    assert np.flatnonzero(masks["calibrate"]).tolist() == [3, 4]
    assert np.flatnonzero(masks["test"]).tolist() == [6, 7]


def test_dates_and_gap_give_borders() -> None:
    split = out_of_time(
        spine_of(1, 15, 25), train_until=day(10), calibrate_until=day(20), gap=pd.Timedelta(2, "D")
    )
    assert (split.calibrate_from, split.test_from) == (day(12), day(22))
    assert split.test_until == day(25) + pd.Timedelta(1, "us")


def test_an_empty_slice_is_refused() -> None:
    with pytest.raises(RiskError, match="calibrate slice of the split holds no row"):
        out_of_time(spine_of(1, 25), train_until=day(10), calibrate_until=day(20))


def test_borders_must_rise() -> None:
    with pytest.raises(RiskError, match="must rise"):
        OutOfTime(day(10), day(9), day(20), day(21), day(30))


def test_borders_need_a_time_zone() -> None:
    with pytest.raises(RiskError, match="train_until of a split needs a time zone"):
        out_of_time(
            spine_of(1, 15, 25), train_until=pd.Timestamp("2024-01-10"), calibrate_until=day(20)
        )


def test_a_negative_gap_is_refused() -> None:
    with pytest.raises(RiskError, match="gap of a split must not be negative"):
        out_of_time(
            spine_of(1, 15, 25),
            train_until=day(10),
            calibrate_until=day(20),
            gap=pd.Timedelta(-1, "D"),
        )


def test_shares_are_quantiles_of_the_rows() -> None:
    spine = spine_of(*range(100))
    split = out_of_time_shares(
        spine, test_share=0.2, calibrate_share=0.25, gap=pd.Timedelta(3, "D")
    )
    sizes = {name: int(mask.sum()) for name, mask in split.slices(spine["as_of"]).items()}
    assert sizes["test"] == 20
    assert sizes["calibrate"] == 20 - 3
    assert sizes["train"] == 60 - 3
    assert split.test_from - split.calibrate_until == pd.Timedelta(3, "D")


def test_shares_outside_zero_and_one_are_refused() -> None:
    with pytest.raises(RiskError, match="test_share must lie between 0 and 1"):
        out_of_time_shares(spine_of(1, 2), test_share=1.0, calibrate_share=0.2)


def test_one_instant_cannot_be_split() -> None:
    with pytest.raises(RiskError, match="too few different as_of"):
        out_of_time_shares(spine_of(1, 1, 1), test_share=0.3, calibrate_share=0.3)


def test_rows_go_to_their_slice_with_their_label() -> None:
    rows = rows_of(BASE_WALLETS, BASE_DAYS, BASE_LABELS)
    assert (rows.train.tolist(), rows.calibrate.tolist()) == ([0, 1], [2, 3])
    assert rows.test.tolist() == [4, 5]
    assert rows.y_true.tolist() == [0, 1, 0, 1, 0, 1]
    assert rows.dropped == {}


def test_wallets_learnt_from_are_not_tested_and_are_counted() -> None:
    rows = rows_of([*BASE_WALLETS, "a", "b", "c"], [*BASE_DAYS, 14.0, 24.0, 25.0], BASE_LABELS)
    assert rows.dropped == {
        "test: wallet is learnt from": 2,
    }
    assert rows.y_true[6:].tolist() == [0, -1, -1]
    assert rows.learnt.tolist() == [0, 1, 2, 3, 6]


def test_labels_enter_when_they_were_known() -> None:
    late = [
        ("g", "illicit", 20.99),  # the last moment before the model is built
        ("h", "illicit", 21.0),
        ("i", "illicit", 99.0),  # a test row may be judged by what came out later
    ]
    rows = rows_of(
        [*BASE_WALLETS, "g", "h", "i"], [*BASE_DAYS, 3.0, 4.0, 26.0], [*BASE_LABELS, *late]
    )
    assert rows.train.tolist() == [0, 1, 6]
    assert rows.test.tolist() == [4, 5, 8]
    assert rows.dropped == {"label not known before test_from": 1}


def test_training_uses_the_label_of_its_day_and_the_test_the_final_one() -> None:
    changed = [("a", "illicit", 25.0), ("e", "illicit", 25.0), ("f", "licit", 25.0)]
    rows = rows_of(BASE_WALLETS, BASE_DAYS, [*BASE_LABELS, *changed])
    assert rows.y_true.tolist() == [0, 1, 0, 1, 1, 0]


def test_thin_and_unlabelled_rows_are_counted() -> None:
    enough = np.array([True] * 6 + [False, True, True])
    rows = rows_of(
        [*BASE_WALLETS, "g", "h", "i"],
        [*BASE_DAYS, 3.0, 4.0, 10.5],
        [*BASE_LABELS, ("g", "illicit", 0.0)],
        enough=enough,
    )
    assert rows.dropped == {
        "outside the split or in a gap": 1,
        "fewer transfers than min_transfers": 1,
        "no label": 1,
    }


def test_rows_after_the_end_of_their_label_are_neither_labelled_nor_ordinary() -> None:
    pairs = [*zip(BASE_WALLETS, BASE_DAYS, strict=True), ("g", 3.0), ("g", 8.0), ("h", 8.0)]
    index = pd.MultiIndex.from_tuples(
        [(wallet, day(of)) for wallet, of in pairs], names=["wallet", "as_of"]
    )
    labels = pd.DataFrame(
        {
            "wallet": [*BASE_WALLETS, "g"], "label": [*(one[1] for one in BASE_LABELS), "illicit"],
            "known_at": day(0), "until": [*[pd.NaT] * 6, day(5)],
        }
    )  # fmt: skip
    rows = assign_rows(index, labels, TEN_DAYS)
    assert rows.train.tolist() == [0, 1, 6]
    assert rows.unlabelled.tolist() == [8]
    assert rows.dropped == {"label without a verdict, or ended before as_of": 1, "no label": 1}


def test_a_slice_of_one_class_is_refused() -> None:
    labels = [(wallet, "licit", 0.0) for wallet in BASE_WALLETS]
    with pytest.raises(
        RiskError, match="the train and calibrate slices need illicit and licit rows, got 0"
    ):
        rows_of(BASE_WALLETS, BASE_DAYS, labels)


def test_borders_are_whole_microseconds() -> None:
    odd = pd.Timestamp("2024-01-01T00:00:00.123456789", tz="UTC")
    split = OutOfTime(odd, day(11), day(20), day(21), day(30))
    assert split.train_until == pd.Timestamp("2024-01-01T00:00:00.123456", tz="UTC")


def test_rows_without_as_of_are_refused() -> None:
    with pytest.raises(RiskError, match="need as_of"):
        out_of_time(pd.DataFrame({"x": [1]}), train_until=day(1), calibrate_until=day(2))
