"""Lists that are read again and again: what is new, what has ended, what stays known."""

from typing import Any

import pandas as pd
import pytest

from features.contracts.labels import Labels, check_labels
from features.errors import LabelsError
from features.sources.labels.report import conflicts, report
from features.sources.labels.story import coalesced, updated

Row = tuple[str, float, float | None]


def day(number: float) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=number)


def labels(*rows: Row, **columns: Any) -> Labels:
    """Wallet, day on which it became known, and day of its end."""
    ends = [pd.NaT if end is None else day(end) for _, _, end in rows]
    frame = pd.DataFrame(
        {
            "wallet": pd.Series([row[0] for row in rows], dtype="str"), "label": "illicit",
            "known_at": pd.Series([day(row[1]) for row in rows], dtype="datetime64[us, UTC]"),
            "until": pd.Series(ends, dtype="datetime64[us, UTC]"), "source": "list",
        }
    )  # fmt: skip
    return check_labels(frame.assign(**columns))


def rows_of(frame: pd.DataFrame) -> list[Row]:
    return [
        (wallet, (known - day(0)).days, None if pd.isna(until) else (until - day(0)).days)
        for wallet, known, until in frame[["wallet", "known_at", "until"]].itertuples(index=False)
    ]


@pytest.mark.parametrize(
    ("received", "expected"),
    [
        ([("a", 5, None), ("a", 1, None)], [("a", 1, None)]),
        ([("a", 1, None), ("a", 3, 9)], [("a", 1, 9)]),  # who saw the end looked later
        ([("a", 1, 5), ("a", 3, 9)], [("a", 1, 9)]),
        ([("a", 1, 5), ("a", 5, None)], [("a", 1, 5), ("a", 5, None)]),  # it came back
        ([("a", 1, 5), ("a", 7, None), ("a", 1, None)], [("a", 1, 5), ("a", 7, None)]),
        ([("a", 1, 5), ("b", 3, None)], [("a", 1, 5), ("b", 3, None)]),
    ],
)
@pytest.mark.parametrize("order", [1, -1])
def test_what_tells_the_same_of_one_time_is_one_label(
    received: list[Row], expected: list[Row], order: int
) -> None:
    assert rows_of(coalesced(labels(*received[::order]))) == expected


def test_a_list_that_is_read_again_ends_what_is_gone_and_forgets_nothing() -> None:
    first = updated(None, labels(("a", 1, None), ("b", 1, None)), "list", day(1))
    assert (first.new, first.ended, first.over) == (2, 0, 0)
    second = updated(first.labels, labels(("b", 5, None), ("c", 5, None)), "list", day(5))
    assert rows_of(second.labels) == [("a", 1, 5), ("b", 1, None), ("c", 5, None)]
    assert (second.new, second.ended, second.unchanged, second.over) == (1, 1, 1, 1)
    third = updated(second.labels, labels(("a", 9, None), ("b", 9, None)), "list", day(9))
    assert rows_of(third.labels) == [("a", 1, 5), ("a", 9, None), ("b", 1, None), ("c", 5, 9)]


def test_other_lists_stay_as_they_are() -> None:
    others = labels(("a", 1, None), source="another"), labels(("a", 1, None), source="list-2")
    old = check_labels(pd.concat([*others, labels(("b", 1, None), source="list/part")]))
    done = updated(old, labels(("c", 5, None)), "list", day(5))
    ends = done.labels.set_index(["source", "wallet"])["until"].to_dict()
    assert {key: end for key, end in ends.items() if not pd.isna(end)} == {
        ("list/part", "b"): day(5)
    }
    assert len(ends) == 4


def test_an_older_state_is_refused_and_one_of_the_same_instant_takes_its_place() -> None:
    old = updated(None, labels(("a", 5, None)), "list", day(5)).labels
    with pytest.raises(LabelsError, match="there is a state of list of 2024-01-06"):
        updated(old, labels(("b", 3, None)), "list", day(3))
    again = updated(old, labels(("b", 5, None)), "list", day(5))
    assert rows_of(again.labels) == [("b", 5, None)]


def test_an_end_that_lies_ahead_is_no_state() -> None:
    planned = labels(("a", 1, 60_000))
    done = updated(planned, labels(("a", 2, 60_000)), "list", day(2))
    assert rows_of(done.labels) == [("a", 1, 60_000)]


def test_entries_with_times_of_their_own_end_nothing() -> None:
    done = updated(labels(("a", 1, None)), labels(("b", 5, None)), "list", None)
    assert rows_of(done.labels) == [("a", 1, None), ("b", 5, None)]


def test_wallets_are_in_conflict_where_both_labels_hold_at_one_time() -> None:
    both = check_labels(
        pd.concat(
            [
                labels(("a", 1, None), ("b", 1, 5), ("c", 1, None)),
                labels(("a", 9, None), ("b", 5, None), label="licit", source="other"),
            ]
        )
    )
    assert conflicts(both) == [{"wallet": "a", "illicit": ["list"], "licit": ["other"]}]


def test_a_report_says_what_held_as_of_an_instant() -> None:
    some = labels(
        ("a", 1, 400), ("b", 1, None), category=["scam", "victim"], label=["illicit", "none"]
    )
    facts = report(some, day(100)).facts
    assert facts["categories"] == {"phishing": {"illicit": 1}, "other": {"none": 1}}
    assert facts["known"] == {"2024": {"known": 2, "ended": 0}, "2025": {"known": 0, "ended": 1}}
    assert facts["other"] == {"victim": 1}
    later = report(some, day(401))
    assert (later.facts["in_force"], later.facts["ended"], later.facts["later"]) == (1, 1, 0)
    assert "1 hold, 1 have ended, 0 came later" in later.text()
    assert report(some, day(1)).facts["later"] == 2
