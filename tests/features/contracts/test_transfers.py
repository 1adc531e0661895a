"""What check_transfers accepts, refuses and says."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from features.contracts.transfers import check_transfers
from features.errors import RiskError, TransfersError

T0 = pd.Timestamp("2024-01-01", tz="UTC")


def transfers(n: int = 3, **columns: Any) -> pd.DataFrame:
    """n transfers, one an hour, of 1 ETH each; columns replaced or added (None: taken out)."""
    frame = pd.DataFrame(
        {
            "tx_id": [f"t{i}" for i in range(n)],
            "timestamp": [T0 + pd.Timedelta(hours=i) for i in range(n)],
            "sender": [f"s{i}" for i in range(n)],
            "recipient": [f"r{i}" for i in range(n)],
            "amount": np.ones(n),
            "asset": "ETH",
        }
    )
    dropped = [name for name, value in columns.items() if value is None]
    kept = {name: value for name, value in columns.items() if value is not None}
    return frame.drop(columns=dropped).assign(**kept)


def reasons(frame: pd.DataFrame) -> dict[int, str]:
    """Row number and reason of every quarantined row."""
    _, bad = check_transfers(frame, on_error="quarantine")
    return dict(zip(bad.index.tolist(), bad["reason"].tolist(), strict=True))


def test_types_order_and_index_of_the_result() -> None:
    received = transfers(fee=[0.1, np.nan, 0.3], block=[1, 2, 3], amount_usd=[1, 2, 3])
    checked = check_transfers(received.iloc[::-1])
    assert {name: str(dtype) for name, dtype in checked.dtypes.items()} == {
        "tx_id": "str",
        "position": "int32",
        "timestamp": "datetime64[us, UTC]",
        "sender": "str",
        "recipient": "str",
        "amount": "float64",
        "asset": "str",
        "amount_usd": "float64",
        "block": "int64",
        "fee": "float64",
    }
    assert checked["tx_id"].tolist() == ["t0", "t1", "t2"]
    assert isinstance(checked.index, pd.RangeIndex)
    assert checked.attrs["duplicates"] == 0


def test_checked_transfers_pass_unchanged() -> None:
    once = check_transfers(transfers(block=[1, 2, 3]))
    pd.testing.assert_frame_equal(check_transfers(once), once)


def test_the_received_frame_is_never_changed_not_even_through_the_result() -> None:
    frame = transfers(position=np.arange(3), block=[1, 2, 3])
    before = frame.copy(deep=True)
    checked = check_transfers(frame)
    checked["amount"] = 7.0
    checked.loc[0, ["block", "position"]] = 9
    pd.testing.assert_frame_equal(frame, before)


@pytest.mark.parametrize(
    "index",
    [
        pd.Index([7, 7, 7]),
        pd.MultiIndex.from_tuples([("a", 1), ("b", 1), ("a", 1)]),
        pd.DatetimeIndex([T0, T0, T0]),
        pd.Index([None, "x", 1.5], name="amount"),
    ],
)
def test_the_index_does_not_matter(index: pd.Index) -> None:
    frame = transfers(amount=[1.0, -1.0, 1.0])
    plain, marked = reasons(frame), reasons(frame.set_axis(index))
    assert plain == marked == {1: "amount is negative: -1.0"}


@pytest.mark.parametrize("dtype", ["str", "object", "category", "string", "large_string[pyarrow]"])
def test_strings_of_every_kind_are_accepted(dtype: str) -> None:
    names = ["tx_id", "sender", "recipient", "asset"]
    checked = check_transfers(transfers().astype(dict.fromkeys(names, dtype)))
    pd.testing.assert_frame_equal(checked, check_transfers(transfers()))


def test_a_transfer_to_oneself_and_an_amount_of_zero_are_allowed() -> None:
    checked = check_transfers(transfers(recipient=["s0", "s1", "s2"], amount=0))
    assert (checked["sender"] == checked["recipient"]).all()
    assert checked["amount"].tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("amount", [1e-18, 1e9, 1e60, 5e-324])
def test_amounts_are_kept_to_the_bit(amount: float) -> None:
    assert check_transfers(transfers(amount=amount))["amount"].tolist() == [amount] * 3


@pytest.mark.parametrize("dtype", ["int64", "uint8", "float32", "Int64", "int64[pyarrow]"])
def test_numbers_of_every_kind_become_float64(dtype: str) -> None:
    checked = check_transfers(transfers(amount=pd.Series([1, 2, 3], dtype=dtype)))
    assert checked["amount"].dtype == np.float64
    assert checked["amount"].tolist() == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("amount", "reason"),
    [
        (-1e-18, "amount is negative: -1e-18"),
        (np.nan, "amount is missing or nan"),
        (np.inf, "amount is infinite: inf"),
        (-np.inf, "amount is infinite: -inf"),
        (1.1e60, r"amount is above 1e+60: 1.1e+60"),
    ],
)
def test_bad_amounts(amount: float, reason: str) -> None:
    assert reasons(transfers(amount=[1.0, amount, 1.0])) == {1: reason}


@pytest.mark.parametrize("column", ["tx_id", "sender", "recipient", "asset"])
def test_bad_names(column: str) -> None:
    frame = transfers(4)
    frame[column] = [None, "", "x" * 10_000, "x" * 256]
    found = reasons(frame)
    assert found[0] == f"{column} is missing"
    assert found[1] == f"{column} is empty: ''"
    assert found[2].startswith(f"{column} is longer than 256 characters: 'xxx")
    assert found[2].endswith("(10000 characters)")
    assert len(found) == 3


def test_names_are_measured_in_characters_not_bytes() -> None:
    assert len(check_transfers(transfers(sender="ü" * 256))) == 3


def test_a_row_with_several_mistakes_names_them_all() -> None:
    frame = transfers(sender=["", "a", "b"], amount=[-2.0, 1.0, 1.0])
    assert reasons(frame) == {0: "sender is empty: ''; amount is negative: -2.0"}


def test_quarantine_gives_bad_rows_as_received_and_keeps_the_good_ones() -> None:
    frame = transfers(4, amount=pd.Series([1, -2, 3, -4]))
    good, bad = check_transfers(frame, on_error="quarantine")
    assert good["tx_id"].tolist() == ["t0", "t2"]
    pd.testing.assert_frame_equal(bad.drop(columns="reason"), frame.iloc[[1, 3]])


def test_quarantine_of_a_clean_frame_is_empty() -> None:
    good, bad = check_transfers(transfers(), on_error="quarantine")
    assert len(good) == 3
    assert bad.empty
    assert "reason" in bad


def test_the_error_names_three_rows_and_counts_all() -> None:
    with pytest.raises(
        TransfersError, match=r"amount is negative in 5 rows \(row 0: -1.0;"
    ) as error:
        check_transfers(transfers(5, amount=-1.0))
    assert "row 2" in str(error.value)
    assert "row 3" not in str(error.value)


def test_identical_copies_are_ignored_and_counted() -> None:
    frame = pd.concat([transfers(fee=[1.0, np.nan, 2.0])] * 3)
    checked = check_transfers(frame)
    assert checked["tx_id"].tolist() == ["t0", "t1", "t2"]
    assert checked.attrs["duplicates"] == 6


def test_transfers_of_one_transaction_are_told_apart_by_position() -> None:
    checked = check_transfers(transfers(tx_id="t", position=[0, 1, 2]))
    assert checked["position"].tolist() == [0, 1, 2]


def test_a_conflicting_copy_raises_and_names_both() -> None:
    frame = transfers(tx_id=["a", "b", "a"], timestamp=T0, sender="s", recipient="r", position=5)
    frame["amount"] = [1.0, 1.0, 2.5]
    wanted = r"row 2: \('a', 5\) is in row 0 with amount 1.0, here 2.5"
    with pytest.raises(TransfersError, match=wanted):
        check_transfers(frame)


def test_a_conflict_without_positions_says_so() -> None:
    with pytest.raises(TransfersError, match="no position column"):
        check_transfers(transfers(tx_id="t"))


@pytest.mark.parametrize(
    ("column", "value"),
    [("timestamp", T0), ("sender", "x"), ("recipient", "x"), ("asset", "BTC"), ("block", 9)],
)
def test_every_column_counts_for_a_conflict(column: str, value: Any) -> None:
    frame = pd.concat([transfers(block=[1, 2, 3])] * 2, ignore_index=True)
    frame.loc[4, column] = value
    assert list(reasons(frame)) == [4]


def test_quarantine_keeps_the_first_good_copy() -> None:
    frame = transfers(5, tx_id="t", timestamp=T0, sender="s", recipient="r")
    frame["amount"] = [-1.0, 2.0, 3.0, 2.0, 3.0]
    good, bad = check_transfers(frame, on_error="quarantine")
    assert good["amount"].tolist() == [2.0]
    assert good.attrs["duplicates"] == 1
    assert bad.index.tolist() == [0, 2, 4]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"amount": ["1", "2", "3"]},
            "amount must hold numbers, received str, such as '1' in row 0",
        ),
        ({"amount": [True, False, True]}, "amount must hold numbers, received bool"),
        ({"sender": [1, 2, 3]}, "sender must hold strings, received int64, such as 1 in row 0"),
        ({"sender": pd.Series(["a", 1, "b"], dtype=object)}, r"object \(mixed-integer\)"),
        (
            {"sender": pd.Series(["\ud800", "a", "b"], dtype=object)},
            "sender holds text that is not valid Unicode",
        ),
        ({"position": [0.0, 1.0, 2.0]}, "position must hold integers, received float64"),
        ({"block": [1.0, 2.0, np.nan]}, "block must hold integers, received float64"),
        ({"fee": ["a", "b", "c"]}, "fee must hold numbers, received str"),
    ],
)
@pytest.mark.parametrize("on_error", ["raise", "quarantine"])
def test_a_wrong_type_always_raises(columns: dict[str, Any], message: str, on_error: Any) -> None:
    with pytest.raises(TransfersError, match=message):
        check_transfers(transfers(**columns), on_error=on_error)


def test_positions_and_blocks_out_of_range_are_bad_rows() -> None:
    assert reasons(transfers(position=[-1, 0, 2**31])) == {
        0: "position is negative: -1",
        2: "position is above 2147483647: 2147483648",
    }
    assert reasons(transfers(block=pd.Series([1, None, -3], dtype="Int64"))) == {
        1: "block is missing",
        2: "block is negative: -3",
    }


def test_an_unknown_price_or_fee_is_allowed_a_negative_one_is_not() -> None:
    found = reasons(transfers(amount_usd=[np.nan, -1.0, 1.0], fee=[np.nan, 1.0, np.inf]))
    assert found == {1: "amount_usd is negative: -1.0", 2: "fee is infinite: inf"}


def test_missing_columns_are_named_beside_what_was_received() -> None:
    frame = transfers().rename(columns={"amount": "amout"}).drop(columns="asset")
    message = r"missing columns amount \(did you mean 'amout'\?\), asset; received: tx_id, timest"
    with pytest.raises(TransfersError, match=message):
        check_transfers(frame)


def test_unknown_and_repeated_columns_are_refused() -> None:
    with pytest.raises(TransfersError, match=r"unknown column blocks \(did you mean 'block'\?\)"):
        check_transfers(transfers(blocks=[1, 2, 3]))
    twice = pd.concat([transfers(), transfers()[["amount"]]], axis=1)
    with pytest.raises(TransfersError, match="column amount occurs more than once"):
        check_transfers(twice)


@pytest.mark.parametrize(
    "empty",
    [
        transfers(0),
        pd.DataFrame(columns=["tx_id", "timestamp", "sender", "recipient", "amount", "asset"]),
        transfers(0, position=[], block=[], fee=[]).astype(object),
    ],
)
def test_an_empty_frame_gives_an_empty_frame_of_the_right_types(empty: pd.DataFrame) -> None:
    good, bad = check_transfers(empty, on_error="quarantine")
    assert len(good) == len(bad) == 0
    full = check_transfers(transfers(position=[0, 0, 0], block=[0, 0, 0], fee=[0, 0, 0]))
    assert good.dtypes.to_dict() == full[good.columns].dtypes.to_dict()


def test_wrong_arguments() -> None:
    with pytest.raises(TransfersError, match="expected a DataFrame, received list"):
        check_transfers([1])  # type: ignore[call-overload]
    with pytest.raises(
        RiskError, match="on_error must be 'raise' or 'quarantine', received 'drop'"
    ):
        check_transfers(transfers(), on_error="drop")  # type: ignore[call-overload]


def test_many_random_frames_agree_with_an_obvious_check() -> None:
    rng = np.random.default_rng(1)
    for _ in range(50):
        n = int(rng.integers(0, 30))
        frame = transfers(n, tx_id=[f"t{i}" for i in rng.integers(0, 6, n)], timestamp=T0)
        frame = frame.assign(sender="s", recipient="r", position=rng.integers(0, 2, n))
        frame["amount"] = rng.integers(-1, 2, n).astype(float)
        first: dict[tuple[str, int], float] = {}
        bad, copies = [], 0
        for row, (tx_id, position, amount) in enumerate(
            zip(frame["tx_id"], frame["position"], frame["amount"], strict=True)
        ):
            if amount < 0 or first.setdefault((tx_id, position), amount) != amount:
                bad.append(row)
            else:
                copies += 1
        good, quarantined = check_transfers(frame, on_error="quarantine")
        assert quarantined.index.tolist() == bad
        assert good.attrs["duplicates"] == copies - len(first)
        assert list(zip(good["tx_id"], good["position"], strict=True)) == list(first)
