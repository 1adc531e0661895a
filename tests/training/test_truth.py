"""What labels say of rows: in time, with their ends, and without a verdict."""

import numpy as np
import pandas as pd
import pytest

from training.categories import row_categories
from training.truth import labels_to_y, truth_of


def day(number: float) -> pd.Timestamp:
    return pd.Timestamp("2024-01-01", tz="UTC") + pd.Timedelta(days=number)


SANCTION = pd.DataFrame(
    {
        "wallet": ["a", "b", "c"], "label": ["illicit", "licit", "none"],
        "category": ["sanctioned", "exchange", "mixer"], "known_at": day(10),
        "until": [day(20), pd.NaT, pd.NaT],
    }
)  # fmt: skip


def rows(wallet: str, *days: float) -> pd.DataFrame:
    return pd.DataFrame({"wallet": wallet, "as_of": [day(one) for one in days]})


def test_a_row_is_illicit_up_to_the_end_of_the_sanction_and_unlabelled_after_it() -> None:
    # a label speaks of the past as well: that of day 10 of a row as of day 5
    assert labels_to_y(SANCTION, rows("a", 5, 15, 20, 20.001)).tolist() == [1, 1, 1, -1]
    assert labels_to_y(SANCTION, rows("b", 5, 30)).tolist() == [0, 0]


@pytest.mark.parametrize(("at", "expected"), [(12, [1, 1]), (20, [1, 1]), (25, [1, -1])])
def test_an_end_that_came_later_reaches_no_model_built_before(
    at: float, expected: list[int]
) -> None:
    assert labels_to_y(SANCTION, rows("a", 11, 24), at=day(at)).tolist() == expected


def test_rows_without_an_instant_are_asked_about_at_the_building_of_the_model() -> None:
    wallets = pd.DataFrame({"wallet": ["a", "b", "c"]})
    assert labels_to_y(SANCTION, wallets).tolist() == [-1, 0, -1]
    assert labels_to_y(SANCTION, wallets, at=day(15)).tolist() == [1, 0, -1]


def test_who_was_ever_listed_is_no_ordinary_wallet() -> None:
    asked = pd.DataFrame({"wallet": ["a", "b", "c", "d"], "as_of": day(30)})
    truth = truth_of(SANCTION, asked)
    assert truth.listed.tolist() == [True, True, True, False]
    assert truth_of(SANCTION, asked, at=day(10)).listed.tolist() == [False] * 4


def test_what_an_ended_label_outranked_decides_after_it() -> None:
    second = SANCTION.iloc[[0]].assign(label="licit").drop(columns="until")
    both = pd.concat([SANCTION, second]).assign(confidence=[0.9, 1.0, 1.0, 0.4])
    truth = truth_of(both, rows("a", 15, 25))
    assert truth.y_true.tolist() == [1, 0]
    np.testing.assert_allclose(truth.confidence, [0.9 * 0.6, 0.4])


def test_the_kind_of_a_row_is_that_of_the_label_that_held() -> None:
    index = pd.MultiIndex.from_frame(pd.concat([rows("a", 15), rows("b", 15), rows("d", 15)]))
    assert row_categories(SANCTION, index).tolist() == ["sanctioned", "exchange", "other"]
