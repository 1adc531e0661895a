from __future__ import annotations

import pytest

from training.promotion import champion_line, own_lines
from training.tracking import Version

GOOD = {
    "pr_auc": 0.6,
    "pr_auc_low": 0.5,
    "prevalence": 0.2,
    "pr_auc_single_feature": 0.4,
    "ece": 0.06,
    "ece_chance": 0.03,
}


def version(number: str, pr_auc: float, tags: dict[str, str], **metrics: float) -> Version:
    return Version("walletrisk", number, "run", {**GOOD, "pr_auc": pr_auc, **metrics}, tags)


def test_a_good_model_passes_every_line() -> None:
    assert [line.passed for line in own_lines(GOOD)] == [True] * 3


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"pr_auc_low": 0.2}, "better than chance"),
        ({"pr_auc_single_feature": 0.6}, "better than the best single feature"),
        ({"ece": 0.0801}, "calibrated"),
        ({"ece": float("nan")}, "calibrated"),
    ],
)
def test_one_bad_number_fails_its_line(change: dict[str, float], failed: str) -> None:
    lines = own_lines({**GOOD, **change})
    assert [line.name for line in lines if not line.passed] == [failed]


def test_missing_numbers_fail() -> None:
    assert not any(line.passed for line in own_lines({}))


def test_the_first_model_has_no_champion_to_beat() -> None:
    assert champion_line(version("1", 0.5, {}), None).passed
    assert champion_line(version("1", 0.5, {}), version("1", 0.5, {})).passed


@pytest.mark.parametrize(("pr_auc", "passed"), [(0.7, True), (0.65, True), (0.64, False)])
def test_the_champion_is_measured_on_the_candidates_rows(pr_auc: float, passed: bool) -> None:
    candidate = version("2", pr_auc, {"champion_version": "1"}, champion_pr_auc=0.65)
    # its own number, from other rows, does not count
    line = champion_line(candidate, version("1", 0.99, {"data_sha256": "x"}))
    assert line.passed is passed
    assert "version 1 0.6500" in line.detail


def test_equal_data_makes_runs_comparable() -> None:
    champion = version("2", 0.7, {"data_sha256": "x"})
    assert not champion_line(version("3", 0.6, {"data_sha256": "x"}), champion).passed
    assert champion_line(version("3", 0.7, {"data_sha256": "x"}), champion).passed


def test_other_data_is_not_compared() -> None:
    candidate = version("3", 0.9, {"data_sha256": "y", "champion_version": "1"})
    line = champion_line(candidate, version("2", 0.7, {"data_sha256": "x"}))
    assert not line.passed
    assert "train again" in line.detail


def test_a_champion_that_cannot_be_loaded_is_not_in_the_way() -> None:
    tags = {"champion_version": "1", "champion_unusable": "other features"}
    line = champion_line(version("2", 0.3, tags), version("1", 0.7, {}))
    assert line.passed
    assert "unusable: other features" in line.detail
