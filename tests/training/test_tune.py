from __future__ import annotations

from pathlib import Path

import pytest

from features import RiskError
from tests.training.conftest import SIGNAL, make_table
from training import OutOfTime, TrainConfig, out_of_time_shares, rolling_origins
from training.models.kinds import estimator_class
from training.models.spaces import SPACES, Between, space_of
from training.tune import tuning
from training.tune.config import TuneConfig
from training.tune.text import tuned_text
from training.tune.tuning import Tuned, early_origins, tune

TABLE, LABELS = make_table(wallets=600)
NOISE = [name for name in TABLE.columns if name not in SIGNAL][:4]
COUNTS = ["coverage_in_count", "coverage_out_count"]
CONFIG = TrainConfig(
    model="lightgbm", base_rate=0.01, columns=[*SIGNAL, *NOISE, *COUNTS],
    parameters={"trees": 1, "learning_rate": 0.01}, folds=2,
)  # fmt: skip
SPACE = {"trees": Between(1, 60), "learning_rate": Between(0.01, 0.3, log=True)}


@pytest.fixture(scope="module")
def splits() -> tuple[OutOfTime, ...]:
    spine = TABLE.index.to_frame(index=False)
    return rolling_origins(spine, out_of_time_shares(spine, test_share=0.4, calibrate_share=0.2), 2)


def search(splits: tuple[OutOfTime, ...], storage: Path | None, trials: int) -> Tuned:
    return tune(
        TABLE, LABELS, splits, CONFIG, how=TuneConfig(trials=trials), storage=storage, space=SPACE
    )


def test_the_search_ends_before_the_first_test_row(splits: tuple[OutOfTime, ...]) -> None:
    early = early_origins(TABLE, splits)
    assert len(early) == len(splits)
    assert all(one.test_until <= splits[0].calibrate_until for one in early)


def test_tuning_finds_what_one_small_tree_lacks(
    splits: tuple[OutOfTime, ...], tmp_path: Path
) -> None:
    found = search(splits, tmp_path / "tune.db", 6)
    assert found.trials == 6
    assert found.gained
    assert found.searched > found.started
    assert found.gain[0] == pytest.approx(found.pr_auc - found.pr_auc_started)
    assert "Tuning gained. In the configuration:\n[model.parameters]\ntrees = " in tuned_text(found)


def test_an_interrupted_search_goes_on(
    splits: tuple[OutOfTime, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    measured = tuning._pr_auc

    def stop_at_fifth(*arguments: object) -> float:
        asked.append(1)
        if len(asked) == 5:
            raise KeyboardInterrupt
        return measured(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(tuning, "_pr_auc", stop_at_fifth)
    with pytest.raises(KeyboardInterrupt):
        search(splits, tmp_path / "tune.db", 4)
    before = len(asked)
    found = search(splits, tmp_path / "tune.db", 4)
    # two origins a trial: two trials were done, the third begins anew
    assert (before, len(asked) - before, found.trials) == (5, 4, 4)


def test_other_data_begin_another_search(splits: tuple[OutOfTime, ...], tmp_path: Path) -> None:
    search(splits, tmp_path / "tune.db", 2)
    other = TABLE.assign(coverage_in_count=TABLE["coverage_in_count"] + 1)
    found = tune(
        other, LABELS, splits, CONFIG, how=TuneConfig(trials=3),
        storage=tmp_path / "tune.db", space=SPACE,
    )  # fmt: skip
    assert found.trials == 3


def test_a_file_that_is_no_store_is_refused(splits: tuple[OutOfTime, ...], tmp_path: Path) -> None:
    (tmp_path / "tune.db").write_text("no database" * 100)
    with pytest.raises(RiskError, match=r"trials cannot be kept in .*tune\.db"):
        search(splits, tmp_path / "tune.db", 2)


def test_no_gain_is_said() -> None:
    none = Tuned({"trees": 3}, 0.8, 0.79, 0.7, 0.7, (0.0, -0.01, 0.01), 5)
    assert not none.gained
    assert "Tuning gained nothing that the interval holds" in tuned_text(none)


def test_a_kind_without_a_space_is_said() -> None:
    with pytest.raises(RiskError, match="no search space is declared for model 'graphsage'"):
        space_of("graphsage")


@pytest.mark.parametrize("kind", SPACES)
def test_spaces_lie_within_what_is_allowed(kind: str) -> None:
    found = estimator_class(kind)
    for name, (low, high, _) in SPACES[kind].items():
        assert type(low) is type(high)
        for value in (low, high):
            found(("a",), seed=0, parameters={name: value})
