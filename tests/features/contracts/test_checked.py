"""What is trusted after one check, and what is checked again."""

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from features import (
    Ledger,
    SpineError,
    TransfersError,
    check_labels,
    check_spine,
    check_transfers,
    feature_table,
)
from features.contracts import received
from features.contracts.checked import trusted
from features.contracts.labels import Labels
from features.contracts.spine import Spine
from features.contracts.transfers import IdOrder, Transfers
from features.past.known_labels import label_events
from tests.strategies import at, spine, transfers

BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0), (20, "c", "a", 3.0)]
LABELS = pd.DataFrame({"wallet": ["a"], "label": "illicit", "known_at": at(0)})


def checked() -> Transfers:
    return check_transfers(transfers(BASE))


MADE: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "slice": lambda frame: frame.iloc[:2],
    "filter": lambda frame: frame[frame["amount"] > 1],
    "repeat": lambda frame: frame.iloc[[0, 0]],
    "columns": lambda frame: frame[["tx_id"]],
    "assign": lambda frame: frame.assign(amount=-1.0),
    "concat": lambda frame: pd.concat([frame, frame]),
    "copy": lambda frame: frame.copy(),
    "deepcopy": copy.deepcopy,
    "sort": lambda frame: frame.sort_values("amount"),
}


@pytest.mark.parametrize("name", MADE)
def test_what_is_made_from_a_checked_frame_is_a_plain_one(name: str) -> None:
    frame = checked()
    assert trusted(frame, Transfers)
    assert type(MADE[name](frame)) is pd.DataFrame
    assert trusted(frame, Transfers)


def test_a_pickled_frame_is_not_trusted() -> None:
    assert not trusted(pickle.loads(pickle.dumps(checked())), Transfers)


def set_loc(frame: pd.DataFrame) -> None:
    frame.loc[0, "amount"] = -1.0


def set_iloc(frame: pd.DataFrame) -> None:
    frame.iloc[0, frame.columns.get_loc("amount")] = -1.0  # type: ignore[index]


def set_at(frame: pd.DataFrame) -> None:
    frame.at[0, "sender"] = ""


def set_column(frame: pd.DataFrame) -> None:
    frame["amount"] = -1.0


def set_attribute(frame: pd.DataFrame) -> None:
    setattr(frame, "amount", [-1.0, -1.0, -1.0])  # noqa: B010 - a type checker knows no columns


def set_time(frame: pd.DataFrame) -> None:
    frame.loc[0, "timestamp"] = at(99)


def rename(frame: pd.DataFrame) -> None:
    frame.columns = [*frame.columns[:-1], "coin"]


def drop(frame: pd.DataFrame) -> None:
    frame.pop("asset")


def update(frame: pd.DataFrame) -> None:
    frame.update(pd.DataFrame({"amount": [-1.0, -1.0, -1.0]}))


@pytest.mark.parametrize(
    "change",
    [set_loc, set_iloc, set_at, set_column, set_attribute, set_time, rename, drop, update],
)
def test_a_frame_that_was_changed_in_place_is_not_trusted(
    change: Callable[[pd.DataFrame], None],
) -> None:
    frame = checked()
    change(frame)
    assert not trusted(frame, Transfers)


def test_a_changed_frame_is_checked_again_and_refused() -> None:
    frame = checked()
    ledger = Ledger.from_transfers(frame)
    frame.loc[0, "amount"] = -1.0
    for door in (Ledger.from_transfers, ledger.append):
        with pytest.raises(TransfersError, match="amount is negative"):
            door(frame)


def test_a_change_of_what_was_received_leaves_the_checked_frame_alone() -> None:
    raw = transfers(BASE)
    frame = check_transfers(raw)
    raw.loc[0, "amount"] = -1.0
    assert trusted(frame, Transfers)
    assert frame["amount"].tolist() == [1.0, 2.0, 3.0]


def test_arrays_of_a_checked_frame_cannot_be_written_to() -> None:
    with pytest.raises(ValueError, match="read-only"):
        checked()["amount"].to_numpy()[0] = -1.0


def test_a_check_hands_back_what_is_trusted() -> None:
    asked, labels, frame = check_spine(spine(["a"], at(1))), check_labels(LABELS), checked()
    assert check_spine(asked) is asked
    assert check_labels(labels) is labels
    assert check_transfers(frame) is frame
    assert not trusted(asked, Labels)
    assert not trusted(labels, Spine)
    for kind in (check_labels, check_transfers):
        with pytest.raises(ValueError, match="missing columns"):
            kind(asked)


def test_no_column_is_looked_at_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    frame, asked, labels = checked(), check_spine(spine(["a"], at(50))), check_labels(LABELS)

    def look(*_: Any, **__: Any) -> None:
        raise AssertionError("checked again")

    monkeypatch.setattr(received.Received, "check_columns", look)
    ledger = Ledger.from_transfers(frame)
    assert ledger.append(frame) == 0
    assert len(feature_table(ledger, asked, labels=labels)) == 1
    assert label_events(ledger, labels).known_at.size == 1
    with pytest.raises(AssertionError, match="checked again"):
        feature_table(ledger, spine(["a"], at(50)))


def test_a_table_of_a_changed_spine_is_refused() -> None:
    ledger, asked = Ledger.from_transfers(checked()), check_spine(spine(["a"], at(50)))
    asked.loc[0, "wallet"] = ""
    with pytest.raises(SpineError, match="wallet is empty"):
        feature_table(ledger, asked)


@pytest.mark.parametrize("rows", [[0, 1, 2, 3], [3, 1, 0, 2], [0, 1, 2, 3, 3]])
def test_the_order_by_id_is_that_of_the_rows(rows: list[int]) -> None:
    raw = transfers([*BASE, (20, "c", "d", 4.0)]).assign(
        tx_id=["t", "u", "t", "v"], position=[1, 0, 0, 0]
    )
    frame = check_transfers(raw.iloc[rows])
    known, found = frame.id_order, IdOrder.of(frame["tx_id"], frame["position"].to_numpy())
    assert known.rows.tolist() == found.rows.tolist()
    assert known.hashes.tolist() == found.hashes.tolist()
    keys = list(zip(known.hashes[known.rows], frame["position"].iloc[known.rows], strict=True))
    assert keys == sorted(keys)
    assert np.unique(known.rows).size == 4
