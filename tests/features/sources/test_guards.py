"""Many bad rows, and amounts that cannot be what they are taken for, are told or refused."""

import numpy as np
import pandas as pd
import pytest

from features import SourceError
from features.sources.formats import Source
from features.sources.guards import check_source
from tests.strategies import transfers


def source(amounts: list[float], *, asset: str = "ETH", bad: int = 0) -> Source:
    """Transfers of these amounts, and bad rows beside them."""
    good = transfers([(n, "a", f"b{n}", amount) for n, amount in enumerate(amounts)])
    good = good.assign(asset=asset)
    index = pd.MultiIndex.from_tuples(
        [("f.csv", 2 + n) for n in range(bad)], names=["file", "line"]
    )
    reasons = [f"recipient is missing: {n}" for n in range(bad)]
    return Source(good, bad=pd.DataFrame({"reason": reasons}, index=index) if bad else None)


def test_few_bad_rows_pass_some_are_told_and_many_are_refused() -> None:
    few, some, many = (source([1.0] * (200 - bad), bad=bad) for bad in (2, 3, 21))
    assert check_source(few) == []
    assert check_source(some) == ["3 of 200 rows are bad, 1.5%: recipient is missing (3)"]
    told = (
        r"21 of 200 rows are bad, 10\.5%: recipient is missing \(21\); the first: f\.csv line 2: "
    )
    with pytest.raises(SourceError, match=told):
        check_source(many)
    assert len(check_source(many, most_bad=0.2)) == 1
    with pytest.raises(SourceError, match=r"2 of 200 rows are bad, 1\.0%"):
        check_source(few, most_bad=0)


@pytest.mark.parametrize(
    ("asset", "amounts", "told"),
    [
        (
            "ETH",
            [0.1e18, 3e18],
            "100.0% are more ETH than there is .*do they count wei or gwei.*--unit wei",
        ),
        ("eth", [0.5e9, 3e9], "do they count wei or gwei"),
        ("BTC", [5e7, 3e9], "more BTC than there is .*--unit satoshi"),
        ("USDT", [1e12], "decimals=6"),
    ],
)
def test_more_than_there_is_of_an_asset_is_refused_unless_a_unit_is_named(
    asset: str, amounts: list[float], told: str
) -> None:
    found = source(amounts, asset=asset)
    with pytest.raises(SourceError, match=told):
        check_source(found)
    (warning,) = check_source(found, unit="decimals=0")
    assert f"are more {asset} than there is" in warning


def test_one_absurd_amount_stops_nothing_but_is_told() -> None:
    (warning,) = check_source(source([*[1.5] * 150, 1e30]))
    assert warning.startswith(
        "the largest amount is 1e+30 ETH (transaction t150), the median about 1.5"
    )


def test_large_whole_numbers_are_told_with_their_evidence() -> None:
    satoshi = np.arange(20_000.0, 20_040.0).tolist()
    (warning,) = check_source(source(satoshi, asset="BTC"))
    assert warning.startswith(
        "the largest amount is 20039 BTC (transaction t39), the median about 2e+04"
    )
    assert "all 40 are whole numbers" in warning
    assert check_source(source([*satoshi, 0.5], asset="BTC")) == []
    assert check_source(source(satoshi, asset="EUR")) == []
    assert check_source(source(satoshi, asset="BTC"), unit="decimals=0") == []


def test_a_unit_that_makes_amounts_vanish_is_told() -> None:
    tiny = [1e-18 * n for n in range(1, 30)]
    (warning,) = check_source(source(tiny), unit="wei")
    assert warning.endswith("were they in whole ETH before wei was said?")
    assert check_source(source(tiny)) == []
    assert check_source(source([])) == check_source(source([0.0])) == []
