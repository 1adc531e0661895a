"""What check_spine accepts and says."""

import pandas as pd
import pytest

from features.contracts.spine import check_spine
from features.errors import SpineError

T0 = pd.Timestamp("2024-01-01", tz="UTC")


def test_order_and_duplicates_are_kept_and_the_index_is_not() -> None:
    frame = pd.DataFrame({"as_of": T0, "wallet": ["b", "a", "b"]}, index=[5, 5, 1])
    spine = check_spine(frame)
    assert spine["wallet"].tolist() == ["b", "a", "b"]
    assert list(spine.columns) == ["wallet", "as_of"]
    assert spine["as_of"].dtype == "datetime64[us, UTC]"
    assert spine.index.tolist() == [0, 1, 2]


def test_an_empty_spine_has_the_right_types() -> None:
    spine = check_spine(pd.DataFrame(columns=["wallet", "as_of"]))
    assert [str(dtype) for dtype in spine.dtypes] == ["str", "datetime64[us, UTC]"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"wallet": ["a"]}, "missing column as_of; received: wallet"),
        ({"wallet": ["a"], "as_of": [T0], "label": [1]}, "unknown column label; required: wallet"),
        ({"wallet": [""], "as_of": [T0]}, r"wallet is empty in 1 row \(row 0: ''\)"),
        ({"wallet": ["a" * 10_000], "as_of": [T0]}, "longer than 256 characters"),
        ({"wallet": ["a"], "as_of": [pd.NaT]}, "as_of has no time zone"),
        ({"wallet": ["a", "b"], "as_of": [T0, pd.NaT]}, r"as_of is missing in 1 row \(row 1\)"),
        ({"wallet": [1], "as_of": [T0]}, "wallet must hold strings, received int64"),
    ],
)
def test_mistakes(columns: dict[str, list[object]], message: str) -> None:
    with pytest.raises(SpineError, match=message):
        check_spine(pd.DataFrame(columns))


def test_no_row_lies_in_the_future_but_clocks_may_differ() -> None:
    now = pd.Timestamp.now("UTC")
    soon, later = now + pd.Timedelta(1, "h"), now + pd.Timedelta(3, "h")
    assert len(check_spine(pd.DataFrame({"wallet": ["a"], "as_of": [soon]}))) == 1
    with pytest.raises(SpineError, match=r"as_of is later than now, .* UTC in 1 row \(row 1"):
        check_spine(pd.DataFrame({"wallet": ["a", "b"], "as_of": [soon, later]}))


def test_bad_rows_are_set_aside_and_the_others_stay() -> None:
    future = pd.Timestamp.now("UTC") + pd.Timedelta(1, "D")
    frame = pd.DataFrame({"wallet": ["a", "", "c", "d"], "as_of": [T0, T0, future, T0]})
    good, bad = check_spine(frame, "quarantine")
    assert good["wallet"].tolist() == ["a", "d"]
    assert good.index.tolist() == [0, 1]
    assert bad["reason"].str.partition(":")[0].tolist()[0] == "wallet is empty"
    assert bad["reason"].iloc[1].startswith("as_of is later than now")
    assert bad.index.tolist() == [1, 2]
    assert check_spine(good) is good
    with pytest.raises(SpineError, match="'raise' or 'quarantine', received 'ignore'"):
        check_spine(frame, "ignore")  # type: ignore[call-overload]
