"""What check_labels accepts and says, and which label labels_as_of chooses."""

from typing import Any

import pandas as pd
import pytest

from features.contracts.labels import check_labels, labels_as_of
from features.errors import LabelsError

T0 = pd.Timestamp("2024-01-01", tz="UTC")
DAY = pd.Timedelta(days=1)


def labels(**columns: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {"wallet": ["a", "b", "c"], "label": ["illicit", "licit", "illicit"], "known_at": T0}
    ).assign(**columns)


def test_defaults_and_types() -> None:
    checked = check_labels(labels())
    assert {name: str(dtype) for name, dtype in checked.dtypes.items()} == {
        "wallet": "str",
        "label": "str",
        "category": "str",
        "original": "str",
        "known_at": "datetime64[us, UTC]",
        "until": "datetime64[us, UTC]",
        "source": "str",
        "licence": "str",
        "confidence": "float64",
    }
    assert set(checked["category"]) == set(checked["source"]) == {"unspecified"}
    assert set(checked["confidence"]) == {1.0}
    pd.testing.assert_frame_equal(check_labels(checked), checked)


def test_a_missing_category_is_unspecified_a_missing_confidence_is_a_mistake() -> None:
    checked = check_labels(labels(category=["scam", None, "mixer"]))
    assert checked["category"].tolist() == ["scam", "unspecified", "mixer"]
    with pytest.raises(LabelsError, match=r"confidence is missing or nan in 1 row \(row 1\)"):
        check_labels(labels(confidence=[1.0, None, 0.5]))


def test_bad_rows_are_named_or_quarantined() -> None:
    frame = labels(
        label=["Illicit", "licit", None], confidence=[1.0, 1.5, 0.0], wallet=["", "b", "c"]
    )
    good, bad = check_labels(frame, on_error="quarantine")
    assert good.empty
    assert bad["reason"].to_dict() == {
        0: "wallet is empty: ''; label is not one of illicit, licit, none: 'Illicit'",
        1: "confidence is above 1: 1.5",
        2: "label is missing, and there is no category",
    }
    with pytest.raises(LabelsError, match="label is not one of illicit, licit, none in 1 row"):
        check_labels(frame)


def test_identical_copies_are_ignored_and_both_labels_are_reported() -> None:
    frame = pd.concat([labels(), labels(), labels(label="licit")])
    checked = check_labels(frame)
    assert checked.attrs == {"duplicates": 4, "conflicts": ["a", "c"]}
    assert checked["wallet"].tolist() == ["a", "b", "c", "a", "c"]


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (labels().drop(columns="known_at"), "missing column known_at; received: wallet, label"),
        (labels(catgory="x"), r"unknown column catgory \(did you mean 'category'\?\)"),
        (labels(label=[1, 0, 1]), "label must hold strings, received int64"),
        (labels(known_at=pd.Timestamp("2024")), "known_at has no time zone"),
    ],
)
def test_mistakes_of_the_whole_frame(frame: pd.DataFrame, message: str) -> None:
    with pytest.raises(LabelsError, match=message):
        check_labels(frame, on_error="quarantine")


def test_empty_labels_and_a_wrong_argument() -> None:
    empty = check_labels(pd.DataFrame(columns=["wallet", "label", "known_at"]))
    assert empty.dtypes.to_dict() == check_labels(labels()).dtypes.to_dict()
    assert labels_as_of(empty).empty
    with pytest.raises(LabelsError, match="received 'drop'"):
        check_labels(labels(), on_error="drop")  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("confidence", "days", "label", "chosen"),
    [
        ((0.9, 0.8), (0, 9), ("licit", "illicit"), "licit"),
        ((0.9, 0.9), (0, 9), ("illicit", "licit"), "licit"),
        ((0.9, 0.9), (3, 3), ("licit", "illicit"), "illicit"),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_confidence_then_newness_then_illicit_decides(
    confidence: tuple[float, float],
    days: tuple[int, int],
    label: tuple[str, str],
    chosen: str,
    order: int,
) -> None:
    frame = pd.DataFrame({"wallet": "a", "label": label, "confidence": confidence})
    frame["known_at"] = [T0 + day * DAY for day in days]
    resolved = labels_as_of(check_labels(frame.iloc[::order]))
    assert resolved["label"].tolist() == [chosen]


def test_only_labels_known_before_as_of_count() -> None:
    checked = check_labels(labels(wallet="a", known_at=[T0, T0 + DAY, T0 + 2 * DAY]))
    assert labels_as_of(checked, T0).empty
    assert labels_as_of(checked, T0 + DAY)["known_at"].tolist() == [T0]
    later = (T0 + 2 * DAY).tz_convert("Asia/Tokyo")
    assert labels_as_of(checked, later)["label"].tolist() == ["licit"]
    with pytest.raises(LabelsError, match="as_of needs a time zone, received 2024-01-01"):
        labels_as_of(checked, pd.Timestamp("2024-01-01"))


def test_a_category_needs_no_verdict() -> None:
    frame = labels(label=[None, "none", "licit"], category=["victim", "mixer", None])
    assert check_labels(frame)["label"].tolist() == ["none", "none", "licit"]
    with pytest.raises(LabelsError, match=r"label is missing, and there is no category in 2 rows"):
        check_labels(frame.drop(columns="category"))


def test_a_verdict_decides_before_a_category_without_one() -> None:
    frame = labels(wallet="a", label=["illicit", "none", "none"], category="mixer")
    checked = check_labels(frame.assign(confidence=[0.2, 1.0, 0.9]))
    assert labels_as_of(checked)["label"].tolist() == ["illicit"]
    assert checked.attrs["conflicts"] == []


def test_a_label_holds_until_its_end_is_known() -> None:
    checked = check_labels(labels(wallet="a", until=[T0 + 2 * DAY, None, None]).iloc[:1])
    held = [len(labels_as_of(checked, T0 + days * DAY)) for days in (0, 1, 2, 3)]
    assert held == [0, 1, 1, 0]  # at its very end nobody knows of it
    assert labels_as_of(checked).empty


def test_an_end_comes_after_the_beginning() -> None:
    until = pd.Series([None, T0, T0 + DAY], dtype="datetime64[us, UTC]")
    good, bad = check_labels(labels(until=until), on_error="quarantine")
    assert bad["reason"].to_dict() == {1: "until is not after known_at: 2024-01-01 00:00:00+00:00"}
    assert good["until"].tolist() == [pd.NaT, T0 + DAY]


@pytest.mark.parametrize("ends", [[None, "2024-02-30T00:00Z", "2025-01-01T00:00Z"]])
def test_ends_may_be_texts_of_which_some_are_missing(ends: list[str | None]) -> None:
    good, bad = check_labels(labels(until=ends), on_error="quarantine")
    assert bad["reason"].to_dict() == {1: "until is not an ISO 8601 time: '2024-02-30T00:00Z'"}
    assert good["until"].tolist() == [pd.NaT, pd.Timestamp("2025-01-01", tz="UTC")]


def test_wallets_are_in_order_and_unchecked_labels_are_refused() -> None:
    checked = check_labels(labels(wallet=["c", "a", "b"]))
    assert labels_as_of(checked)["wallet"].tolist() == ["a", "b", "c"]
    with pytest.raises(LabelsError, match="missing columns category, original, until, source"):
        labels_as_of(labels())
