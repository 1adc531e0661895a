"""Thresholds from a budget, a precision floor or costs, at the base rate and not the sample's."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from features import RiskError
from serving.settings import Settings
from tests.training.conftest import START
from training import RiskModel, Trained
from training.band_choice import ScoredRows, choose_bands, of_budget, of_costs, of_precision
from training.band_commands import bands, bands_text, choices
from training.bands import BandTable, probability_unit
from walletrisk import run

BASE_RATE = 0.01


def scored(rows: int = 2000, *, labelled: bool = True) -> pd.DataFrame:
    """Calibrated probabilities of a sample that is half illicit, at base rate 0.01."""
    generator = np.random.default_rng(0)
    y_true = np.arange(rows) % 2
    log_odds = generator.normal(np.where(y_true == 1, 0.0, -5.0), 2.0)
    index = pd.MultiIndex.from_arrays(
        [[f"w{at}" for at in range(rows)], [START] * rows], names=["wallet", "as_of"]
    )
    frame = pd.DataFrame({"probability": 1 / (1 + np.exp(-log_odds)), "y_true": y_true}, index)
    return frame if labelled else frame[["probability"]]


def test_a_budget_is_of_the_wallets_of_the_world() -> None:
    rows = ScoredRows.of(scored(), BASE_RATE)
    seen = rows.seen(of_budget(50, 1000, "day").threshold(rows))
    assert seen.share <= 0.05
    assert seen.share == pytest.approx(0.05, abs=0.002)
    assert seen.rows > 0.3 * 2000  # half of the sample is illicit, a hundredth of the world
    assert seen.recall is not None
    assert seen.recall > 0.5


def test_a_budget_needs_no_labels() -> None:
    rows = ScoredRows.of(scored(labelled=False), BASE_RATE)
    seen = rows.seen(of_budget(50, 1000, "day").threshold(rows))
    assert seen.rows == 100
    assert seen.precision is seen.illicit is None
    with pytest.raises(RiskError, match="needs rows with labels"):
        of_precision(0.5).threshold(rows)


def test_equal_scores_are_above_a_threshold_together_or_not_at_all() -> None:
    frame = scored(200, labelled=False)
    frame["probability"] = np.where(np.arange(200) < 30, 0.9, 0.1)
    rows = ScoredRows.of(frame, BASE_RATE)
    assert of_budget(20, 100, "day").threshold(rows) == 0.9
    with pytest.raises(RiskError, match=r"10 of 100 wallets .* only 0 of 200 rows"):
        of_budget(10, 100, "day").threshold(rows)


def test_a_precision_floor_is_kept_at_the_base_rate_by_the_lowest_threshold() -> None:
    rows = ScoredRows.of(scored(), BASE_RATE)
    lowest = of_precision(0.5).threshold(rows)
    seen = rows.seen(lowest)
    assert seen.precision is not None
    assert seen.precision >= 0.5
    lower = rows.probability[rows.probability < lowest]
    below = [rows.seen(float(one)).precision for one in lower[:200]]
    assert max(one for one in below if one is not None) < 0.5
    # a threshold chosen on the sample as it is would have let far more through
    assert (rows.illicit[rows.probability >= lowest].mean()) > 0.95  # type: ignore[index]


def test_a_floor_that_no_threshold_reaches_is_told_with_the_best() -> None:
    frame = scored()
    frame["probability"] = np.random.default_rng(1).random(len(frame))
    with pytest.raises(RiskError, match=r"has a precision of 0.9 at the base rate; the best is 0"):
        of_precision(0.9).threshold(ScoredRows.of(frame, BASE_RATE))


def test_costs_make_the_threshold_a_quotient() -> None:
    rows = ScoredRows.of(scored(), BASE_RATE)
    assert of_costs(20, 1000).threshold(rows) == 0.02


def test_a_table_is_written_read_and_bound_to_its_model(trained: Trained, tmp_path: Path) -> None:
    model = trained.model
    made = choose_bands(
        trained.scores, model, choices("high=30/day,severe=10/day", "100/day", None, None),
        name="team",
    )  # fmt: skip
    path = tmp_path / "bands.json"
    path.write_text(made.model_dump_json())
    assert BandTable.read(path) == made
    policy = made.policy(model.version, model.base_rate)
    assert list(policy.thresholds) == ["high", "severe"]
    assert policy.unit == probability_unit(model.base_rate)
    assert policy.chosen_by == (
        "high: a review budget of 30 of 100 wallets a day; "
        "severe: a review budget of 10 of 100 wallets a day"
    )
    assert "severe  from " in bands_text(made)
    with pytest.raises(RiskError, match=r"chosen for model .* and this is model another at"):
        made.policy("another", model.base_rate)


def test_thresholds_that_do_not_rise_are_refused(trained: Trained, tmp_path: Path) -> None:
    model: RiskModel = trained.model
    wrong = choices("high=10/day,severe=30/day", "100/day", None, None)
    with pytest.raises(RiskError, match="must rise from band to band"):
        choose_bands(trained.scores, model, wrong, name="x")
    made = choose_bands(
        trained.scores, model, choices(None, None, None, "review=1,missed=9"), name="x"
    )
    content = json.loads(made.model_dump_json())
    for thresholds in ({"high": 0.5, "severe": 0.4}, {}, {"top": 0.5}):
        path = tmp_path / "wrong.json"
        path.write_text(json.dumps(content | {"thresholds": thresholds}))
        with pytest.raises(RiskError, match=r"wrong.json is no band table: the table: wanted one"):
            BandTable.read(path)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((None, None, None, None), "give one of --budget"),
        (("5/day", None, None, None), "give one of --budget"),
        (("5/day", "100/day", "0.5", None), "give one of --budget"),
        (("5/day", "100/week", None, None), "per day and --volume per week"),
        (("top=5/day", "100/day", None, None), "name each of medium, high, severe once"),
        (("high=5,high=6", "100", None, None), "name each of medium, high, severe once"),
        (("many/day", "100/day", None, None), "'many' is no number"),
        (("200/day", "100/day", None, None), "above 0 and below the volume"),
        ((None, None, "1.5", None), "lies between 0 and 1, got 1.5"),
        ((None, None, None, "review=5"), "not of the form review=COST,missed=COST"),
        ((None, None, None, "review=5,missed=2"), "0 < review < missed"),
    ],
)
def test_what_cannot_be_chosen_is_told(given: tuple[str | None, ...], said: str) -> None:
    with pytest.raises(RiskError, match=said):
        choices(*given)


def test_one_class_or_no_probability_is_refused() -> None:
    frame = scored(20)
    with pytest.raises(RiskError, match="both classes are needed, got 0 illicit of 10"):
        ScoredRows.of(frame[frame["y_true"] == 0], BASE_RATE)
    with pytest.raises(RiskError, match="a probability between 0 and 1 each"):
        ScoredRows.of(frame.assign(probability=2.0), BASE_RATE)


def test_bands_are_set_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"ledger": tmp_path, "model": tmp_path, "band_table": tmp_path / "bands.json"}
    assert Settings(**given).band_table == tmp_path / "bands.json"  # type: ignore[arg-type]
    monkeypatch.setenv("WALLETRISK_BANDS__HIGH", "30")
    with pytest.raises(ValidationError, match="bands are set twice"):
        Settings(**given)  # type: ignore[arg-type]


def test_the_command_writes_a_table_once(
    trained: Trained, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    trained.model.save(tmp_path / "model")
    rows, out = tmp_path / "rows.parquet", tmp_path / "team.json"
    trained.scores.reset_index()[["wallet", "as_of", "y_true", "probability"]].to_parquet(rows)
    given = {
        "model": str(tmp_path / "model"), "out": out, "scores": rows, "budget": "severe=10/day",
        "volume": "100/day",
    }  # fmt: skip
    bands(**given)  # type: ignore[arg-type]
    assert "bands team of model" in capsys.readouterr().out
    made = BandTable.read(out)
    assert made.model_version == trained.model.version
    assert made.rows.count == len(trained.scores)
    assert list(made.thresholds) == ["severe"]
    with pytest.raises(RiskError, match="exists; a band table is kept"):
        bands(**given)  # type: ignore[arg-type]
    with pytest.raises(RiskError, match="give --scores FILE, or --table FILE and --labels FILE"):
        bands(**(given | {"out": tmp_path / "b.json", "scores": None}))  # type: ignore[arg-type]
    pd.DataFrame({"wallet": ["a"]}).to_parquet(rows)
    with pytest.raises(RiskError, match=r"rows.parquet needs as_of and probability"):
        bands(**(given | {"out": tmp_path / "b.json"}))  # type: ignore[arg-type]


def test_the_command_reads_labels_by_the_map(
    trained: Trained, data: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    table, labels = data
    trained.model.save(tmp_path / "model")
    later = table.reset_index()
    later["as_of"] += pd.Timedelta(400, "D")  # after all that was learnt from
    later.set_index(["wallet", "as_of"]).to_parquet(tmp_path / "t.parquet")
    own = labels.rename(columns={"wallet": "account"})
    own["known_at"] = own["known_at"].astype("int64") // 1_000_000
    own.to_csv(tmp_path / "l.csv", index=False)
    line = ["bands", str(tmp_path / "model"), "--out", str(tmp_path / "b.json")]
    line += ["--table", str(tmp_path / "t.parquet"), "--labels", str(tmp_path / "l.csv")]
    line += ["--budget", "10/day", "--volume", "100/day", "--map", "labels.wallet=account"]
    assert run(line) == 2  # integer times need their unit
    assert run([*line, "--time-unit", "s"]) == 0
    assert BandTable.read(tmp_path / "b.json").rows.count > 0
