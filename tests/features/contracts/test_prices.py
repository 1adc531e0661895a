"""Prices: the latest strictly before a transfer, never later, and none that is too old."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from features import TransfersError, check_transfers
from features.contracts.prices import check_prices, priced
from tests.strategies import START, transfers

HOUR = pd.Timedelta(hours=1)


def table(rows: Sequence[tuple[float, str, float]]) -> pd.DataFrame:
    times = [START + pd.Timedelta(seconds=seconds) for seconds, _, _ in rows]
    return pd.DataFrame(
        {
            "asset": pd.Series([asset for _, asset, _ in rows], dtype="str"),
            "timestamp": pd.Series(times, dtype="datetime64[us, UTC]"),
            "price": pd.Series([price for _, _, price in rows], dtype="float64"),
        }
    )


PRICES = [(0, "ETH", 2000.0), (10, "ETH", 3000.0), (50, "ETH", 9.0), (5, "BTC", 60000.0)]


def values(
    rows: Sequence[tuple[float, str, str, float]], asset: str = "ETH", max_age: pd.Timedelta = HOUR
) -> list[float]:
    checked = check_transfers(transfers(rows).assign(asset=asset))
    return priced(checked, check_prices(table(PRICES)), "USD", max_age)[0]["value"].tolist()


def test_the_price_is_the_latest_strictly_before() -> None:
    moves = [(s, "a", "b", 2.0) for s in (0, 9, 10, 10.000001, 49)]
    np.testing.assert_array_equal(values(moves), [np.nan, 4000.0, 4000.0, 6000.0, 6000.0])


def test_no_price_reaches_another_asset() -> None:
    assert np.isnan(values([(40, "a", "b", 2.0)], asset="DOGE")).all()
    assert values([(40, "a", "b", 2.0)], asset="BTC") == [120000.0]


def test_an_old_price_counts_as_none_and_all_are_counted() -> None:
    frame = transfers([(0, "a", "b", 1.0), (20, "a", "b", 1.0), (7200, "a", "b", 1.0)])
    frame = pd.concat([frame, transfers([(30, "a", "b", 4.0)], prefix="usd").assign(asset="USD")])
    frame = pd.concat([frame, transfers([(31, "a", "b", 4.0)], prefix="v").assign(value=1.0)])
    found, counts = priced(check_transfers(frame), check_prices(table(PRICES)), "USD", HOUR)
    assert counts == (2, 1, 1, 1)
    assert found.set_index("tx_id")["value"]["v0"] == 1.0  # what a row says stands
    assert "1 transfer priced, 2 came with a value; 2 without: 1 before any" in counts.text()
    with_age = priced(check_transfers(frame), check_prices(table(PRICES)), "USD", 3 * HOUR)[1]
    assert (with_age.priced, with_age.stale) == (2, 0)


def test_later_prices_change_nothing() -> None:
    known = check_prices(table(PRICES[:2]))
    checked = check_transfers(transfers([(s, "a", "b", 2.0) for s in (5, 20, 50)]))
    before = priced(checked, known, "USD", HOUR)[0]["value"]
    after = priced(checked, check_prices(table(PRICES)), "USD", HOUR)[0]["value"]
    np.testing.assert_array_equal(before, after)


def test_two_prices_of_one_instant_are_refused_and_copies_are_not() -> None:
    assert len(check_prices(table([*PRICES, PRICES[0]]))) == len(PRICES)
    with pytest.raises(TransfersError, match=r"'ETH' has two prices at .*: 2000.0 and 5.0"):
        check_prices(table([*PRICES, (0, "ETH", 5.0)]))


@pytest.mark.parametrize("price", [np.nan, -1.0, np.inf])
def test_a_price_is_a_number(price: float) -> None:
    with pytest.raises(TransfersError, match="price is"):
        check_prices(table([(0, "ETH", price)]))


def test_a_value_beyond_all_bounds_is_told() -> None:
    checked = check_transfers(transfers([(20, "a", "b", 1e58)]))
    with pytest.raises(TransfersError, match=r"'t0', 0\) of 1e\+58 'ETH' would be worth"):
        priced(checked, check_prices(table(PRICES)), "USD", HOUR)


def test_order_of_prices_does_not_matter() -> None:
    turned = check_prices(table(PRICES[::-1]))
    pd.testing.assert_frame_equal(turned, check_prices(table(PRICES)))
