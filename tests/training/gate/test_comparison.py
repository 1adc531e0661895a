"""The paired comparison: exact where it can be, and never decided by luck."""

import numpy as np
import pandas as pd
import pytest

from features.errors import RiskError
from training.gate.comparison import Comparison, Draws, average_precisions, compare
from training.metrics import average_precision


def rows(
    n: int = 600, *, fits: int = 5, worse: float = 0.0, luck: float = 0.3, seed: int = 0
) -> pd.DataFrame:
    """Rows of two recipes of one skill, or of a champion that is ``worse``; each fit has luck."""
    random = np.random.default_rng(seed)
    as_of = pd.date_range("2024-01-01", periods=n, freq="h", tz="UTC").as_unit("us")
    index = pd.MultiIndex.from_arrays(
        [[f"w{at}" for at in range(n)], as_of], names=["wallet", "as_of"]
    )
    y_true = (random.random(n) < 0.2).astype(np.int8)
    skill = 1.5 * y_true + random.normal(size=n)
    found = pd.DataFrame({"y_true": y_true}, index=index)
    for side, lost in (("candidate_", 0.0), ("champion_", worse)):
        for fit in range(fits):
            noise = random.normal(size=n) * np.hypot(luck, lost)
            found[f"{side}{fit + 1}"] = skill + noise
    return found


@pytest.mark.parametrize("ties", [False, True])
def test_areas_of_all_draws_are_those_of_scikit_learn(ties: bool) -> None:
    frame = rows(200)
    y_true, scores = frame["y_true"].to_numpy(np.int8), frame["candidate_1"].to_numpy()
    scores = np.round(scores) if ties else scores
    draws = Draws.of(frame.index, np.random.default_rng(0))
    found = average_precisions(y_true, scores, draws)
    for at in (0, 1, 500, 1000):
        weights = draws.counts[at, draws.block]
        assert found[at] == pytest.approx(average_precision(y_true, scores, weights), abs=1e-12)


def test_a_draw_without_a_class_has_no_area() -> None:
    draws = Draws(np.array([[1.0, 1.0], [2.0, 0.0]]), np.array([0, 0, 1]))
    found = average_precisions(np.array([0, 0, 1], np.int8), np.array([1.0, 2.0, 3.0]), draws)
    assert found[0] == 1.0
    assert np.isnan(found[1])


def test_equal_recipes_are_no_worse_and_never_better() -> None:
    found = [compare(rows(seed=seed, luck=0.15), margin=0.05) for seed in range(20)]
    assert [one.verdict for one in found] == ["no worse"] * 20


def test_the_luck_of_a_seed_is_no_better_recipe() -> None:
    # many rows, so that the rows leave no doubt about which of two fits ranks better
    lucky = rows(6_000, fits=1, seed=3)
    lucky["candidate_1"] += 0.5 * lucky["y_true"]
    one_fit = compare(lucky, margin=0.05)
    assert one_fit.low > 0
    assert one_fit.verdict == "no worse"
    several = rows(6_000, seed=3)
    several["candidate_1"] += 0.5 * several["y_true"]
    assert compare(several, margin=0.05).verdict != "better"


def test_a_better_recipe_is_better_and_a_worse_one_is_refused() -> None:
    frame = rows(worse=3.0)
    better = compare(frame, margin=0.03)
    assert better.verdict == "better"
    sides = {"candidate": "champion", "champion": "candidate"}
    swapped = {
        f"{side}_{fit}": f"{other}_{fit}" for side, other in sides.items() for fit in range(1, 6)
    }
    worse = compare(frame.rename(columns=swapped), margin=0.03)
    assert worse.verdict == "refused"
    assert worse.difference == pytest.approx(-better.difference)


def test_too_few_rows_are_refused_and_said_to_be_too_few() -> None:
    found = compare(rows(60), margin=0.01)
    assert found.verdict == "refused"
    assert "too few rows" in found.detail
    assert "too few rows" not in Comparison(-0.2, -0.3, -0.1, 0.03, 9, 3, 5).detail


def test_pairing_takes_out_what_is_hard_for_both() -> None:
    found = compare(rows(luck=0.05), margin=0.03)
    alone = average_precisions(
        rows()["y_true"].to_numpy(np.int8), rows()["candidate_1"].to_numpy(),
        Draws.of(rows().index, np.random.default_rng(0)),
    )  # fmt: skip
    width = np.subtract(*np.percentile(alone[1:], [97.5, 2.5]))
    assert found.high - found.low < width / 4


def test_rows_that_cannot_be_compared_are_refused() -> None:
    frame = rows(50)
    with pytest.raises(RiskError, match="of one"):
        compare(frame.assign(y_true=np.int8(1)), margin=0.03)
    with pytest.raises(RiskError, match="no score of the champion"):
        compare(frame[["y_true", "candidate_1"]], margin=0.03)
