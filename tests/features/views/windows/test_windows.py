"""Moving windows: statistics, bits of a batch, caps and ties."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import Ledger, feature_table
from features.errors import RiskError
from features.kernel import HOUR
from features.past.history import HISTORY_CAP
from features.past.known_labels import NO_LABELS
from features.view import View
from features.views.windows.windows import STATISTICS, WINDOWED, window_view
from tests import compare
from tests.naive.past import NAN, Past, Row, Transfer, past, ratio, transfer_list
from tests.naive.windows import moments, recent
from tests.strategies import World, at, spine, transfers, worlds

WIDTHS = {"90s": 90_000_000, "1h": HOUR, "5h": 5 * HOUR}
EVERY = window_view("every", WIDTHS, tuple(STATISTICS))


def every(past_of: Past, wallet: str) -> Row:
    """Twin of ``EVERY``."""
    row: Row = {}
    for d, whole in zip(("in", "out"), past_of.read(wallet), strict=True):
        for window, width in WIDTHS.items():
            inside = recent(whole, past_of.as_of - width)
            n = len(inside)
            fan = len({t.sender if d == "in" else t.recipient for t in inside})
            mean, variance, skew, kurtosis = moments([t.amount for t in inside])
            row |= {
                f"every_fan_{d}_{window}_count": fan,
                f"every_fan_{d}_{window}_share": ratio(fan, n),
                f"every_transfers_{d}_{window}_count": n,
                f"every_total_{d}_{window}_amount": math.fsum(t.amount for t in inside),
                f"every_mean_{d}_{window}_amount": mean,
                f"every_variance_{d}_{window}_squared_amount": variance,
                f"every_cv_{d}_{window}_ratio": math.sqrt(variance) / mean if mean else NAN,
                f"every_skew_{d}_{window}_ratio": skew,
                f"every_kurtosis_{d}_{window}_ratio": kurtosis,
            }
    return row


def batch_is_alone(ledger: Ledger, codes: list[int], as_of: list[int], view: View) -> None:
    code, instant = np.array(codes, dtype=np.int32), np.array(as_of, dtype=np.int64)
    whole = view.compute(ledger.sides, NO_LABELS, code, instant)
    alone = [
        view.compute(ledger.sides, NO_LABELS, code[i : i + 1], instant[i : i + 1])
        for i in range(len(codes))
    ]
    compare.same_bits(whole, np.concatenate(alone), [column.name for column in view.columns])


def busy(n: int, seed: int, *, wallets: int = 40, mean_gap_s: float = 20) -> list[Transfer]:
    """Transfers around one wallet ``hub``: bursts, ties, silences, heavy-tailed amounts."""
    random = np.random.default_rng(seed)
    gaps = random.choice([0, mean_gap_s, 40 * mean_gap_s], n, p=[0.3, 0.69, 0.01])
    times = np.cumsum(np.rint(gaps * random.exponential(size=n) * 1e6)).astype(np.int64)
    amounts = np.exp(random.normal(0, 5, n))
    names = [f"w{k}" for k in random.zipf(1.5, n) % wallets]
    sent = random.random(n) < 0.4
    return [
        Transfer(
            int(time), "hub" if out else name, name if out else "hub", amount, f"t{i}", 0
        )
        for i, (time, name, amount, out) in enumerate(
            zip(times.tolist(), names, amounts.tolist(), sent.tolist(), strict=True)
        )
    ]  # fmt: skip


def ledger_of(rows: list[Transfer]) -> Ledger:
    frame = pd.DataFrame(rows)
    stamps = pd.to_datetime(frame.pop("time"), unit="us", utc=True).astype("datetime64[us, UTC]")
    frame = frame.assign(timestamp=stamps, asset="ETH")
    return Ledger.from_transfers(frame.astype({"position": "int32"}))


@given(worlds())
def test_matches_its_slow_twin(world: World) -> None:
    compare.with_naive(world, WINDOWED)


@given(worlds())
def test_every_statistic_matches_its_slow_twin(world: World) -> None:
    ledger = world.ledger()
    fast = feature_table(ledger, world.spine, views=(EVERY,))
    everything = transfer_list(world.transfers)
    rows = [
        every(past(everything, None, instant), wallet)
        for wallet, instant in zip(
            world.spine["wallet"],
            world.spine["as_of"].to_numpy("datetime64[us]").astype(np.int64).tolist(),
            strict=True,
        )
    ]
    slow = pd.DataFrame(rows, index=fast.index, dtype="float64")[list(fast.columns)]
    scale = world.largest_amounts()
    squared = [name for name in fast.columns if name.endswith("_squared_amount")]
    compare.close(fast[squared], slow[squared], rtol=1e-9, scale=scale**2)
    fast, slow = fast.drop(columns=squared), slow.drop(columns=squared)
    compare.close(fast, slow, rtol=1e-9, scale=scale)


@pytest.mark.parametrize("seed", range(4))
def test_heavy_tails_match_exact_moments_in_every_row_of_a_training_table(seed: int) -> None:
    rows = busy(1500, seed)
    ledger = ledger_of(rows)
    code = ledger.code("hub")
    instants = sorted({t.time + 1 for t in rows})
    sample = np.array(instants[::7], dtype=np.int64)
    found = EVERY.compute(
        ledger.sides, NO_LABELS, np.full(sample.size, code, dtype=np.int32), sample
    )
    names = [column.name for column in EVERY.columns]
    expected = pd.DataFrame(
        [every(past(rows, None, instant), "hub") for instant in sample.tolist()]
    )
    # relative alone: amounts span 15 orders of magnitude
    np.testing.assert_allclose(
        found, expected[names].to_numpy(), rtol=1e-11, atol=1e-13, equal_nan=True
    )
    batch_is_alone(ledger, [code] * len(instants), instants, EVERY)


@given(st.integers(0, 2**32 - 1), st.integers(1, 60))
def test_rows_in_any_order_have_the_bits_of_rows_alone(seed: int, n: int) -> None:
    rows = busy(n, seed, wallets=4)
    ledger = ledger_of(rows)
    random = np.random.default_rng(seed)
    wallets = [ledger.code("hub"), ledger.code("w1"), ledger.code("w2"), -1]
    codes = random.choice(wallets, 40).tolist()
    instants = (random.choice([t.time for t in rows], 40) + random.integers(-1, 2, 40)).tolist()
    batch_is_alone(ledger, codes, instants, EVERY)
    ordered = sorted(zip(codes, instants, strict=True))
    batch_is_alone(ledger, [c for c, _ in ordered], [t for _, t in ordered], EVERY)


def test_a_window_reads_the_latest_transfers_only_and_still_moves() -> None:
    n = 2 * HISTORY_CAP + 500
    amounts = np.random.default_rng(5).lognormal(sigma=2, size=n)
    sides = [Transfer(i // 3, f"w{i % 4111}", "hub", a, f"t{i}", 0) for i, a in enumerate(amounts)]
    ledger = ledger_of(sides)
    ends = [
        HISTORY_CAP - 2,
        HISTORY_CAP,
        HISTORY_CAP + 3,
        2 * HISTORY_CAP - 1,
        2 * HISTORY_CAP + 4,
        n,
    ]
    code, instants = ledger.code("hub"), [-(-end // 3) for end in ends]
    view = window_view("capped", {"10d": 240 * HOUR, "2ms": 2000}, tuple(STATISTICS))
    batch_is_alone(ledger, [code] * len(ends), instants, view)
    found = view.compute(
        ledger.sides, NO_LABELS, np.full(len(ends), code, dtype=np.int32), np.array(instants)
    )
    table = pd.DataFrame(found, columns=[column.name for column in view.columns])
    held = ledger.sides.incoming
    for row, instant in enumerate(instants):
        start = int(held.start[code])
        end = start + min(3 * instant, n)
        for window, width in (("10d", 240 * HOUR), ("2ms", 2000)):
            first = max(start, end - HISTORY_CAP, start + 3 * (instant - width))
            read = held.amount[first:end]
            assert table[f"capped_transfers_in_{window}_count"][row] == read.size
            fan = np.unique(held.counterparty[first:end]).size
            assert table[f"capped_fan_in_{window}_count"][row] == fan
            mean, variance, skew, kurtosis = moments(read.tolist())
            assert table[f"capped_mean_in_{window}_amount"][row] == pytest.approx(mean, rel=1e-12)
            assert table[f"capped_skew_in_{window}_ratio"][row] == pytest.approx(skew, rel=1e-11)
            assert table[f"capped_kurtosis_in_{window}_ratio"][row] == pytest.approx(
                kurtosis, rel=1e-11
            )
            assert table[f"capped_variance_in_{window}_squared_amount"][row] == pytest.approx(
                variance, rel=1e-12
            )


def test_a_window_is_half_open() -> None:
    ledger = Ledger.from_transfers(
        transfers([(0, "a", "b", 1.0), (3600, "a", "b", 2.0), (3600, "c", "b", 6.0)])
    )
    rows = {
        second: feature_table(ledger, spine(["b"], at(second)), views=(EVERY,)).iloc[0]
        for second in (0, 3600, 3600.000001)
    }
    assert rows[0]["every_transfers_in_1h_count"] == 0
    assert rows[3600]["every_mean_in_1h_amount"] == 1.0
    assert rows[3600.000001]["every_mean_in_1h_amount"] == 4.0
    assert rows[3600.000001]["every_fan_in_1h_count"] == 2
    assert rows[3600.000001]["every_mean_in_5h_amount"] == 3.0


def test_exact_shape_of_known_amounts() -> None:
    ledger = Ledger.from_transfers(
        transfers([(i, "a", "b", x) for i, x in enumerate([0, 0, 0, 4])])
    )
    row = feature_table(ledger, spine(["b"], at(9)), views=(WINDOWED,)).iloc[0]
    assert row["windows_mean_in_1d_amount"] == 1.0
    assert row["windows_cv_in_1d_ratio"] == math.sqrt(3)
    assert row["windows_skew_in_1d_ratio"] == pytest.approx(6 / 3**1.5, rel=1e-15)
    assert row["windows_kurtosis_in_1d_ratio"] == pytest.approx(21 / 9, rel=1e-15)


@pytest.mark.parametrize("amounts", [[0.1] * 7, [5.0], [0.1 + 0.2, 0.3, 0.3]])
def test_equal_amounts_have_no_shape(amounts: list[float]) -> None:
    ledger = Ledger.from_transfers(transfers([(i, "a", "b", x) for i, x in enumerate(amounts)]))
    row = feature_table(ledger, spine(["b"], at(90_000)), views=(WINDOWED,)).iloc[0]
    assert row["windows_cv_in_7d_ratio"] == pytest.approx(0, abs=1e-15)
    assert np.isnan(row["windows_skew_in_7d_ratio"])
    assert np.isnan(row["windows_kurtosis_in_7d_ratio"])


def test_largest_and_least_amounts_stay_finite() -> None:
    amounts = [1e60, 0.0, 1e60, 1e-300, 1e60]
    ledger = Ledger.from_transfers(transfers([(i, "a", "b", x) for i, x in enumerate(amounts)]))
    row = feature_table(ledger, spine(["b"], at(9)), views=(WINDOWED,)).iloc[0]
    assert np.isfinite(row.filter(like="_in_")).all()


@pytest.mark.parametrize(
    ("windows", "statistics", "message"),
    [
        ({"1h": HOUR}, ("mean", "median"), "statistics must be some of .*received .*median"),
        ({"1h": HOUR}, (), "statistics must be some of"),
        ({"1h": 0}, ("mean",), "positive widths"),
        ({}, ("mean",), "positive widths"),
    ],
)
def test_a_view_that_cannot_be_is_refused(
    windows: dict[str, int], statistics: tuple[str, ...], message: str
) -> None:
    with pytest.raises(RiskError, match=message):
        window_view("x", windows, statistics)
