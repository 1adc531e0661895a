"""The trail of a wallet: every transfer as the ledger holds it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import LabelsError, Ledger, SpineError, trace
from features.past import Past, ask
from features.view import Trail
from features.views.coverage import COVERAGE
from tests.naive.past import micros, transfer_list
from tests.naive.past import past as plain_past
from tests.strategies import World, at, chain, transfers, worlds

TYPES = {
    "columns": "str", "trail": "int64", "hop": "int64", "tx_id": "str", "position": "int32",
    "timestamp": "datetime64[us, UTC]", "sender": "str", "recipient": "str", "amount": "float64",
    "asset": "str", "value": "float64", "traced_amount": "float64", "category": "str",
}  # fmt: skip


def types(frame: pd.DataFrame) -> dict[str, str]:
    return {str(name): str(dtype) for name, dtype in frame.dtypes.items()}


def everything(past: Past) -> list[Trail]:
    """All that a wallet sent, then all that it received, twice; the first once more."""
    asked, found = ask(past, 0), []
    for side, own, category in (
        (past.outgoing, asked.sent, ""), (past.incoming, asked.received, "scam"),
        (past.incoming, asked.received, "theft"),
    ):  # fmt: skip
        held = slice(own.first, own.end)
        rows = side.transfer[held].astype(np.int64)
        found.append(Trail((f"all_{category}", "x"), rows, side.amount[held] / 2, category))
    return [*found, replace(found[0], columns=("again",))]


EVERYTHING = replace(COVERAGE, trails=lambda given: everything(given.past))


@given(worlds(), st.integers(0, 40))
def test_transfers_come_as_they_were_put_in(world: World, split: int) -> None:
    """Some of them saved, some appended."""
    ledger = Ledger.from_transfers(world.transfers.iloc[:split])
    ledger.append(world.transfers.iloc[split:])
    known = plain_past(transfer_list(world.transfers), None, micros(at(8e7)))
    for wallet in world.spine["wallet"].unique():
        trails = trace(ledger, wallet, at(8e7), views=(EVERYTHING,))
        assert types(trails) == TYPES
        whole = trails.merge(world.transfers, on=["tx_id", "position"], suffixes=("", "_put"))
        assert len(whole) == len(trails)
        for name in ("timestamp", "sender", "recipient", "amount"):
            assert (whole[name] == whole[f"{name}_put"]).all()
        assert (trails["value"] == trails["amount"]).all()
        assert (trails["traced_amount"] == trails["amount"] / 2).all()
        assert (trails["sender"][trails["trail"] == 0] == wallet).all()
        assert (trails["recipient"][trails["trail"] > 0] == wallet).all()
        assert (trails["category"] == trails["trail"].map({0: "", 1: "scam", 2: "theft"})).all()
        names = {0: "all_, x, again", 1: "all_scam, x", 2: "all_theft, x"}
        assert (trails["columns"] == trails["trail"].map(names)).all()
        received, sent = known.sides(wallet)  # without dust
        assert trails.groupby("trail").size().reindex(range(3), fill_value=0).tolist() == [
            len(sent), len(received), len(received),
        ]  # fmt: skip


@pytest.mark.parametrize("wallet", ["never seen", "c0"])
def test_nothing_to_prove_is_an_empty_frame_of_the_same_types(wallet: str) -> None:
    trails = trace(Ledger.from_transfers(chain(3)), wallet, at(0))
    assert trails.empty
    assert types(trails) == TYPES
    assert types(trace(Ledger.from_transfers(chain(0)), wallet, at(0))) == TYPES


def test_an_instant_is_a_text_or_a_datetime() -> None:
    ledger = Ledger.from_transfers(chain(3))
    text = trace(ledger, "c3", at(1000).isoformat())
    assert len(text)
    pd.testing.assert_frame_equal(text, trace(ledger, "c3", at(1000)))
    pd.testing.assert_frame_equal(text, trace(ledger, "c3", at(1000).to_pydatetime()))
    assert trace(ledger, "c3", at(180)).empty  # the transfer to it is at that instant


@pytest.mark.parametrize(
    ("wallet", "as_of", "message"),
    [
        ("c1", "2024-03-01T00:00:00", "as_of must name its time zone"),
        ("c1", pd.Timestamp("2024-03-01"), "as_of has no time zone"),
        ("c1", "yesterday", "as_of is not an ISO 8601 time"),
        ("c1", None, "as_of"),
        ("c1", 1_700_000_000, "as_of must hold datetimes"),
        ("", "2024-03-01T00:00:00Z", "wallet is empty"),
        (5, "2024-03-01T00:00:00Z", "wallet must hold strings"),
    ],
)
def test_a_bad_question_is_told(wallet: str, as_of: str, message: str) -> None:
    with pytest.raises(SpineError, match=message):
        trace(Ledger.from_transfers(chain(3)), wallet, as_of)


def test_labels_keep_their_contract() -> None:
    with pytest.raises(LabelsError, match="missing column"):
        trace(Ledger.from_transfers(chain(3)), "c1", at(0), labels=pd.DataFrame({"wallet": ["c1"]}))


def test_one_transfer_in_a_hub_is_found_among_many() -> None:
    rows = [(i, "hub", f"leaf{i}", 1.0 + i) for i in range(3000)]
    trails = trace(Ledger.from_transfers(transfers(rows)), "leaf1234", at(1e6))
    depth = trails[trails["columns"].str.startswith("layering_depth_backward_hops")]
    assert depth["tx_id"].tolist() == ["t1234"]
    assert depth["amount"].tolist() == [1235.0]
