"""Single transfers of a stream: the same checks as a frame's, and the same ledger."""

import math
from typing import Any

import pandas as pd
import pytest

from features import ConflictError, Ledger, LedgerError, Transfer, TransfersError
from features.ledger.arrivals import is_plain
from tests.strategies import START, at, transfers

GOOD = Transfer("n", at(30), "c", "d", 1.5, "ETH")
BASE = [(0, "a", "b", 1.0), (10, "b", "c", 2.0)]


def ledger() -> Ledger:
    return Ledger.from_transfers(transfers(BASE))


def test_one_transfer_enters_as_a_frame_of_one() -> None:
    stream, frame = ledger(), ledger()
    assert stream.append_one(GOOD)
    assert not stream.append_one(GOOD)
    frame.append(pd.DataFrame([GOOD._asdict()]))
    assert stream.n_transfers == frame.n_transfers == 3
    assert stream.last_timestamp == frame.last_timestamp == at(30)
    for side in ("incoming", "outgoing"):
        held, other = getattr(stream.sides, side), getattr(frame.sides, side)
        for code in range(4):
            ends = [slice(s.start[code], s.start[code] + s.count[code]) for s in (held, other)]
            for name in ("time", "counterparty", "transfer", "amount"):
                left, right = getattr(held, name)[ends[0]], getattr(other, name)[ends[1]]
                assert left.tolist() == right.tolist()


def test_the_first_transfer_names_the_asset() -> None:
    empty = Ledger.from_transfers(transfers([]))
    assert empty.append_one(GOOD)
    assert empty.asset == "ETH"


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"amount": -1.0}, TransfersError, "amount is negative"),
        ({"amount": math.nan}, TransfersError, "amount is missing or nan"),
        ({"amount": 2e60}, TransfersError, "amount is above 1e\\+60"),
        ({"sender": ""}, TransfersError, "sender is empty"),
        ({"recipient": "x" * 257}, TransfersError, "recipient is longer than 256"),
        ({"tx_id": None}, TransfersError, "tx_id"),
        ({"position": -1}, TransfersError, "position is negative"),
        ({"timestamp": START.tz_localize(None)}, TransfersError, "timestamp"),
        ({"timestamp": pd.NaT}, TransfersError, "timestamp"),
        ({"asset": "BTC"}, LedgerError, "holds 'ETH', the transfers are of 'BTC'"),
        ({"tx_id": "t1"}, ConflictError, "'t1', 0\\) is in the ledger"),
    ],
)
def test_what_breaks_the_contract_is_refused_and_nothing_added(
    change: dict[str, Any], error: type[Exception], told: str
) -> None:
    held = ledger()
    with pytest.raises(error, match=told):
        held.append_one(GOOD._replace(**change))
    assert held.n_transfers == 2


def test_what_only_the_full_check_can_tell_is_left_to_it() -> None:
    assert is_plain(GOOD)
    unusual = GOOD._replace(sender="w\u00e4hrung", amount=2)
    assert not is_plain(unusual)
    held = ledger()
    assert held.append_one(unusual)
    assert held.code("w\u00e4hrung") >= 0
