"""Calls inside transactions: which were undone."""

from typing import Any

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from features.sources.ethereum.traces import of_call_tracer, trace_frame, undone

PATHS = st.lists(st.integers(0, 2), max_size=4).map(lambda path: ",".join(map(str, path)))
ROWS = st.lists(st.tuples(st.sampled_from("tu"), PATHS, st.sampled_from(["", "", "Reverted"])))


def encloses(outer: str, inner: str) -> bool:
    return outer in ("", inner) or inner.startswith(f"{outer},")


@given(ROWS.map(lambda rows: list({row[:2]: row for row in rows}.values())))
def test_a_call_is_undone_where_it_or_one_around_it_failed(
    rows: list[tuple[str, str, str]],
) -> None:
    frame = pd.DataFrame(rows, columns=["tx_id", "path", "error"], dtype="str")
    expected = [
        any(tx == other and error and encloses(outer, path) for other, outer, error in rows)
        for tx, path, _ in rows
    ]
    assert undone(frame["tx_id"], frame["path"], frame["error"]).tolist() == expected


def test_calls_as_deep_as_the_machine_allows() -> None:
    frame: dict[str, Any] = {"type": "CALL", "from": "0xa", "to": "0xb", "value": "0x1"}
    inner = frame
    for _ in range(1023):
        inner = frame | {"calls": [inner]}
    traces = trace_frame(of_call_tracer([{"result": inner | {"error": "out of gas"}}], ["0x1"]))
    assert len(traces) == 1024
    assert traces["failed"].all()
    assert traces["path"].str.count(",").max() == 1022
