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
    assert empty.unit == "ETH"


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


def test_a_stream_meets_its_wallets_in_any_spelling() -> None:
    small = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
    large = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    held = ledger()
    assert held.append_one(GOOD._replace(sender=small))
    assert not held.append_one(GOOD._replace(sender=large))
    assert held.append_one(GOOD._replace(tx_id="again", recipient=large))
    assert held.code(small) >= 0
    assert held.code(large) == -1
    with pytest.raises(TransfersError, match="sender has a wrong checksum"):
        held.append_one(GOOD._replace(tx_id="wrong", sender=large.replace("Aed", "aed")))


def test_a_few_transfers_enter_as_their_frame_would() -> None:
    late = GOOD._replace(tx_id="m", timestamp=at(5))
    few, frame = ledger(), ledger()
    new = few.check_stream([GOOD, late, GOOD])
    assert new == [late, GOOD]
    assert few.n_transfers == 2
    few.insert_stream(new)
    few.insert_stream([])
    assert frame.append(pd.DataFrame([GOOD._asdict(), late._asdict()])) == 2
    for name in ("sender", "position", "tx_hash"):
        assert getattr(few, name)[:4].tolist() == getattr(frame, name)[:4].tolist()
    assert few.incoming.time[: few.incoming.used].tolist() == frame.incoming.time.tolist()
    assert few.check_stream([GOOD, late]) == []


@pytest.mark.parametrize(
    "odd",
    [
        GOOD._replace(amount=-1.0),
        GOOD._replace(asset="BTC"),
        GOOD._replace(sender="w\u00e4hrung"),
        GOOD._replace(amount=2.5),  # the id and position of another one, with other content
    ],
)
def test_what_a_few_leave_open_the_full_check_tells(odd: Transfer) -> None:
    assert ledger().check_stream([GOOD, odd]) is None


def test_a_conflict_among_a_few_is_the_conflict_of_their_frame() -> None:
    few = [GOOD, Transfer("t1", at(10), "b", "c", 9.0, "ETH")]
    told = []
    for check in (
        lambda: ledger().check_stream(few),
        lambda: ledger().check_append(pd.DataFrame([one._asdict() for one in few])),
    ):
        with pytest.raises(ConflictError) as raised:
            check()
        told.append(str(raised.value))
    assert told[0] == told[1]


@pytest.mark.parametrize("kind", [pd.Timestamp, pd.Timestamp.to_pydatetime])
def test_microseconds_are_those_of_the_timestamp(kind: Any) -> None:
    for text in ("1678-01-01T00:00:00.000001Z", "1970-01-01T00:00Z", "2261-12-31T23:59:59.9+02:00"):
        stamp = pd.Timestamp(text)
        assert GOOD._replace(timestamp=kind(stamp)).microseconds == stamp.value // 1000
