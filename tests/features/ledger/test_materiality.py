"""Which receipts count, and that no order of arrival changes it."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger
from features.checks.plain_past import micros, plain_past, transfer_list
from features.ledger.materiality import BUDGET, SHARE
from features.past import cut
from tests.strategies import World, asked_late, at, transfers, worlds

Moves = list[tuple[float, str, str, float]]
FAR = pd.Timestamp("2200-01-01", tz="UTC")


def counting(moves: Moves, wallet: str = "w") -> list[float]:
    """Amounts of the receipts of a wallet that count, late."""
    ledger = Ledger.from_transfers(transfers(moves))
    past = asked_late(ledger, wallet)
    read = cut(past.incoming, ledger.code(wallet))
    amounts: list[float] = past.incoming.amount[read.first : read.end].tolist()
    return amounts


def paid(*amounts: float, start: float = 0.0) -> Moves:
    """One receipt of w a second, each of another sender."""
    return [(start + k, f"x{k}", "w", amount) for k, amount in enumerate(amounts)]


def test_a_receipt_below_a_thousandth_of_the_mean_is_dust() -> None:
    assert counting(paid(1.0, 3.0, 0.0019, 0.002)) == [1.0, 3.0, 0.002]
    assert counting(paid(1.0, 3.0, 0.0)) == [1.0, 3.0]


def test_what_a_wallet_sends_counts_for_its_scale_and_is_never_dust() -> None:
    moves = [(0.0, "w", "a", 5.0), (1.0, "w", "a", 1e-9), *paid(0.002, 0.003, start=2.0)]
    assert counting(moves) == [0.003]
    ledger = Ledger.from_transfers(transfers(moves))
    assert ledger.outgoing.count[ledger.code("w")] == 2


def test_a_hundred_payments_below_the_threshold_never_count() -> None:
    just_below = SHARE * 0.999
    assert counting(paid(1.0, *[just_below] * 100)) == [1.0]
    assert pytest.approx(100 * SHARE) == BUDGET


def test_small_payments_that_sum_to_more_than_a_tenth_count_again() -> None:
    """A criminal's large round trip does not hide all that is paid to him."""
    kept = counting(paid(1000.0, *[0.9] * 1000))
    assert 1000.0 + 0.9 * 1000 - sum(kept) <= BUDGET * sum(kept)
    assert len(kept) > 800


def test_dust_before_the_first_money_is_set_aside_when_it_comes() -> None:
    dust = paid(*[1e-9] * 50)
    assert len(counting(dust)) == 50  # beside nothing, nothing is small
    assert counting([*dust, *paid(1.0, 2.0, start=100.0)]) == [1.0, 2.0]


def test_a_ladder_of_dust_is_set_aside_as_a_whole() -> None:
    assert counting(paid(1e-9, 1e-7, 1e-5, 1e-5, 1.0)) == [1.0]
    assert counting(paid(1e-9, 1e-3, 1.0)) == [1e-3, 1.0]  # a thousandth of it counts


def test_what_was_set_aside_counted_before() -> None:
    ledger = Ledger.from_transfers(transfers([*paid(1e-9, 1e-9), *paid(1.0, start=10.0)]))
    for seconds, count in ((5.0, 2), (10.0, 2), (10.000001, 1)):
        past = asked_late(ledger, "w").asking(
            np.array([ledger.code("w")], np.int32), np.array([micros(at(seconds))])
        )
        past.labels.as_of[0] = past.instants[0]
        assert cut(past.incoming, ledger.code("w")).total == count


def test_the_sender_of_what_is_dust_for_a_hub_still_sent_it() -> None:
    moves = [(0.0, "x", "hub", 1e4), (1.0, "w", "hub", 1.0)]
    ledger = Ledger.from_transfers(transfers(moves))
    assert counting(moves, "hub") == [1e4]
    assert ledger.outgoing.count[ledger.code("w")] == 1
    assert ledger.dust.counterparty.tolist() == [ledger.code("w")]
    assert ledger.rows("t1")


@given(worlds(), st.integers(0, 2**32 - 1))
def test_every_order_of_arrival_parts_receipts_as_plain_python_does(
    world: World, seed: int
) -> None:
    random = np.random.default_rng(seed)
    arriving = world.shuffled(random).transfers
    cuts = sorted(random.integers(0, len(arriving) + 1, 3).tolist())
    ledger = Ledger.from_transfers(arriving.iloc[: cuts[0]])
    for first, end in zip(cuts, [*cuts[1:], len(arriving)], strict=True):
        ledger.append(arriving.iloc[first:end])
    everything = transfer_list(world.transfers)
    plain, rebuilt = plain_past(everything, None, micros(FAR)), world.ledger()
    for wallet in {*plain.received, *plain.sent}:
        code, dust = ledger.code(wallet), plain.dust.get(wallet, [])
        early = sum(each.early for each in dust)
        assert ledger.incoming.count[code] == len(plain.received.get(wallet, [])) + early
        assert ledger.dust.count[code] == len(dust) - early
        assert ledger.scales.scale[code] == rebuilt.scales.scale[rebuilt.code(wallet)]


def test_a_ledger_grown_for_a_stream_judges_as_a_rebuilt_one() -> None:
    frame = transfers(paid(1.0, 1e-6, 2.0, 1e-6, 1e4, 1.0, 1e-6))
    stream = Ledger.from_transfers(frame.iloc[:0])
    for row in range(len(frame)):
        stream.append(frame.iloc[[row]])
    rebuilt = Ledger.from_transfers(frame)
    for side in ("incoming", "dust"):
        held, other = getattr(stream, side), getattr(rebuilt, side)
        assert held.amount[held.places()].tolist() == other.amount[other.places()].tolist()


def test_a_retracted_transfer_no_longer_makes_others_dust() -> None:
    frame = transfers(paid(1.0, 1000.0, 0.5))
    ledger = Ledger.from_transfers(frame)
    assert ledger.dust.count.sum() == 1
    ledger.retract(["t1"])
    assert ledger.dust.count.sum() == 0
    ledger.retract(["t2"])
    assert ledger.incoming.count.sum() == 1
