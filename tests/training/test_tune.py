from __future__ import annotations

import json
from pathlib import Path

import pytest

import walletrisk
from features import RiskError
from tests.training.conftest import SIGNAL, make_table
from training import OutOfTime, TrainConfig, out_of_time_shares, rolling_origins
from training.config import TrackingConfig
from training.models.kinds import estimator_class
from training.models.spaces import SPACES, Between, space_of
from training.tracking import store
from training.tune import tuning
from training.tune.config import TuneConfig
from training.tune.record import record_search
from training.tune.text import tuned_text
from training.tune.tuning import Trial, Tuned, early_origins, tune

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
    assert len(found.trials) == 6
    assert max(one.pr_auc for one in found.trials) == found.searched
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
    assert (before, len(asked) - before, len(found.trials)) == (5, 4, 4)


def test_other_data_begin_another_search(splits: tuple[OutOfTime, ...], tmp_path: Path) -> None:
    search(splits, tmp_path / "tune.db", 2)
    other = TABLE.assign(coverage_in_count=TABLE["coverage_in_count"] + 1)
    found = tune(
        other, LABELS, splits, CONFIG, how=TuneConfig(trials=3),
        storage=tmp_path / "tune.db", space=SPACE,
    )  # fmt: skip
    assert len(found.trials) == 3


def test_a_file_that_is_no_store_is_refused(splits: tuple[OutOfTime, ...], tmp_path: Path) -> None:
    (tmp_path / "tune.db").write_text("no database" * 100)
    with pytest.raises(RiskError, match=r"trials cannot be kept in .*tune\.db"):
        search(splits, tmp_path / "tune.db", 2)


def test_a_search_is_a_run_and_every_trial_a_run_in_it(tmp_path: Path) -> None:
    trials = (Trial({"trees": 3}, 0.79), Trial({"trees": 9}, 0.8))
    tuned = Tuned({"trees": 9}, 0.8, 0.79, 0.7, 0.69, (0.01, 0.002, 0.02), trials)
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    found = record_search(tuned, CONFIG, TrackingConfig(experiment="searches", tracking_uri=uri))
    with store(uri) as client:
        search = client.get_run(found)
        among = [search.info.experiment_id]
        nested = client.search_runs(among, f"tags.mlflow.parentRunId = '{found}'")
    assert search.data.metrics["pr_auc_gain_low"] == 0.002
    assert search.data.params["parameters.trees"] == "9"
    assert {one.data.params["trees"]: one.data.metrics["pr_auc"] for one in nested} == {
        "3": 0.79, "9": 0.8,
    }  # fmt: skip


def test_the_command_searches_over_a_ready_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    TABLE.to_parquet(tmp_path / "table.parquet")
    LABELS.to_parquet(tmp_path / "labels.parquet")
    uri = f"sqlite:///{tmp_path / 'runs.db'}"
    written: dict[str, dict[str, object]] = {
        "data": {
            "table": str(tmp_path / "table.parquet"),
            "labels": str(tmp_path / "labels.parquet"),
        },
        "split": {"test_share": 0.4, "calibrate_share": 0.2, "origins": 2},
        "model": {"model": "logistic", "base_rate": 0.01, "columns": [*SIGNAL, *COUNTS]},
        "mlflow": {"tracking_uri": uri, "experiment": "searches"},
        "tune": {"trials": 2},
    }
    file = tmp_path / "train.toml"
    file.write_text(
        "\n".join(
            f"[{section}]\n"
            + "\n".join(f"{key} = {json.dumps(value)}" for key, value in keys.items())
            for section, keys in written.items()
        )
    )
    assert walletrisk.run(["tune", str(file), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert len(said["trials"]) == 2
    with store(uri) as client:
        assert client.get_run(said["run_id"]).info.run_name.startswith("search, logistic, 2 trials")


def test_no_gain_is_said() -> None:
    none = Tuned({"trees": 3}, 0.8, 0.79, 0.7, 0.7, (0.0, -0.01, 0.01), ())
    assert not none.gained
    assert "Tuning gained nothing that the interval holds" in tuned_text(none)


def test_a_kind_without_a_space_is_said() -> None:
    with pytest.raises(RiskError, match="no search space is declared for model 'hybrid'"):
        space_of("hybrid")


@pytest.mark.parametrize("kind", SPACES)
def test_spaces_lie_within_what_is_allowed(kind: str) -> None:
    found = estimator_class(kind)
    for name, (low, high, _) in SPACES[kind].items():
        assert type(low) is type(high)
        for value in (low, high):
            found(("a",), seed=0, parameters={name: value})
