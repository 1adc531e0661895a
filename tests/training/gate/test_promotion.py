"""What the gate decides from what was logged."""

from __future__ import annotations

import pytest

from features.errors import RiskError
from training.gate.comparison import Comparison
from training.gate.lines import GateLine, own_lines
from training.gate.logged import Evidence
from training.gate.promotion import Promotion, champion_line, judge
from training.gate.text import change_text, promotion_text, table_text, version_facts
from training.registry import Change
from training.tracking import Version

GOOD = {
    "pr_auc": 0.6,
    "pr_auc_low": 0.5,
    "pr_auc_high": 0.7,
    "prevalence": 0.2,
    "pr_auc_single_feature": 0.4,
    "ece": 0.06,
    "ece_chance": 0.03,
    "pr_auc_label_shuffle": 0.21,
}
QUICK = GateLine("quick enough", True, "1 ms")


def version(number: str, **tags: str) -> Version:
    return Version("walletrisk", number, "run", GOOD, tags)


def evidence(
    *lines: GateLine,
    champion: str = "1",
    found: Comparison | None = None,
    unusable: str = "",
    broken: str = "",
) -> Evidence:
    return Evidence(lines or (QUICK,), champion, unusable, broken, found, 0.03)


def compared(low: float, high: float = 0.2) -> Comparison:
    return Comparison((low + high) / 2, low, high, 0.03, 600, 90, 5)


def test_a_good_model_passes_every_line() -> None:
    lines = judge(version("1"), None, evidence(champion=""))
    assert [line.passed for line in lines] == [True] * 6
    assert Promotion("1", lines).promoted


@pytest.mark.parametrize(
    ("change", "failed"),
    [
        ({"pr_auc_low": 0.2}, "better than chance"),
        ({"pr_auc_single_feature": 0.6}, "better than the best single feature"),
        ({"ece": 0.0801}, "calibrated"),
        ({"ece": float("nan")}, "calibrated"),
        ({"pr_auc_label_shuffle": 0.5}, "swapped labels teach nothing"),
    ],
)
def test_one_bad_number_fails_its_line(change: dict[str, float], failed: str) -> None:
    lines = own_lines({**GOOD, **change})
    assert [line.name for line in lines if not line.passed] == [failed]


def test_an_alarm_keeps_the_gate_closed_and_what_was_not_measured_does_not() -> None:
    rung = judge(version("1"), None, evidence(GateLine("future", False, "2 cells"), champion=""))
    assert not Promotion("1", rung).promoted
    open_ = judge(version("1"), None, evidence(GateLine("replay", None, "no"), champion=""))
    assert Promotion("1", open_).promoted
    assert "----  replay: no" in promotion_text(Promotion("1", open_))


def test_a_run_without_evidence_is_not_promoted() -> None:
    last = judge(version("1"), None, None)[-1]
    assert last.passed is False
    assert "train again" in last.detail


def test_the_first_model_has_no_champion_to_beat() -> None:
    assert champion_line(version("1"), None, evidence()).passed
    assert champion_line(version("1"), version("1"), evidence(champion="")).passed


@pytest.mark.parametrize(
    ("low", "passed", "said"),
    [(0.01, True, "better"), (-0.02, True, "no worse"), (-0.04, False, "refused")],
)
def test_the_interval_decides(low: float, passed: bool, said: str) -> None:
    line = champion_line(version("2"), version("1"), evidence(found=compared(low)))
    assert line.passed is passed
    assert line.detail.startswith(said)
    assert "margin 0.03" in line.detail
    assert line.detail.endswith("against version 1")


def test_a_champion_that_cannot_be_judged_is_in_the_way_and_one_that_cannot_load_is_not() -> None:
    blind = champion_line(version("2"), version("1"), evidence(unusable="it reads own columns"))
    assert blind.passed is False
    assert "could not be judged: it reads own columns" in blind.detail
    broken = champion_line(version("2"), version("1"), evidence(broken="other features"))
    assert broken.passed
    assert "unusable: other features" in broken.detail


def test_a_champion_of_other_data_is_not_compared() -> None:
    line = champion_line(
        version("3", data_sha256="y"), version("2", data_sha256="x"), evidence(champion="1")
    )
    assert line.passed is False
    assert "version 2 became champion after this run" in line.detail
    assert "train again" in line.detail


@pytest.mark.parametrize("found", [None, compared(0.1)])
def test_evidence_is_read_as_it_was_written(found: Comparison | None) -> None:
    told = evidence(QUICK, GateLine("x", None, "y"), found=found)
    again = Evidence.from_json(told.to_json())
    assert again.to_json() == told.to_json()
    assert (again.lines, again.comparison) == (told.lines, found)


def test_evidence_of_another_format_is_refused() -> None:
    with pytest.raises(RiskError, match="format None; this release reads 1"):
        Evidence.from_json('{"lines": []}')


def test_a_closed_gate_says_which_line_failed() -> None:
    lines = (GateLine("calibrated", False, "error 0.2"), GateLine("better than chance", True, "x"))
    assert promotion_text(Promotion("3", lines)).splitlines() == [
        "FAIL  calibrated: error 0.2",
        "pass  better than chance: x",
        "version 3 is not the champion",
    ]


def test_versions_are_listed_with_who_when_why() -> None:
    crowned = version(
        "2", model_version="abc", crowned_at="2026-05-01T00:00:00.1+00:00", crowned_by="ada",
        crowned_why="new labels",
    )  # fmt: skip
    said = table_text([version_facts(crowned, "2"), version_facts(version("1"), "2")])
    assert said.splitlines() == [
        "version  alias     model  PR-AUC                   champion since       by   why",
        "2        champion  abc    0.6000 [0.5000, 0.7000]  2026-05-01T00:00:00  ada  new labels",
        "1                         0.6000 [0.5000, 0.7000]",
    ]
    change = Change("2026-05-01T00:00:00.1+00:00", "ada", "new labels", "promote", "2", "1")
    assert change_text(change) == (
        "version 2 is the champion instead of 1 "
        "(promote, by ada at 2026-05-01T00:00:00Z: new labels)"
    )
