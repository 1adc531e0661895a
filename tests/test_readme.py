"""The examples of README.md do what they say."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import walletrisk
from features import Ledger, feature_table
from features.sources.formats import read_files
from serving.schemas.requests import ScoreRequest
from tests.pages import blocks, python, run_commands
from tests.pages import commands as commands_of
from tests.strategies import at, spine, transfers
from training.demo import AS_OF, Workspace, one_question_each, prepare

ROOT = Path(walletrisk.__file__).parent
README = (ROOT / "README.md").read_text()
CHAINS = README.index("## Your chain"), README.index("## From Python")  # tests/test_your_chain.py
APART = README[: CHAINS[0]] + README[CHAINS[1] :]


def commands() -> list[list[str]]:
    return commands_of(blocks(APART, "sh"))


def write_own_data(folder: Path) -> None:
    """The demo's simulated bank as a user's own files, with names and unix times of their own."""
    data = ROOT / "demo" / "amlsim"
    names = ("fanin200cycle200_transactions.parquet", "fanin200cycle200_nodes.parquet")
    transfers, labels, *_ = read_files("amlsim", [data / name for name in names])
    assert labels is not None
    seconds = (transfers["timestamp"] - pd.Timestamp(0, tz="UTC")) // pd.Timedelta(1, "s")
    own = pd.DataFrame(
        {
            "hash": transfers["tx_id"],
            "block_timestamp": seconds,
            "from": "w" + transfers["sender"],
            "to": "w" + transfers["recipient"],
            "value": transfers["amount"],
        }
    )
    own.to_csv(folder / "transfers.csv", index=False)
    labels["wallet"] = "w" + labels["wallet"]
    licit = labels["label"] == "licit"  # vetted when the accounts were opened
    labels["known_at"] = labels["known_at"].where(~licit, pd.Timestamp("2017-01-01", tz="UTC"))
    labels.to_csv(folder / "labels.csv", index=False)
    asked = one_question_each(labels["wallet"])
    # the accounts of the third date are asked about on three days, so that there are three origins
    third = asked["as_of"] == AS_OF[2]
    asked.loc[third, "as_of"] += pd.to_timedelta(np.arange(third.sum()) % 3, unit="D")
    asked.iloc[::5].to_csv(folder / "spine.csv", index=False)
    later = asked.iloc[1::10].assign(as_of=asked["as_of"].max() + pd.Timedelta(30, "D"))
    later.to_csv(folder / "later.csv", index=False)
    (config,) = blocks(README, "toml")
    gate = "[gate]\nrepeats = 2\nvictims = 1\n"  # fewer fits and attacks are quicker
    (folder / "train.toml").write_text(f"{config}\n{gate}")


def test_python_example_runs(tmp_path: Path) -> None:
    work = Workspace(tmp_path / "demo-run")
    prepare(ROOT / "demo", work)
    pd.read_parquet(work.spine).iloc[::8].to_parquet(work.spine)  # an eighth is quicker
    wide = "import pandas\npandas.set_option('display.width', 200, 'display.max_columns', 20)\n"
    said = python(wide + "\n".join(blocks(README, "python")), tmp_path)
    assert "scored" in said
    assert (tmp_path / "model" / "manifest.json").exists()
    manifest = json.loads((tmp_path / "own-model" / "manifest.json").read_text())
    assert "mine_rush_share" in json.dumps(manifest)


def own_view() -> dict[str, Any]:
    """Names of the block that makes a view, run as a notebook would: from no file."""
    (block,) = [block for block in blocks(README, "python") if "check_view(" in block]
    code, _, _ = block.rpartition("check_view(")  # which the example runs in full, above
    names: dict[str, Any] = {}
    exec(compile(code, "<cell 1>", "exec"), names)
    return names


def test_a_view_of_ones_own_is_compiled_and_computed() -> None:
    mine = own_view()["MINE"]
    rows = [(0.0, "a", "b", 1.0), (60.0, "a", "b", 1.0), (3 * 86_400.0, "a", "b", 1.0)]
    ledger = Ledger.from_transfers(transfers(rows))
    asked = spine(["b", "never seen"], at(1e6))
    table = feature_table(ledger, asked, views=(mine,))
    assert table["mine_rush_share"].iloc[0] == pytest.approx(1 / 3)
    assert pd.isna(table["mine_rush_share"].iloc[1])


def test_command_lines_run_in_their_order(tmp_path: Path) -> None:
    write_own_data(tmp_path)
    said = run_commands([line for line in commands() if line[0] != "serve"], tmp_path)
    assert "version 1 is now the champion" in said
    assert ": scored" in said
    assert (tmp_path / "report" / "report.md").exists()


@pytest.mark.parametrize("line", [line for line in commands() if line[0] == "serve"])
def test_serve_example_has_only_options_that_exist(
    line: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert walletrisk.run([*line, "--help"]) == 0
    shown = capsys.readouterr().out
    assert all(f"{option} " in shown for option in line if option.startswith("--"))


def test_curl_example_is_a_request() -> None:
    (line,) = [
        line for block in blocks(README, "sh") for line in block.splitlines() if "curl" in line
    ]
    *_, url, flag, body = shlex.split(line)
    assert url.endswith("/v1/wallets/score")
    assert flag == "--json"
    assert ScoreRequest.model_validate_json(body).wallet == "w7085"


def test_links_lead_somewhere() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
