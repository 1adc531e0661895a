"""The evasion suite: curves that rise in cost, a table of the strongest, a picture of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.attacks import Target
from training.gate.comparison import Comparison
from training.gate.evasion import CURVES, evasion_figure, evasion_text
from training.gate.lines import GateLine
from training.gate.logged import Evidence

TARGET = Target("w", 5_000_000, np.array([4.0, 6.0]), np.array([8.0, 2.0]), "bad", hub="hub")


def found() -> pd.DataFrame:
    """Two curves of two sizes on both kinds of victims."""
    shifts = {"hide": (-0.5, -2.0, 0.1, 0.0), "frame": (0.2, 1.5, -0.3, 0.0)}
    rows = [
        {
            "aim": aim, "curve": curve, "size": size, "by": "owner", "victims": 7, "up": 0.25,
            "down": 0.5, "shift_median": shift, "transactions": cost, "given_usual": 0.01,
        }
        for aim, four in shifts.items()
        for (curve, size, cost), shift in zip(
            [("parts", "2", 1), ("parts", "20", 19), ("loops", "1", 1), ("loops", "9", 9)],
            four, strict=True,
        )
    ]  # fmt: skip
    return pd.DataFrame(rows)


@pytest.mark.parametrize("curve", CURVES)
def test_a_curve_rises_in_size(curve: str) -> None:
    attacks = CURVES[curve]
    assert len({attack.size for attack in attacks}) == len(attacks)
    efforts = [(len(attack.moves(TARGET)), attack.moves(TARGET)[-1].after_s) for attack in attacks]
    assert efforts == sorted(efforts)
    assert len({attack.by for attack in attacks}) == 1


def test_the_table_names_the_strongest_size_of_each_curve() -> None:
    lines = evasion_text(found()).splitlines()[2:]
    assert [line.split(" | ")[1:3] for line in lines] == [
        ["parts", "20"], ["loops", "9"], ["parts", "20"], ["loops", "9"],
    ]  # fmt: skip
    assert "50% down | -2.00 | 19" in lines[0]
    assert "25% up | +1.50 | 19" in lines[2]
    assert "none is caught" in evasion_text(pd.DataFrame())


def test_the_picture_has_a_line_for_each_curve_and_aim() -> None:
    hide, frame = evasion_figure(found()).axes
    for axes in (hide, frame):
        assert [str(line.get_label()) for line in axes.get_lines()[1:]] == ["parts", "loops"]
        assert "7 victims" in axes.get_title()
    assert np.asarray(hide.get_lines()[1].get_xdata()).tolist() == [1.0, 19.0]


def test_evidence_is_written_as_files(tmp_path: Path) -> None:
    compared = Comparison(0.05, 0.02, 0.08, 0.03, 60, 20, 5)
    rows = pd.DataFrame({"y_true": [0, 1]})
    lines = (GateLine("quick enough", True, "1 ms"), GateLine("replay", None, "none"))
    Evidence(lines, "3", "", "", compared, 0.03, rows, found()).write(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {
        "gate.json", "gate.md", "rows.parquet", "evasion.csv", "evasion.png",
    }  # fmt: skip
    report = (tmp_path / "gate.md").read_text()
    assert "| pass | quick enough | 1 ms |" in report
    assert "Against version 3: better: PR-AUC +0.0500" in report
    assert "## Evasion" in report
    blind = Evidence(lines, "3", "it reads own columns", "", None, 0.03)
    assert "Not compared with version 3: it reads own columns." in blind.report
