"""Windows of consecutive rows, beside a count of each alone."""

import numpy as np
import pytest

from features.past import HISTORY_CAP, NO_LABELS, past_of
from features.past.cut import held
from features.past.moving_window import WINDOW, locate
from tests.busy import HUB, busy, ledger_of, some_rows
from tests.naive.past import Transfer


def located(rows: list[Transfer], codes: list[int], instants: list[int], width: int) -> None:
    """Compare the windows of all rows asked together with each counted by itself."""
    ledger = ledger_of(rows)
    asked = past_of(ledger, np.array(codes, np.int32), np.array(instants), NO_LABELS)
    side, windows = asked.incoming, np.zeros(len(codes), dtype=WINDOW)
    locate(side, asked.wallets, asked.instants, width, windows)
    for (first, end, left, right), code, instant in zip(
        windows.tolist(), codes, instants, strict=True
    ):
        start, stop = held(side, code, instant) if code >= 0 else (0, 0)
        times = side.time[start:stop]
        assert end == start + (times < instant).sum()
        assert first == max(start + (times < instant - width).sum(), end - HISTORY_CAP)
        if first == end:
            continue
        assert first <= left <= right < end + 1
        block = start + (times < times[0] + (instant - times[0]) // width * width).sum()
        counted = start + (end - start) // HISTORY_CAP * HISTORY_CAP
        inside = {place for place in (block, counted) if first < place}
        assert inside <= {left, right}
        assert {left, right} - inside <= {first}


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("width", [90_000_000, 3_600_000_000])
def test_a_window_is_where_it_is_alone(seed: int, width: int) -> None:
    rows = busy(60, seed, wallets=4)
    codes, instants = some_rows(ledger_of(rows), rows, seed)
    located(rows, codes, instants, width)
    ordered = sorted(zip(codes, instants, strict=True))
    located(rows, [c for c, _ in ordered], [t for _, t in ordered], width)


def test_a_window_holds_the_latest_transfers_only() -> None:
    n = 2 * HISTORY_CAP + 20
    rows = [Transfer(i, "w", HUB, 1.0, f"t{i}", 0) for i in range(n)]
    code = ledger_of(rows).code(HUB)
    instants = [HISTORY_CAP - 1, HISTORY_CAP + 1, 2 * HISTORY_CAP + 10, n]
    for width in (50, 5_000, 10 * n):
        located(rows, [code] * len(instants), instants, width)
