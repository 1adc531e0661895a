"""Experiment 0005: what it counts, what it compares, and the tables that it writes."""

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "experiments" / "0005-attacks"))

import framing  # noqa: E402 - its folder must be importable first
import hops  # noqa: E402
import report  # noqa: E402

from features import Ledger, check_labels  # noqa: E402
from tests.strategies import at, spine, transfers  # noqa: E402
from training.attacks.declared import SHARES, dust  # noqa: E402


def rows(case: str, *, up: float, down: float = 0.0, victims: int = 200) -> pd.DataFrame:
    """What one attack that must do nothing does to low and to caught wallets."""
    attack = dust(100, SHARES[0])
    common = {
        "case": case, "attack": attack.name, "size": attack.size, "victims": victims,
        "up_low": 0.0, "up_high": 1.0, "down_low": 0.0, "down_high": 1.0,
        "transactions": 100.0, "wallets": 1.0, "given_usual": 0.099, "kept_usual": 0.0,
    }  # fmt: skip
    goals = {"framing": (up, 0.0), "hiding": (0.0, down)}
    return pd.DataFrame(
        {**common, "goal": goal, "up": rose, "down": fell} for goal, (rose, fell) in goals.items()
    )


def scores(noise: float, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    y_true = np.arange(400) % 2
    said = 1 / (1 + np.exp(-(y_true + noise * random.normal(size=400))))
    names = [f"w{i:03d}" for i in range(400)]
    index = pd.MultiIndex.from_frame(spine(names, at(0)))
    return pd.DataFrame({"y_true": y_true, "probability": said, "0": said}, index)


def test_wallets_that_must_not_move_are_counted_in_both_directions() -> None:
    found = framing.accepted(rows("bank", up=0.25, down=0.01))
    assert [(one.value, one.met) for one in found] == [(50, False), (2, False)]
    assert "low licit" in found[0].name
    assert "caught illicit" in found[1].name
    assert all(one.met for one in framing.accepted(rows("bank", up=0.0)))


def test_a_worse_ranking_is_worse_beyond_the_interval_and_an_equal_one_is_not() -> None:
    before = scores(0.5, 0)
    worse = {one.name: one for one in framing.paired("bank", before, scores(3.0, 1))}
    equal = {one.name: one for one in framing.paired("bank", before, before[::-1])}
    assert worse["bank: PR-AUC, now less before"].value < -0.1
    assert worse["bank: PR-AUC, upper end of that"].met is False
    assert equal["bank: PR-AUC, now less before"].value == pytest.approx(0.0)
    assert equal["bank: PR-AUC, upper end of that"].met is True


def test_only_rows_that_both_score_are_compared() -> None:
    found = framing.paired("bank", scores(1.0, 0), scores(1.0, 0).iloc[::3])
    assert found[-1].value == 134


def test_tables_show_before_beside_after(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(
        "<!-- framing -->\n<!-- end of framing -->\n<!-- hiding -->\nold\n<!-- end of hiding -->\n"
    )
    report.fill_tables(readme, rows("bank", up=1.0), None)
    assert "| 100 %, ? (200) |" in readme.read_text()
    report.fill_tables(readme, rows("bank", up=1.0), rows("bank", up=0.0, victims=100))
    text = readme.read_text()
    assert "| 100 | 1 | 0.099 | 0 | 100 %, 0 % (100) |" in text
    assert "old" not in text
    assert text.index("100 %, 0 %") < text.index("<!-- hiding -->")


def test_a_later_run_is_compared_with_what_was_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"HERE": "", "BEFORE": "before.json", "BEFORE_ROWS": "before.parquet"}
    names |= {"RESULT": "result.json", "README": "README.md"}
    for name, file in names.items():
        monkeypatch.setattr(framing, name, tmp_path / file)
    text = (ROOT / "experiments" / "0005-attacks" / "README.md").read_text()
    (tmp_path / "README.md").write_text(text)
    for share, before in ((1.0, True), (0.0, False)):
        found = {"bank": scores(0.5 + share, 0)}
        framing._keep(rows("bank", up=share), found, [], before=before)
    readme = (tmp_path / "README.md").read_text()
    assert "| 100 %, 0 % (200) |" in readme
    assert "bank: PR-AUC, now less before" in readme
    measures = json.loads((tmp_path / "result.json").read_text())["measures"]
    assert len({one["name"] for one in measures}) == len(measures) == 5
    assert (tmp_path / "framing.png").exists()


def test_the_figure_draws_before_and_after() -> None:
    both = pd.concat(
        rows("bank", up=share).assign(size=one.size)
        for share, one in ((0.5, dust(3, SHARES[0])), (0.7, dust(100, SHARES[0])))
    ).reset_index(drop=True)
    left = report.figure(both, both.assign(up=0.0)).axes[0]
    assert [np.asarray(line.get_ydata()).tolist() for line in left.lines] == [
        [0.5, 0.7],
        [0.0, 0.0],
    ]


def test_exposure_by_a_go_between_is_measured_and_the_ledger_left_as_it_was() -> None:
    ledger = Ledger.from_transfers(transfers([(0, "a", "b", 1.0), (1, "b", "c", 1.0)]))
    known = check_labels(pd.DataFrame({"wallet": ["a"], "label": "illicit", "known_at": [at(0)]}))
    found = {one.name: one for one in hops.measure("t", ledger, known, spine(["c"], at(9)))}
    assert found["t: illicit share behind a go-between, nothing"].value == 1.0
    assert len(found) == 9
    assert ledger.n_transfers == 2
