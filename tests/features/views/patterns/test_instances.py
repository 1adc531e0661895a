"""The buffer of instances: what is noted, in which order it is shown, what does not fit."""

import numpy as np

from features.kernel import Records
from features.views.patterns.instances import (
    KIND,
    Instances,
    by_kind,
    empty_instances,
    note_instance,
    note_transfer,
)

TRANSFER = np.dtype([("time", np.int64), ("amount", np.float64), ("transfer", np.int64)])


def moved(*times: int) -> Records:
    """Transfers of 1 whose row in the log is ten times their time."""
    return np.array([(time, 1.0, 10 * time) for time in times], dtype=TRANSFER)


def note(noted: Instances, kind: int, value: float, *times: int) -> None:
    note_instance(noted, kind, value)
    for of in moved(*times):
        note_transfer(noted, of)


def shown(noted: Instances, kind: str) -> list[list[int]]:
    return [transfers.tolist() for transfers, _ in by_kind(noted)[kind]]


def test_the_widest_come_first_and_then_those_of_most_value() -> None:
    noted = empty_instances(9, 99)
    note(noted, KIND.scatter_gather_source, 1.0, 1, 2)
    note(noted, KIND.scatter_gather_source, 2.0, 3, 4)
    note(noted, KIND.scatter_gather_source, 0.0, 5, 6, 7)
    note(noted, KIND.fan_in_burst_1d, 9.0, 8)
    assert shown(noted, "scatter_gather_source") == [[50, 60, 70], [30, 40], [10, 20]]
    assert shown(noted, "fan_in_burst_1d") == [[80]]
    assert shown(noted, "fan_out_burst_1d") == []


def test_transfers_are_shown_in_order_of_time() -> None:
    noted = empty_instances(1, 3)
    note(noted, KIND.gather_scatter, 1.0, 3, 1, 2)
    assert shown(noted, "gather_scatter") == [[10, 20, 30]]


def test_five_of_a_kind_are_enough() -> None:
    noted = empty_instances(9, 99)
    for value in range(8):
        note(noted, KIND.scatter_gather_source, float(value), value)
    assert shown(noted, "scatter_gather_source") == [[70], [60], [50], [40], [30]]


def test_a_table_notes_nothing() -> None:
    noted = empty_instances(0, 0)
    note(noted, KIND.scatter_gather_source, 1.0, 1, 2)
    assert noted.size.tolist() == [0, 0]
    assert set(by_kind(noted)) == set(KIND._fields)
