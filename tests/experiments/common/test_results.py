import json
import platform
from pathlib import Path

import pytest

from experiments.common.results import (
    BEGIN,
    END,
    Measure,
    SkippedError,
    fill_readme,
    machine,
    run_stages,
    summary,
    table,
    versions,
    write_result,
)
from features.views import definitions

FAST = Measure("rate", 900.0, "requests/s", target=800.0, at_least=True)
SLOW = Measure("open", 1.5, "s", low=1.4, high=1.75, target=1.0)


def test_result_has_the_agreed_fields(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_result(path, [FAST, SLOW], command="python run.py", seeds=[7])
    result = json.loads(path.read_text())
    assert set(result) == {
        "command", "commit", "versions", "feature_definitions", "seeds", "machine", "measures",
    }  # fmt: skip
    assert result["feature_definitions"] == definitions()
    assert result["command"] == "python run.py"
    assert result["seeds"] == [7]
    assert result["measures"][1] == {
        "name": "open",
        "value": 1.5,
        "low": 1.4,
        "high": 1.75,
        "unit": "s",
        "target": 1.0,
        "at_least": False,
    }


def test_stages_merge_by_name(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_result(path, [FAST, SLOW], command="run.py --stage a", seeds=[1])
    faster = Measure("open", 0.5, "s")
    merged = write_result(path, [faster], command="run.py --stage b", seeds=[2])
    assert merged == [FAST, faster]
    result = json.loads(path.read_text())
    assert result["command"] == "run.py --stage a, run.py --stage b"
    assert result["seeds"] == [1, 2]


def test_a_run_that_replaces_everything_leaves_nothing_of_the_last(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    write_result(path, [FAST], command="old", seeds=[1])
    write_result(path, [FAST], command="new", seeds=[2])
    result = json.loads(path.read_text())
    assert (result["command"], result["seeds"]) == ("new", [2])


def test_a_value_that_is_no_number_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_result(tmp_path / "r.json", [Measure("x", float("nan"), "s")], command="c", seeds=[])


def test_machine_does_not_name_itself() -> None:
    found = machine()
    assert set(found) == {"processor", "cores", "memory_gib", "system"}
    assert platform.node() not in json.dumps(found)


def test_versions_are_those_installed() -> None:
    found = versions()
    assert found["python"] == platform.python_version()
    assert "numpy" in found


@pytest.mark.parametrize(
    ("measure", "met"),
    [
        (FAST, True),
        (SLOW, False),
        (Measure("x", 1.0, "s"), None),
        (Measure("x", 1, "s", target=1), True),
    ],
)
def test_met(measure: Measure, met: bool | None) -> None:
    assert measure.met is met


@pytest.mark.parametrize(("values", "median"), [([3.0, 1.0, 2.0], 2.0), ([4.0, 1.0], 2.5)])
def test_summary(values: list[float], median: float) -> None:
    found = summary("x", values, "s", target=9.0)
    assert found == Measure("x", median, "s", min(values), max(values), 9.0)


def test_table() -> None:
    lines = table([FAST, SLOW]).splitlines()
    assert lines[2] == "| rate | 900 requests/s |  | >= 800 | yes |"
    assert lines[3] == "| open | 1.5 s | 1.4 to 1.75 | <= 1 | **no** |"


def test_readme_is_filled_between_its_markers(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    fill_readme(readme, [FAST])
    fill_readme(readme, [FAST])
    assert readme.read_text() == f"before\n{BEGIN}\n{table([FAST])}\n{END}\nafter\n"


def test_readme_without_markers_is_refused(tmp_path: Path) -> None:
    readme = tmp_path / "README.md"
    readme.write_text(f"{END} {BEGIN}")
    with pytest.raises(ValueError, match="must hold the lines"):
        fill_readme(readme, [FAST])


def test_stages_are_written_one_by_one_and_skipped_ones_say_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def measure(stage: str) -> list[Measure]:
        if stage == "gone":
            raise SkippedError("no data")
        return [Measure(f"{stage}: size", 2.0, "rows")]

    (tmp_path / "README.md").write_text(f"{BEGIN}\n{END}\n")
    result = tmp_path / "result.json"
    run_stages(["one", "gone", "two"], measure, folder=tmp_path, result=result, seeds=[7])
    names = [row["name"] for row in json.loads(result.read_text())["measures"]]
    assert names == ["one: size", "two: size"]
    assert "| two: size | 2 rows |" in (tmp_path / "README.md").read_text()
    assert "gone: skipped, no data" in capsys.readouterr().out
